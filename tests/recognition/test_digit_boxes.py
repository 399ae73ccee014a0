"""Boxes of digits, on lines whose strokes are drawn where the test says."""

import math

import numpy as np
import pytest

from service.recognition.digit_boxes import Frames, digit_boxes
from service.recognition.line import Line, find_line
from service.recognition.line_canvas import FRAME_PX, PlacedLine, line_canvas
from service.recognition.paper import Polarity
from service.recognition.prediction import Box

HEIGHT = 52  # twice the height of ink on the canvas, so that canvas and ink image differ


def line_of(*columns: tuple[int, int], width: int, rows: tuple[int, int] = (0, HEIGHT)) -> Line:
    """A line that is its own picture, with a block of ink from each first column up to the second."""
    image = np.zeros((HEIGHT, width), np.uint8)
    for start, end in columns:
        image[rows[0] : rows[1], start:end] = 255
    image[[0, -1], columns[0][0]] = 255  # the line's full height, whatever the rows
    return Line(image, Polarity.DARK_ON_LIGHT, Box(0, 0, width, HEIGHT), np.eye(2, 3))


def at(column: float, placed: PlacedLine) -> Frames:
    """The one frame over a column of the ink image."""
    frame = int((placed.left + placed.scale_x * column) // FRAME_PX)
    return Frames(frame, frame)


def boxes_of(line: Line, *columns: float, picture_shape: tuple[int, int] | None = None) -> list[Box]:
    placed = line_canvas(line.image)
    frames = [at(column, placed) for column in columns]
    return digit_boxes(line, placed, frames, picture_shape=picture_shape or line.image.shape)


def test_digits_apart_have_the_boxes_of_their_ink():
    line = line_of((0, 30), (50, 75), (90, 130), width=130)

    assert boxes_of(line, 15, 62, 110) == [Box(0, 0, 30, HEIGHT), Box(50, 0, 25, HEIGHT), Box(90, 0, 40, HEIGHT)]


def test_line_without_digits_has_no_boxes():
    assert boxes_of(line_of((0, 30), width=30)) == []


def test_box_ends_with_the_ink_above_and_below():
    line = line_of((0, 30), (50, 80), width=80)
    line.image[:10, 50:80] = 0
    line.image[40:, 50:80] = 0

    assert boxes_of(line, 15, 65)[1] == Box(50, 10, 30, 30)


def test_digits_that_touch_are_cut_where_they_are_thinnest():
    line = line_of((0, 30), (40, 70), width=70)
    line.image[20:24, 30:40] = 255  # a ligature

    left, right = boxes_of(line, 15, 55)
    assert left.x + left.width == right.x
    assert 30 <= right.x <= 40


def test_reading_on_the_edge_of_a_digit_finds_the_same_box():
    line = line_of((0, 30), (50, 80), width=80)

    assert boxes_of(line, 27, 52) == boxes_of(line, 15, 65)


@pytest.mark.parametrize("mark", [(40, 46), (112, 118)], ids=["dot between", "dash after"])
def test_marks_beyond_a_gap_belong_to_no_digit(mark):
    line = line_of((0, 30), (60, 100), width=118)
    line.image[44:52, mark[0] : mark[1]] = 255

    assert boxes_of(line, 15, 80) == [Box(0, 0, 30, HEIGHT), Box(60, 0, 40, HEIGHT)]


def test_broken_stroke_stays_one_digit():
    line = line_of((0, 30), (34, 40), (70, 100), width=100)

    assert boxes_of(line, 15, 85)[0] == Box(0, 0, 40, HEIGHT)


def test_two_readings_on_one_blob_share_it():
    left, right = boxes_of(line_of((0, 60), width=60), 15, 45)

    assert (left.x, right.x + right.width) == (0, 60)
    assert left.x + left.width == right.x


def test_readings_in_one_frame_still_have_a_box_each():
    line = line_of((0, 30), width=30)

    for box in boxes_of(line, 15, 15, 15):
        assert box.width >= 1
        assert box.height >= 1
        assert box.x + box.width <= 30


def test_faint_ink_has_the_height_of_the_line():
    line = line_of((0, 30), (50, 80), width=80)
    line.image[:, 50:80] = 40

    assert boxes_of(line, 15, 65)[1].height == HEIGHT


def test_line_longer_than_the_widest_canvas_is_placed_where_it_is():
    line = line_of(*((start, start + 30) for start in range(0, 6000, 60)), width=6000)
    boxes = boxes_of(line, *(start + 15 for start in range(0, 6000, 60)))

    assert boxes == [Box(start, 0, 30, HEIGHT) for start in range(0, 6000, 60)]


def test_boxes_are_clipped_to_the_picture():
    line = line_of((0, 30), width=30)
    moved = Line(line.image, line.polarity, line.box, np.array([[1.0, 0, -10], [0, 1.0, -20]]))

    assert boxes_of(moved, 15, picture_shape=(25, 15)) == [Box(0, 0, 15, 25)]


def test_scaled_and_moved_line_is_found_in_the_picture():
    line = line_of((0, 30), (50, 80), width=80)
    placed_in_picture = Line(line.image, line.polarity, line.box, np.array([[2.0, 0, 7], [0, 2.0, 9]]))

    boxes = boxes_of(placed_in_picture, 15, 65, picture_shape=(500, 500))
    assert boxes == [Box(7, 9, 60, 2 * HEIGHT), Box(107, 9, 60, 2 * HEIGHT)]


def test_tilted_line_is_found_in_its_picture():
    """Five bars on a slope of five degrees: each box holds its bar and little else."""
    picture = np.full((160, 400), 250, np.uint8)
    tilt = math.radians(5)
    rows, columns = np.mgrid[: picture.shape[0], : picture.shape[1]]
    along = (columns - 40) * math.cos(tilt) + (rows - 40) * math.sin(tilt)
    across = -(columns - 40) * math.sin(tilt) + (rows - 40) * math.cos(tilt)
    bars = []
    for start in range(0, 300, 60):
        is_bar = (along >= start) & (along < start + 20) & (across >= 0) & (across < 60)
        picture[is_bar] = 20
        ys, xs = np.nonzero(is_bar)
        bars.append((xs.min(), ys.min(), xs.max() + 1, ys.max() + 1))
    line = find_line(picture)
    placed = line_canvas(line.image)
    inverse = np.linalg.inv(np.vstack([line.to_picture, [0, 0, 1]]))
    middles = [inverse @ [(left + right) / 2, (top + bottom) / 2, 1] for left, top, right, bottom in bars]
    boxes = digit_boxes(line, placed, [at(x, placed) for x, _, _ in middles], picture_shape=picture.shape)

    for box, (left, top, right, bottom) in zip(boxes, bars, strict=True):
        found = np.array([box.x, box.y, box.x + box.width, box.y + box.height])
        assert np.abs(found - [left, top, right, bottom]).max() <= 4
