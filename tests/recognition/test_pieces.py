"""Which pieces of ink are the digit, and which are what is drawn around and under it."""

import cv2
import numpy as np
import pytest

from service.recognition.ink import find_ink
from service.recognition.pieces import is_blot
from tests.recognition.drawing import PAPER, PEN, seven, with_grain
from tests.recognition.writing import number


def drawn(draw) -> np.ndarray:
    mask = np.zeros((100, 100), np.uint8)
    draw(mask)
    return mask > 0


@pytest.mark.parametrize(
    ("draw", "expected"),
    [
        (lambda mask: cv2.circle(mask, (50, 50), 30, 255, cv2.FILLED), True),
        (lambda mask: cv2.ellipse(mask, (50, 50), (30, 20), 30, 0, 360, 255, cv2.FILLED), True),
        (lambda mask: cv2.rectangle(mask, (30, 30), (60, 70), 255, cv2.FILLED), True),
        (lambda mask: cv2.circle(mask, (50, 50), 30, 255, 14), False),
        (lambda mask: cv2.line(mask, (50, 20), (50, 80), 255, 18), False),
        (lambda mask: cv2.polylines(mask, [np.array([(25, 20), (75, 20), (40, 85)])], False, 255, 12), False),
    ],
    ids=["disc", "ellipse", "box", "0", "1", "7"],
)
def test_blots_have_no_strokes(draw, expected) -> None:
    assert is_blot(drawn(draw)) is expected


@pytest.mark.parametrize("num_lines", [1, 2])
@pytest.mark.parametrize("grain", [False, True])
def test_an_underline_is_no_part_of_the_digit(num_lines, grain) -> None:
    picture = seven(200)
    box = find_ink(picture).box
    foot = box.y + box.height
    picture = np.pad(picture, ((0, 60), (0, 0)), constant_values=PAPER)
    for index in range(num_lines):
        y = foot + 14 + 18 * index
        cv2.line(picture, (box.x - 6, y), (box.x + box.width + 8, y - 3), PEN, 8, cv2.LINE_AA)
    found = find_ink(with_grain(picture) if grain else picture).box
    assert (found.y, found.height) == pytest.approx((box.y, box.height), abs=4)


def test_the_bar_of_a_five_stays() -> None:
    picture = np.full((200, 160), PAPER, np.uint8)
    cv2.polylines(picture, [np.array([(60, 60), (60, 100), (100, 110), (100, 150), (50, 160)])], False, PEN, 12)
    cv2.line(picture, (66, 44), (115, 40), PEN, 11)
    assert find_ink(picture).box.y == pytest.approx(35, abs=3)


@pytest.mark.parametrize("left", [40, 700, 1350])
@pytest.mark.parametrize("digit", ["1", "7", "0"])
def test_a_digit_in_a_long_strip_is_no_line_of_a_cell(left, digit) -> None:
    ink = number(digit, height=70)
    strip = np.full((100, 1500), PAPER, np.uint8)
    strip[15:85, left : left + ink.shape[1]] -= (ink * ((PAPER - PEN) / 255)).astype(np.uint8)
    box = find_ink(with_grain(strip)).box
    assert box is not None
    assert (box.x, box.width, box.height) == pytest.approx((left, ink.shape[1], 70), abs=5)
