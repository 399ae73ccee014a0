"""The canvas of a line: always as high, as wide as the ink asks for, and points can be found on it again."""

import cv2
import numpy as np
import pytest

from service.recognition.errors import BlankImage
from service.recognition.line_canvas import (
    INK_HEIGHT_PX,
    LINE_HEIGHT_PX,
    LINE_WIDTHS_PX,
    MARGIN_PX,
    PlacedLine,
    line_canvas,
)
from tests.recognition.writing import number


@pytest.mark.parametrize("text", ["1", "07", "12345", "1234567890", "12345" * 6, "1234567890" * 12])
@pytest.mark.parametrize("height", [9, 26, 60, 300])
def test_the_narrowest_canvas_that_holds_the_line_is_taken(text: str, height: int) -> None:
    ink = number(text, height=height)
    placed = line_canvas(ink)
    assert placed.canvas.dtype == np.uint8
    assert placed.canvas.shape[::2] == (LINE_HEIGHT_PX, 1)
    width = placed.canvas.shape[1]
    assert width in LINE_WIDTHS_PX
    needed = ink.shape[1] * INK_HEIGHT_PX / height + 2 * MARGIN_PX
    narrower = [px for px in LINE_WIDTHS_PX if px < width]
    assert needed <= width + 1 or width == LINE_WIDTHS_PX[-1]
    assert not narrower or needed > narrower[-1] - 1


@pytest.mark.parametrize("is_clean", [False, True])
@pytest.mark.parametrize("height", [13, 26, 90])
def test_ink_is_as_high_as_in_training_and_in_the_middle(height: int, is_clean: bool) -> None:
    canvas = line_canvas(number("407", height=height), is_clean=is_clean).canvas[..., 0]
    x, y, _, ink_height = cv2.boundingRect(canvas)
    assert ink_height == pytest.approx(INK_HEIGHT_PX, abs=1)
    assert y == pytest.approx((LINE_HEIGHT_PX - INK_HEIGHT_PX) / 2, abs=1)
    assert x == pytest.approx(MARGIN_PX, abs=1)
    assert canvas.max() == 255


@pytest.mark.parametrize("is_clean", [False, True])
def test_specks_are_not_blown_up_to_the_size_of_a_number(is_clean: bool) -> None:
    speck = np.full((2, 3), 255, np.uint8)
    _, _, width, height = cv2.boundingRect(line_canvas(speck, is_clean=is_clean).canvas[..., 0])
    assert max(width, height) <= 18


def test_low_ink_of_a_clean_picture_is_enlarged_softly() -> None:
    """As MNIST's digits are where numbers to learn from are composed; a 1 with hard edges looks like a rule."""
    ink = np.zeros((20, 40), np.uint8)
    ink[:, 4:7] = ink[:, 30:33] = 255
    hard, soft = (line_canvas(ink, is_clean=is_clean).canvas[..., 0] for is_clean in (False, True))
    steps = [np.abs(np.diff(canvas[:, 6:16].max(axis=1).astype(int))).max() for canvas in (hard, soft)]
    assert hard.shape == soft.shape
    assert steps[1] < 0.7 * steps[0]
    high = number("17", height=40)
    assert np.array_equal(line_canvas(high).canvas, line_canvas(high, is_clean=True).canvas)


@pytest.mark.parametrize("is_clean", [False, True])
def test_paper_around_the_ink_changes_nothing_but_the_offset(is_clean: bool) -> None:
    ink = number("1972", height=50)
    bare, framed = (line_canvas(one, is_clean=is_clean) for one in (ink, np.pad(ink, ((7, 3), (11, 20)))))
    assert np.array_equal(bare.canvas, framed.canvas)
    assert (bare.scale_x, bare.scale_y) == (framed.scale_x, framed.scale_y)
    assert framed.left == pytest.approx(bare.left - 11 * bare.scale_x)
    assert framed.top == pytest.approx(bare.top - 7 * bare.scale_y)


def on_canvas(placed: PlacedLine, x: float, y: float) -> tuple[float, float]:
    return placed.left + placed.scale_x * x, placed.top + placed.scale_y * y


@pytest.mark.parametrize("is_clean", [False, True])
@pytest.mark.parametrize("size", [(40, 200), (15, 90), (120, 9000)], ids=["reduced", "enlarged", "squeezed"])
def test_a_point_of_the_ink_is_found_again_on_the_canvas(size: tuple[int, int], is_clean: bool) -> None:
    height, width = size
    ink = np.zeros(size, np.uint8)
    ink[0, 0] = ink[-1, -1] = 255  # the ink fills the picture
    dot = width // 3, height // 2
    radius = max(1, height // 10), max(1, width // 60)
    ink[dot[1] - radius[0] : dot[1] + radius[0] + 1, dot[0] - radius[1] : dot[0] + radius[1] + 1] = 255
    placed = line_canvas(ink, is_clean=is_clean)
    x, y = on_canvas(placed, dot[0] + 0.5, dot[1] + 0.5)
    around = placed.canvas[..., 0].astype(np.float64)
    around[:, : int(x) - 30] = around[:, int(x) + 30 :] = 0  # away from the corners
    around[:, : MARGIN_PX + 2] = 0
    rows, columns = np.mgrid[: around.shape[0], : around.shape[1]] + 0.5
    assert (around * columns).sum() / around.sum() == pytest.approx(x, abs=1.0)
    assert (around * rows).sum() / around.sum() == pytest.approx(y, abs=1.0)


def test_thin_strokes_are_thickened_before_they_are_reduced() -> None:
    ink = np.zeros((400, 1200), np.uint8)
    cv2.rectangle(ink, (2, 2), (1197, 397), 255, 3)
    canvas = line_canvas(ink).canvas[..., 0]
    assert (canvas[canvas.shape[0] // 2] >= 128).sum() >= 2


@pytest.mark.parametrize("shape", [(0, 0), (1, 1), (30, 200)])
def test_a_blank_image_is_refused(shape: tuple[int, int]) -> None:
    with pytest.raises(BlankImage):
        line_canvas(np.zeros(shape, np.uint8))


@pytest.mark.parametrize("shape", [(1, 1), (1, 5000), (5000, 1), (3, 2), (700, 30)])
def test_odd_shapes_get_a_canvas(shape: tuple[int, int]) -> None:
    assert line_canvas(np.full(shape, 255, np.uint8)).canvas.any()
