import cv2
import numpy as np
import pytest

from service.forms.fillers import is_cross, is_dash
from tests.forms.composing import cross, printed_pen


def as_ink(drawn: np.ndarray) -> np.ndarray:
    return np.rint(drawn * 255).astype(np.uint8)


def test_crosses_are_known_however_they_are_drawn() -> None:
    rng = np.random.default_rng(2)
    assert sum(is_cross(as_ink(cross(rng))) for _ in range(40)) >= 38


@pytest.mark.parametrize("digit", "0123456789")
def test_no_digit_is_a_cross_or_a_dash(digit: str) -> None:
    rng = np.random.default_rng(2)
    for _ in range(5):
        ink = as_ink(printed_pen(digit, rng))
        assert not is_cross(ink)
        assert not is_dash(ink)


def test_a_flat_stroke_is_a_dash() -> None:
    assert is_dash(np.full((8, 40), 255, np.uint8))


def test_two_strokes_that_meet_at_their_ends_are_no_cross() -> None:
    ink = np.zeros((60, 60), np.uint8)
    cv2.line(ink, (5, 5), (55, 5), 255, 6)
    cv2.line(ink, (55, 5), (20, 55), 255, 6)
    assert not is_cross(ink)
