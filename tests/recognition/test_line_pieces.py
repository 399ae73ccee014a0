"""Which pieces of ink belong to the line of digits."""

import cv2
import numpy as np
import pytest

from service.recognition.line_pieces import keep_line
from tests.recognition.writing import number

INK = number("4052718", height=40)
HEIGHT, WIDTH = 120, INK.shape[1] + 80


def page() -> np.ndarray:
    return np.pad(INK, ((40, HEIGHT - 80), (40, 40)))


def kept_of(ink: np.ndarray, *, rulings: np.ndarray | None = None) -> np.ndarray:
    return keep_line(ink, rulings=np.zeros_like(ink) if rulings is None else rulings, smallest_px=5).image


def test_a_line_alone_is_not_touched() -> None:
    assert np.array_equal(kept_of(page()), page())


@pytest.mark.parametrize(
    ("center", "radius"),
    [((20, 60), 0), ((WIDTH - 8, 10), 4), ((100, 112), 5), ((15, 8), 9)],
    ids=["speck", "above", "below", "blot in the corner"],
)
def test_what_is_no_part_of_the_line_is_cleared(center: tuple[int, int], radius: int) -> None:
    ink = page()
    cv2.circle(ink, center, radius, 255, cv2.FILLED)
    assert np.array_equal(kept_of(ink), page())


def test_of_two_lines_the_one_with_more_writing_is_kept() -> None:
    small = number("99999", height=20)
    ink = page()
    ink[4 : 4 + small.shape[0], 30 : 30 + small.shape[1]] = small
    assert np.array_equal(kept_of(ink), page())


def test_dots_and_dashes_of_the_line_are_kept() -> None:
    ink = page()
    cv2.circle(ink, (30, 79), 3, 255, cv2.FILLED)
    cv2.line(ink, (WIDTH - 30, 60), (WIDTH - 10, 60), 255, 3)
    assert np.array_equal(kept_of(ink), ink)


def test_a_rising_line_is_kept_whole() -> None:
    ink = page()
    turn = cv2.getRotationMatrix2D((WIDTH / 2, HEIGHT / 2), 12, 1)
    rising = cv2.warpAffine(ink, turn, (WIDTH, HEIGHT))
    kept = kept_of(rising)
    assert kept[rising > 64].astype(bool).mean() > 0.99


def test_the_side_of_a_frame_is_cleared_and_a_1_is_not() -> None:
    ink = page()
    cv2.line(ink, (20, 0), (20, HEIGHT - 1), 255, 3)
    assert np.array_equal(kept_of(ink), page())
    one = page()
    cv2.line(one, (20, 40), (20, 79), 255, 3)
    assert np.array_equal(kept_of(one), one)


def test_a_wall_between_two_rules_is_cleared() -> None:
    ink, rulings = page(), np.zeros((HEIGHT, WIDTH), np.uint8)
    rulings[34:37] = rulings[83:86] = 1
    cv2.line(ink, (WIDTH - 20, 38), (WIDTH - 20, 81), 255, 3)
    assert np.array_equal(kept_of(ink, rulings=rulings), page())


def test_a_pale_stretch_of_a_stroke_does_not_tear_the_digit() -> None:
    ink = page()
    ink[58:62] = ink[58:62] // 8
    assert kept_of(ink)[ink >= 20].astype(bool).all()


@pytest.mark.parametrize("level", [0, 15, 40])
def test_nothing_is_kept_of_what_is_nowhere_as_strong_as_a_stroke(level: int) -> None:
    assert not kept_of((page() > 0).astype(np.uint8) * level).any()


def is_alone(ink: np.ndarray) -> bool:
    return keep_line(ink, rulings=np.zeros_like(ink), smallest_px=5).is_alone


def below(ink: np.ndarray) -> np.ndarray:
    """The page with more below its line."""
    width = ink.shape[1]
    return np.vstack([page(), np.pad(ink, ((0, 30), (50, WIDTH - 50 - width)))])


@pytest.mark.parametrize("text", ["99", "1"])
def test_digits_of_another_line_are_told_of(text: str) -> None:
    ink = below(number(text, height=40))
    assert not is_alone(ink)
    assert np.array_equal(kept_of(ink)[:HEIGHT], page())


def test_digits_one_above_the_other_are_told_of() -> None:
    column = np.vstack([np.pad(number(digit, height=40), ((20, 20), (30, 60)))[:, :100] for digit in "407"])
    assert not is_alone(column)


def test_what_is_smaller_than_digits_or_no_digit_is_not() -> None:
    ink = below(number("99999", height=16))
    cv2.line(ink, (40, 95), (WIDTH - 40, 95), 255, 4)  # an underline
    cv2.circle(ink, (20, 20), 4, 255, cv2.FILLED)
    assert is_alone(page())
    assert is_alone(ink)


def test_light_on_glossy_paper_is_no_number() -> None:
    ink = np.zeros((120, 200), np.uint8)
    cv2.ellipse(ink, (100, 60), (30, 24), 20, 0, 360, 255, cv2.FILLED)
    assert not kept_of(ink).any()
    ink[40:80, 150:156] = 255  # but with a digit beside it, it may be one
    assert kept_of(ink).any()
