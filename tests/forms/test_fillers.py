import cv2
import numpy as np
import pytest

from service.forms.fillers import FAIR, is_cross, is_dash, without_outer_crosses
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


def test_a_bold_8_whose_loops_have_run_full_is_no_cross() -> None:
    ink = np.zeros((100, 84), np.uint8)
    cv2.line(ink, (20, 18), (64, 82), 255, 26)
    cv2.line(ink, (64, 18), (20, 82), 255, 26)
    assert not is_cross(ink)


def test_a_flat_stroke_is_a_dash() -> None:
    assert is_dash(np.full((8, 40), 255, np.uint8))


def test_two_strokes_that_meet_at_their_ends_are_no_cross() -> None:
    ink = np.zeros((60, 60), np.uint8)
    cv2.line(ink, (5, 5), (55, 5), 255, 6)
    cv2.line(ink, (55, 5), (20, 55), 255, 6)
    assert not is_cross(ink)


def test_a_bow_whose_bend_lies_on_both_of_its_strokes_is_no_cross() -> None:
    ink = np.zeros((110, 110), np.uint8)
    cv2.polylines(ink, [np.array([(15, 25), (55, 52), (55, 58), (15, 85)])], False, 255, 16)
    assert not is_cross(ink, FAIR)


def line_of(*inks: np.ndarray, height: int = 100) -> np.ndarray:
    """Marks side by side on one line, each at its own size."""
    line = np.zeros((height, 20 + sum(ink.shape[1] + 20 for ink in inks)), np.uint8)
    left = 20
    for ink in inks:
        top = (height - ink.shape[0]) // 2
        line[top : top + ink.shape[0], left : left + ink.shape[1]] = ink
        left += ink.shape[1] + 20
    return line


def sized(ink: np.ndarray, height: int) -> np.ndarray:
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    ink = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return cv2.resize(ink, (max(1, round(ink.shape[1] * height / ink.shape[0])), height), interpolation=cv2.INTER_AREA)


def drawn(digit: str, height: int = 90) -> np.ndarray:
    return sized(as_ink(printed_pen(digit, np.random.default_rng(2))), height)


def a_cross(height: int) -> np.ndarray:
    return sized(as_ink(cross(np.random.default_rng(2))), height)


@pytest.mark.parametrize("height", [40, 90], ids=["small", "as tall as the digits"])
def test_crosses_before_and_after_a_number_are_taken_away(height: int) -> None:
    four, seven, mark = drawn("4"), drawn("7"), a_cross(height)
    cleared = without_outer_crosses(line_of(mark, mark, four, seven, mark))
    assert np.count_nonzero(cleared) == np.count_nonzero(four) + np.count_nonzero(seven)


def test_a_cross_between_digits_stays() -> None:
    line = line_of(drawn("4"), a_cross(40), drawn("7"))
    assert np.array_equal(without_outer_crosses(line), line)


def test_a_line_of_crosses_alone_stays_as_it_is() -> None:
    line = line_of(a_cross(90), a_cross(90))
    assert np.array_equal(without_outer_crosses(line), line)


@pytest.mark.parametrize("digit", "0123456789")
def test_no_digit_is_taken_away_for_a_cross(digit: str) -> None:
    line = line_of(drawn(digit), drawn("5"), drawn(digit))
    assert np.array_equal(without_outer_crosses(line), line)


def test_blank_lines_stay_blank() -> None:
    assert without_outer_crosses(np.zeros((0, 0), np.uint8)).size == 0
    assert not without_outer_crosses(np.zeros((20, 30), np.uint8)).any()
