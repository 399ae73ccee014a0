"""Cutting symbols out of lines whose strokes are drawn where the test says."""

import cv2
import numpy as np
import pytest

from service.recognition.second_look_crops import Crop, symbol_crops

HEIGHT = 28


def paper(width: int) -> np.ndarray:
    return np.zeros((HEIGHT, width), np.uint8)


def ring(line: np.ndarray, left: int, *, width: int = 16, pen: int = 3) -> None:
    """A 0 of the line's full height."""
    line[:, left : left + width] = 255
    line[pen : HEIGHT - pen, left + pen : left + width - pen] = 0


def ink_of(crop: Crop | np.ndarray) -> int:
    """Pixels of ink."""
    return int(np.count_nonzero(crop.ink if isinstance(crop, Crop) else crop))


def test_symbols_apart_are_cut_out_whole():
    line = paper(60)
    ring(line, 2)
    line[4:24, 40:44] = 255

    zero, one = symbol_crops(line, [10, 41])

    assert ink_of(zero) == np.count_nonzero(line[:, :20])
    assert ink_of(one) == 20 * 4
    assert not zero.is_parted
    assert not one.is_parted


def test_soft_edge_stays_with_its_stroke():
    line = paper(30)
    line[4:24, 10:14] = 255
    line[4:24, [9, 14]] = 30

    (one,) = symbol_crops(line, [11])

    assert ink_of(one) == 20 * 6


def test_slanted_neighbors_are_not_cut_through():
    """Two bars that lean over each other's columns: every upright cut between them would take a piece of one."""
    line = paper(60)
    for row in range(HEIGHT):
        left = 12 + (HEIGHT - row) // 2
        line[row, left : left + 4] = 255
        line[row, left + 10 : left + 14] = 255

    first, second = symbol_crops(line, [16, 31])

    assert ink_of(first) == ink_of(second) == 4 * HEIGHT


def loops_in(crop: Crop) -> int:
    """Pieces of paper that ink encloses."""
    num, _ = cv2.connectedComponents(np.pad((crop.ink < 128).astype(np.uint8), 1, constant_values=1), connectivity=4)
    return num - 2  # the ink and the paper outside


def test_touching_zeros_are_parted_where_they_touch_and_not_through_their_loops():
    line = paper(44)
    cv2.ellipse(line, (12, 14), (9, 12), 0, 0, 360, 255, 3)
    cv2.ellipse(line, (30, 14), (9, 12), 0, 0, 360, 255, 3)  # they share seven rows where they touch

    # The reader saw both on their right sides: the middle between is inside of the second loop.
    first, second = symbol_crops(line, [14, 36])

    assert (loops_in(first), loops_in(second)) == (1, 1)
    assert first.is_parted
    assert second.is_parted


def test_three_that_touch_are_parted_twice():
    line = paper(60)
    for left in (2, 20, 38):
        line[4:24, left : left + 12] = 255
    line[13:15, 2:50] = 255

    crops = symbol_crops(line, [8, 26, 44])

    for crop in crops:
        assert 20 * 12 <= ink_of(crop) <= 20 * 12 + 2 * 8


@pytest.mark.parametrize(
    ("rows", "columns"),
    [
        (slice(24, 28), slice(22, 26)),  # a point after the digit
        (slice(13, 15), slice(26, 38)),  # a dash
        (slice(0, 28), slice(36, 38)),  # a piece of a frame
        (slice(22, 28), slice(15, 24)),  # a comma under the edge of the digit, with less of it below than beside
    ],
    ids=["point", "dash", "frame", "comma"],
)
def test_what_stands_beside_a_digit_is_left_out(rows, columns):
    line = paper(50)
    ring(line, 2)
    line[20:] = 0
    digit = ink_of(line)
    line[rows, columns] = 255

    (crop,) = symbol_crops(line, [9])

    assert ink_of(crop) == digit


def test_bar_of_a_broken_five_is_kept():
    line = paper(40)
    line[6:28, 4:16] = 255
    line[0:3, 6:22] = 255

    (five,) = symbol_crops(line, [9])

    assert ink_of(five) == 22 * 12 + 3 * 16


def test_reading_beside_its_stroke_finds_it():
    line = paper(60)
    line[4:24, 10:14] = 255

    assert ink_of(symbol_crops(line, [25])[0]) == 20 * 4


def test_every_symbol_gets_a_crop_even_on_blank_paper_and_in_one_column():
    assert [crop.ink.size for crop in symbol_crops(paper(20), [5, 9])] == [0, 0]
    line = paper(20)
    line[:, 8:11] = 255
    crops = symbol_crops(line, [9, 9, 9])
    assert len(crops) == 3
    assert sum(ink_of(crop) for crop in crops) == 3 * HEIGHT
    assert symbol_crops(line, []) == []


def test_no_ink_is_given_to_two_symbols():
    rng = np.random.default_rng(3)
    line = np.where(rng.random((40, 200)) < 0.3, 255, 0).astype(np.uint8)

    crops = symbol_crops(line, [30, 80, 120, 170])

    assert sum(ink_of(crop) for crop in crops) <= np.count_nonzero(line)


def test_high_line_is_parted_like_a_low_one():
    low = paper(36)
    low[4:24, 2:14] = low[4:24, 20:32] = 255
    low[13:15, 2:32] = 255
    high = np.kron(low, np.ones((6, 6), np.uint8))

    for small, large in zip(symbol_crops(low, [8, 26]), symbol_crops(high, [48, 156]), strict=True):
        assert ink_of(large) == pytest.approx(36 * ink_of(small), rel=0.03)
