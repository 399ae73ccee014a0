"""Printed lines go, the digit's own straight strokes stay."""

import cv2
import numpy as np
import pytest

from service.recognition.canvas import digit_canvas
from service.recognition.ink import find_ink
from service.recognition.lines import printed_lines, without_stripes
from tests.recognition.drawing import seven, stroke_overlap, with_grain

SIZE = 200


def mask(*polylines: list[tuple[int, int]], thickness: int = 6) -> np.ndarray:
    strokes = np.zeros((SIZE, SIZE), np.uint8)
    for points in polylines:
        cv2.polylines(strokes, [np.array(points, np.int32)], isClosed=False, color=1, thickness=thickness)
    return strokes


SEVEN = mask([(60, 60), (140, 60), (90, 150)])
LARGE_SEVEN = mask([(20, 30), (180, 30), (90, 185)])


@pytest.mark.parametrize(
    "strokes",
    [
        SEVEN,
        LARGE_SEVEN,  # its bar runs along more than half of the picture
        mask([(100, 20), (100, 180)]),  # a lone upright stroke is a 1
        mask([(70, 60), (100, 20), (100, 180)]),
        mask([(90, 20), (40, 120), (160, 120)], [(120, 70), (120, 180)]),  # a 4
        mask([(0, 3), (199, 3), (90, 199)]),  # a 7 cut out along its edges
        mask([(60, 20), (140, 20), (140, 180), (60, 180), (60, 20)], thickness=12),  # an angular 0
        np.zeros((SIZE, SIZE), np.uint8),
        np.ones((SIZE, SIZE), np.uint8),
    ],
    ids=["7", "large 7", "1", "1 with upstroke", "4", "cut out 7", "angular 0", "nothing", "all ink"],
)
def test_strokes_of_digits_are_no_printed_lines(strokes: np.ndarray) -> None:
    assert printed_lines(strokes, least_share=0.7).sum() == 0


RULING = [(0, 160), (199, 160)]
TILTED_RULING = [(0, 158), (199, 163)]
BOX = [(10, 10), (190, 10), (190, 190), (10, 190), (10, 10)]


@pytest.mark.parametrize(
    "lines",
    [
        [RULING],  # beside the digit
        [[(0, 120), (199, 120)]],  # through it
        [TILTED_RULING],
        [BOX],
        [[(0, y), (199, y)] for y in range(10, 200, 30)],
        [[(0, y), (199, y)] for y in range(10, 200, 40)] + [[(x, 0), (x, 199)] for x in range(15, 200, 40)],
        [[(0, 60), (199, 60)]],  # right along the bar of the 7
        [[(30, 153), (170, 153)]],  # a baseline that ends within the picture
    ],
    ids=["beside", "through", "tilted", "box", "ruled", "grid", "along the bar", "baseline"],
)
def test_printed_lines_are_found_and_crossing_strokes_spared(lines: list[list[tuple[int, int]]]) -> None:
    printed = mask(*lines, thickness=2)
    strokes = SEVEN | printed
    found = printed_lines(strokes, least_share=0.4)
    left = np.where(found, 0, strokes)
    only_printed = (printed > 0) & (cv2.dilate(SEVEN, np.ones((7, 7), np.uint8)) == 0)
    assert left[only_printed].mean() < 0.05
    stem = mask([(132, 75), (95, 142)], thickness=3) > 0  # the middle of the 7's stem, crossed by all of these
    assert left[stem].mean() > 0.75


@pytest.mark.parametrize("shade", [60, 150, 190])
def test_a_digit_on_a_grid_is_read_as_without(shade: int) -> None:
    page = seven(thickness=14)
    for at in range(20, 280, 45):
        cv2.line(page, (0, at), (279, at + 3), shade, 2)
        cv2.line(page, (at, 0), (at - 3, 279), shade, 2)
    page = np.minimum(page, seven(thickness=14))
    found = digit_canvas(find_ink(with_grain(page, deviation=2)).image)
    assert stroke_overlap(found, digit_canvas(find_ink(seven(thickness=14)).image)) >= 0.7


def _canvas_digit() -> np.ndarray:
    """A 4 as MNIST has it: uint8 (28, 28), light on dark, away from the edges."""
    picture = np.zeros((28, 28), np.uint8)
    picture[5:14, 8:11] = picture[12:15, 8:20] = picture[5:24, 17:20] = 255
    return picture


def test_a_ruling_from_edge_to_edge_is_taken_from_a_small_picture() -> None:
    digit = _canvas_digit()
    ruled = digit.copy()
    ruled[20] = np.maximum(ruled[20], 110)
    np.testing.assert_array_equal(without_stripes(ruled), digit)


@pytest.mark.parametrize("axis", [0, 1])
def test_a_digit_cut_along_its_edges_keeps_the_stroke_that_reaches_them(axis: int) -> None:
    seven = np.zeros((20, 14), np.uint8)
    seven[:3] = 255  # the bar, from edge to edge
    for row in range(3, 20):
        seven[row, 12 - row // 2 : 14 - row // 2] = 255
    picture = seven if axis == 0 else np.ascontiguousarray(seven.T)
    np.testing.assert_array_equal(without_stripes(picture), picture)


def test_a_whole_one_is_no_ruling() -> None:
    one = np.zeros((28, 28), np.uint8)
    one[:, 13:15] = 255
    np.testing.assert_array_equal(without_stripes(one), one)
