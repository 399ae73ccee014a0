"""What was cut out along the printed frame that it stands in: the paper inside is not taken for ink."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from service.recognition.canvas import digit_canvas
from service.recognition.ink import find_ink
from service.recognition.line import find_line
from service.recognition.paper import Polarity
from service.recognition.picture_frame import without_frame
from tests.recognition.drawing import PAPER, PEN, in_shadow, stroke_overlap, with_grain
from tests.recognition.writing import ink_in_picture, number, on_paper, shares

Spoil = Callable[[np.ndarray], np.ndarray]


def framed(picture: np.ndarray, *, thickness: int, beyond: int = 0) -> np.ndarray:
    """The picture with a line as dark as the pen around it, and so much paper beyond the line."""
    with_lines = cv2.copyMakeBorder(picture, *(thickness,) * 4, cv2.BORDER_CONSTANT, value=PEN)
    return cv2.copyMakeBorder(with_lines, *(beyond,) * 4, cv2.BORDER_CONSTANT, value=PAPER)


def boxed_digit(height: int) -> np.ndarray:
    """A bold 3 with little paper around it, dark on light."""
    return on_paper(number("3", height=height, thickness=max(2, height // 6)), margin=max(3, height // 8))


@pytest.mark.parametrize("beyond", [0, 2])
@pytest.mark.parametrize(("height", "thickness"), [(24, 1), (24, 2), (40, 2), (60, 4), (200, 8)])
@pytest.mark.parametrize("spoil", [np.copy, lambda picture: with_grain(in_shadow(picture, depth=0.2))])
def test_a_digit_in_its_box_is_found_without_the_box(spoil: Spoil, height: int, thickness: int, beyond: int) -> None:
    plain = boxed_digit(height)
    picture = spoil(framed(plain, thickness=thickness, beyond=beyond))
    dark, light = find_ink(picture), find_ink(255 - picture)
    assert (dark.polarity, light.polarity) == (Polarity.DARK_ON_LIGHT, Polarity.LIGHT_ON_DARK)
    for ink in (dark, light):
        assert stroke_overlap(digit_canvas(ink.image), digit_canvas(find_ink(plain).image)) >= 0.75


@pytest.mark.parametrize("beyond", [0, 2])
@pytest.mark.parametrize(("height", "thickness"), [(14, 1), (20, 1), (30, 2), (60, 3)])
@pytest.mark.parametrize("spoil", [np.copy, lambda picture: with_grain(picture, deviation=2)])
def test_a_number_in_its_field_is_found_without_the_frame(
    spoil: Spoil, height: int, thickness: int, beyond: int
) -> None:
    plain = on_paper(number("4052718", height=height), margin=3)
    picture = spoil(framed(plain, thickness=thickness, beyond=beyond))
    written = np.pad(plain < 140, thickness + beyond)
    for seen, polarity in ((picture, Polarity.DARK_ON_LIGHT), (255 - picture, Polarity.LIGHT_ON_DARK)):
        line = find_line(seen)
        assert line.polarity is polarity
        found, right = shares(ink_in_picture(line.image, line.to_picture, picture.shape), written)
        assert found >= 0.95
        assert right >= 0.9


@pytest.mark.parametrize(("thickness", "beyond"), [(1, 0), (3, 0), (3, 2)])
def test_what_is_inside_a_frame_is_left(thickness: int, beyond: int) -> None:
    inside = boxed_digit(60)
    assert np.array_equal(without_frame(framed(inside, thickness=thickness, beyond=beyond)), inside)


@pytest.mark.parametrize(
    "picture",
    [
        boxed_digit(60),
        number("0", height=28, thickness=4),  # round as it is, it leaves the corners free
        number("8", height=30, thickness=6),
        np.full((20, 30), 200, np.uint8),
        np.zeros((1, 1), np.uint8),
        np.array([[0, 255, 0]], np.uint8),
    ],
    ids=["digit", "cut out", "bold", "blank", "pixel", "row"],
)
def test_no_stroke_is_taken_for_a_frame(picture: np.ndarray) -> None:
    assert np.array_equal(without_frame(picture), picture)
    assert np.array_equal(without_frame(255 - picture), 255 - picture)


@pytest.mark.parametrize("margin", [1, 2])
@pytest.mark.parametrize("digit", ["0", "1", "7", "8"])
@pytest.mark.parametrize("height", [24, 36, 80])
def test_a_bold_digit_with_hardly_any_paper_around_it_is_whole(height: int, digit: str, margin: int) -> None:
    picture = on_paper(number(digit, height=height, thickness=height // 6), margin=margin)
    written = picture < 140
    for seen, polarity in ((picture, Polarity.DARK_ON_LIGHT), (255 - picture, Polarity.LIGHT_ON_DARK)):
        ink = find_ink(seen)
        assert ink.polarity is polarity
        assert ink.box is not None
        found = np.zeros_like(written)
        rows, columns = slice(ink.box.y, ink.box.y + ink.box.height), slice(ink.box.x, ink.box.x + ink.box.width)
        found[rows, columns] = ink.image >= 128
        assert min(shares(found, written)) >= 0.95
