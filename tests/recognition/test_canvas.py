"""The digit canvas: geometry, identity, and the golden canvas that guards `PREPROCESSING_ID`."""

import hashlib

import cv2
import numpy as np
import pytest

from service.recognition.canvas import PREPROCESSING_ID, digit_canvas, stroke_width
from service.recognition.errors import BlankImage
from tests.recognition.drawing import seven


def bar(height: int, width: int, *, shape: tuple[int, int] = (220, 80), at: tuple[int, int] = (5, 9)) -> np.ndarray:
    picture = np.zeros(shape, np.uint8)
    picture[at[0] : at[0] + height, at[1] : at[1] + width] = 255
    return picture


def ink_box(canvas: np.ndarray) -> tuple[int, int, int, int]:
    return cv2.boundingRect(canvas[:, :, 0])


@pytest.mark.parametrize(
    ("height", "width", "box_height", "box_width"),
    [
        (40, 20, 20, 10),  # reduced, proportions kept
        (20, 40, 10, 20),  # the longer side decides, whichever it is
        (10, 5, 20, 10),  # enlarged
        (20, 8, 20, 8),  # of the right size already: not resampled
    ],
)
def test_longer_side_becomes_20_px(height: int, width: int, box_height: int, box_width: int) -> None:
    canvas = digit_canvas(bar(height, width))
    assert canvas.shape == (28, 28, 1)
    assert canvas.dtype == np.uint8
    assert ink_box(canvas)[2:] == (box_width, box_height)


def test_center_of_mass_stands_on_index_14() -> None:
    canvas = digit_canvas(bar(21, 21))[:, :, 0]
    rows, columns = np.nonzero(canvas)
    assert abs(rows.mean() - 14) <= 0.5
    assert abs(columns.mean() - 14) <= 0.5


def test_place_in_the_picture_does_not_matter() -> None:
    assert np.array_equal(digit_canvas(bar(40, 20, at=(0, 0))), digit_canvas(bar(40, 20, at=(180, 60))))


def test_a_canvas_is_left_as_it_is() -> None:
    canvas = digit_canvas(255 - seven())
    assert np.array_equal(digit_canvas(canvas[:, :, 0]), canvas)


def test_heavy_corner_never_pushes_ink_off_the_canvas() -> None:
    picture = np.zeros((20, 20), np.uint8)
    picture[0, :] = picture[:, 0] = 1  # a faint right angle
    picture[12:, 12:] = 255  # nearly all mass in one corner
    canvas = digit_canvas(picture)
    assert canvas.sum() == picture.sum()


def test_thin_strokes_are_thickened_and_reach_full_ink() -> None:
    picture = np.zeros((400, 400), np.uint8)
    cv2.polylines(picture, [np.array([(60, 40), (300, 40), (150, 380)])], isClosed=False, color=255, thickness=3)
    canvas = digit_canvas(picture)[:, :, 0]
    assert canvas.max() == 255
    assert stroke_width(canvas) >= 1.2


@pytest.mark.parametrize("width", [1, 2, 3, 6])
def test_stroke_width_of_straight_strokes(width: int) -> None:
    picture = bar(100, width, shape=(120, 120))
    # The count assumes no particular direction, so an upright stroke is read 4 / pi too wide at most.
    assert width * 0.9 <= stroke_width(picture) <= width * 4 / np.pi + 0.1


def test_stroke_width_without_ink_is_zero() -> None:
    assert stroke_width(np.zeros((5, 5), np.uint8)) == 0.0


def test_no_ink_is_a_blank_image() -> None:
    with pytest.raises(BlankImage):
        digit_canvas(np.zeros((28, 28), np.uint8))


def test_canvases_are_those_that_the_models_were_trained_on() -> None:
    """When this fails, canvases have changed: bump `PREPROCESSING_ID`, train again, then renew the hash."""
    pictures = [255 - seven(size, paper=255, pen=0) for size in (20, 28, 97, 280, 511)]
    stacked = np.stack([digit_canvas(picture) for picture in pictures])
    digest = hashlib.sha256(stacked.tobytes()).hexdigest()[:16]
    assert (PREPROCESSING_ID, digest) == ("digit-canvas-1", "dcf4afb2fde11727")
