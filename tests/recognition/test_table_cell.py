"""Of a cell that was cut out of a table with a little of its neighbors, only what stands in the cell is read."""

import cv2
import numpy as np
import pytest

from service.recognition.ink import find_ink
from service.recognition.line import Line, find_line
from service.recognition.rules import Rule
from service.recognition.rulings import ruled_lines
from service.recognition.table_cell import beyond_cell
from tests.recognition.drawing import with_grain
from tests.recognition.writing import ink_in_picture, number, on_paper, shares, turned

INK = number("40527", height=60)
TOP, LEFT = 50, 60
SHAPE = HEIGHT, WIDTH = INK.shape[0] + 2 * TOP, INK.shape[1] + 2 * LEFT
WRITTEN = np.pad(INK, ((TOP, TOP), (LEFT, LEFT))) >= 128
ABOVE, BELOW, BEFORE, AFTER = TOP - 20, HEIGHT - TOP + 20, LEFT - 25, WIDTH - LEFT + 25
LINES = {
    "above": ((0, ABOVE), (WIDTH, ABOVE)),
    "below": ((0, BELOW), (WIDTH, BELOW)),
    "before": ((BEFORE, 0), (BEFORE, HEIGHT)),
    "after": ((AFTER, 0), (AFTER, HEIGHT)),
}
NEIGHBOR = number("8", height=60)


def neighbors(sides: list[str]) -> np.ndarray:
    """What of the neighbors on these sides is in view: uint8, paper 0 and ink 255."""
    ink = np.zeros(SHAPE, np.uint8)
    width, room_x, room_y = NEIGHBOR.shape[1], BEFORE - 8, ABOVE - 8
    if "before" in sides:
        ink[TOP : TOP + 60, :room_x] = NEIGHBOR[:, width - room_x :]
    if "after" in sides:
        ink[TOP : TOP + 60, -room_x:] = NEIGHBOR[:, :room_x]
    if "above" in sides:
        ink[:room_y, 120 : 120 + width] = NEIGHBOR[-room_y:]
    if "below" in sides:
        ink[-room_y:, 160 : 160 + width] = NEIGHBOR[:room_y]
    return ink


def cell(sides: list[str], written: np.ndarray = WRITTEN, others: np.ndarray | None = None) -> np.ndarray:
    """A cell with lines and neighbors on these sides, dark on light."""
    others = neighbors(sides) if others is None else others
    picture = on_paper(np.maximum(255 * written.astype(np.uint8), others), margin=0)
    for side in sides:
        cv2.line(picture, *LINES[side], 90, 2)
    return picture


def is_found_whole(line: Line, written: np.ndarray) -> bool:
    """Whether a line holds nearly all of what was written, and hardly anything else."""
    share_found, share_written = shares(ink_in_picture(line.image, line.to_picture, written.shape), written)
    return share_found >= 0.9 and share_written >= 0.88


SIDES = [
    ["above", "below", "before", "after"],
    ["above", "below", "before"],
    ["above", "below", "after"],
    ["above", "before", "after"],
    ["below", "before", "after"],
    ["above", "before"],
]


@pytest.mark.parametrize("grain", [0, 3])
@pytest.mark.parametrize("sides", SIDES, ids=" ".join)
def test_what_stands_in_other_cells_goes(sides, grain):
    picture = with_grain(cell(sides), deviation=grain) if grain else cell(sides)
    line = find_line(picture)
    assert is_found_whole(line, WRITTEN)
    assert line.is_clean == (grain == 0)


@pytest.mark.parametrize("sides", SIDES, ids=" ".join)
def test_a_cell_with_nothing_in_it_is_blank(sides):
    assert find_line(cell(sides, np.zeros(SHAPE, bool))).box is None


@pytest.mark.parametrize("degrees", [-2, 2])
def test_a_tilted_cell_is_one_too(degrees):
    picture, matrix = turned(cell(SIDES[0]), degrees)
    written = cv2.warpAffine(WRITTEN.astype(np.uint8), matrix, picture.shape[::-1])
    crop = (slice(16, -16), slice(8, -8))  # so that the lines reach the edges
    assert is_found_whole(find_line(np.ascontiguousarray(picture[crop])), written[crop] > 0)


def test_a_digit_that_crosses_its_cells_line_stays_whole():
    written = np.zeros(SHAPE, bool)
    written[TOP + 24 : TOP + 84, LEFT:-LEFT] = INK >= 128
    assert is_found_whole(find_line(with_grain(cell(SIDES[0], written), deviation=3)), written)


def test_a_narrow_cell_is_one_too():
    digit = number("7", height=60)
    written = np.zeros((HEIGHT, 2 * LEFT + digit.shape[1]), bool)
    written[TOP : TOP + 60, LEFT:-LEFT] = digit >= 128
    picture = on_paper(255 * written.astype(np.uint8), margin=0)
    picture[TOP : TOP + 60, :20] = on_paper(NEIGHBOR[:, -20:], margin=0)
    for x in (35, written.shape[1] - 35):
        cv2.line(picture, (x, 0), (x, HEIGHT), 90, 2)
    for y in (ABOVE, BELOW):
        cv2.line(picture, (0, y), (written.shape[1], y), 90, 2)
    assert is_found_whole(find_line(picture), written)


def test_digits_in_boxes_of_their_own_are_all_of_the_number():
    digits = [number(text, height=60) for text in "532"]
    boxes = [cv2.copyMakeBorder(digit, 15, 15, 18, 18, cv2.BORDER_CONSTANT, value=0) for digit in digits]
    written = np.hstack(boxes)
    picture = on_paper(written, margin=0)
    for x in np.cumsum([box.shape[1] for box in boxes])[:-1].tolist():
        cv2.line(picture, (x, 0), (x, picture.shape[0]), 90, 2)
    for y in (6, picture.shape[0] - 7):
        cv2.line(picture, (0, y), (picture.shape[1], y), 90, 2)
    assert is_found_whole(find_line(picture), written >= 128)


def test_what_is_whole_beyond_a_line_is_not_taken_away():
    others = np.zeros(SHAPE, np.uint8)
    others[TOP : TOP + 60, 10:16] = 255  # a 1
    line = find_line(cell(SIDES[0], others=others))
    assert line.box is not None
    assert line.box.x <= 11


def test_what_is_whole_beyond_a_wall_leaves_the_number_to_a_person():
    others = np.zeros(SHAPE, np.uint8)
    others[TOP : TOP + 60, 2:16] = NEIGHBOR[:, :14]
    assert not find_line(cell(SIDES[0], others=others)).is_alone


@pytest.mark.parametrize("grain", [0, 3])
def test_a_wall_without_rules_in_view_leaves_the_number_to_a_person(grain):
    picture = cell(["before", "after"])
    assert not find_line(with_grain(picture, deviation=grain) if grain else picture).is_alone


@pytest.mark.parametrize("sides", [["above", "below"], ["before", "after"], SIDES[0]], ids=" ".join)
def test_lines_with_nothing_beyond_them_leave_it_alone(sides):
    assert find_line(with_grain(cell(sides, others=np.zeros(SHAPE, np.uint8)), deviation=3)).is_alone


@pytest.mark.parametrize("text", ["53", "532", "53298"])
def test_digits_in_boxes_whose_walls_leave_the_picture_are_one_number(text):
    boxes = [np.pad(digit, ((15, 15), (18, 18))) for digit in (number(one, height=60) for one in text)]
    picture = on_paper(np.hstack(boxes), margin=0)
    for x in np.cumsum([box.shape[1] for box in boxes])[:-1].tolist():
        cv2.line(picture, (x, 0), (x, picture.shape[0]), 90, 2)
    assert find_line(with_grain(picture, deviation=3)).is_alone


def test_a_tall_1_in_a_picture_cut_along_its_ink_is_a_digit():
    digits = np.pad(INK, ((4, 4), (0, 0)))
    digits[:, 70:75] = 255
    assert find_line(with_grain(on_paper(digits, margin=0), deviation=3)).is_alone


def test_a_1_between_rules_is_no_wall_of_a_cell():
    written = np.zeros(SHAPE, bool)
    written[TOP : TOP + 60, LEFT:-LEFT] = INK >= 128
    written[ABOVE:BELOW, BEFORE - 1 : BEFORE + 2] = True
    written[TOP : TOP + 60, 0:24] = NEIGHBOR[:, -24:] >= 128
    line = find_line(cell(["above", "below"], written, np.zeros(SHAPE, np.uint8)))
    assert line.box is not None
    assert line.box.x == 0


def test_the_bar_and_the_stem_of_a_4_that_was_cut_out_closely_are_no_lines_of_a_table():
    written = np.zeros((100, 80), np.uint8)
    for start, end in (((30, 0), (2, 62)), ((0, 62), (80, 62)), ((54, 0), (54, 100))):
        cv2.line(written, start, end, 1, 4)
    assert ruled_lines(written, least_share=0.4).table is None


def test_a_1_through_a_single_rule_from_edge_to_edge_stays():
    written = np.zeros((80, 320), np.uint8)
    written[10:70, 90:-10] = cv2.resize(INK, (220, 60))
    written[:, 40:44] = 255
    picture = on_paper(written, margin=0)
    cv2.line(picture, (0, 68), (320, 68), 90, 4)
    line = find_line(with_grain(picture, deviation=3))
    assert line.box is not None
    assert line.box.x <= 42


DIGIT = number("5", height=60)
SIDE = DIGIT.shape[0] + 2 * TOP


def cell_of_a_digit(sides: list[str], digit: np.ndarray) -> np.ndarray:
    """A cell with one digit, or nothing, and on these sides lines and a piece of another digit; dark on light."""
    ink = np.zeros((SIDE, SIDE), np.uint8)
    left = (SIDE - digit.shape[1]) // 2
    ink[TOP : TOP + 60, left : left + digit.shape[1]] = digit
    pieces = {
        "above": (slice(0, 20), slice(left, left + NEIGHBOR.shape[1]), NEIGHBOR[-20:]),
        "below": (slice(SIDE - 20, SIDE), slice(left, left + NEIGHBOR.shape[1]), NEIGHBOR[:20]),
        "before": (slice(TOP, TOP + 60), slice(0, 20), NEIGHBOR[:, -20:]),
        "after": (slice(TOP, TOP + 60), slice(SIDE - 20, SIDE), NEIGHBOR[:, :20]),
    }
    for side in sides:
        rows, columns, piece = pieces[side]
        ink[rows, columns] = np.maximum(ink[rows, columns], piece)
    picture = on_paper(ink, margin=0)
    near, far = 30, SIDE - 30
    lines = {
        "above": ((0, near), (SIDE, near)),
        "below": ((0, far), (SIDE, far)),
        "before": ((near, 0), (near, SIDE)),
        "after": ((far, 0), (far, SIDE)),
    }
    for side in sides:
        cv2.line(picture, *lines[side], 90, 2)
    return picture


@pytest.mark.parametrize("grain", [0, 3])
@pytest.mark.parametrize("sides", SIDES, ids=" ".join)
def test_a_digit_in_a_cell_is_alone(sides, grain):
    picture = cell_of_a_digit(sides, DIGIT)
    ink = find_ink(with_grain(picture, deviation=grain) if grain else picture)
    assert ink.box is not None
    left = (SIDE - DIGIT.shape[1]) // 2
    assert abs(ink.box.x - left) <= 2
    assert abs(ink.box.y - TOP) <= 2
    assert abs(ink.box.width - DIGIT.shape[1]) <= 4
    assert abs(ink.box.height - 60) <= 4


@pytest.mark.parametrize("sides", SIDES, ids=" ".join)
def test_a_cell_without_a_digit_is_blank(sides):
    picture = cell_of_a_digit(sides, np.zeros_like(DIGIT))
    assert find_ink(with_grain(picture, deviation=3)).box is None


def level_lines(*rows: int, width: int = 160) -> list[Rule]:
    return [Rule(0, width, 0.0, float(row), 2.0) for row in rows]


def test_what_is_beyond_a_cell_is_not_more_lines_of_squared_paper():
    around = level_lines(30, 130)
    pieces, lines = np.zeros((160, 160), np.uint8), np.zeros((160, 160), np.uint8)
    pieces[140:, 60:100] = 1
    lines[150:152] = 1
    assert beyond_cell(pieces, around, around) is not None
    assert beyond_cell(pieces, level_lines(30, 130, 150), around) is None
    assert beyond_cell(lines, around, around) is None
