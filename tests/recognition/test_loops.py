"""A circle or a box that was drawn around a digit or a number is not taken for a part of it."""

import cv2
import numpy as np
import pytest

from service.recognition.canvas import digit_canvas
from service.recognition.ink import find_ink
from service.recognition.line import find_line
from service.recognition.loops import loops_around_ink
from tests.recognition.drawing import PEN, in_shadow, stroke_overlap, with_grain
from tests.recognition.writing import ink_in_picture, number, on_paper, shares, turned


def circled(picture: np.ndarray, *, thickness: int = 4, from_deg: int = 10, to_deg: int = 375) -> np.ndarray:
    """The picture with an ellipse around its middle, drawn by hand: its ends do not meet."""
    drawn = picture.copy()
    height, width = drawn.shape
    axes = (round(0.46 * width), round(0.46 * height))
    cv2.ellipse(drawn, (width // 2, height // 2), axes, 2, from_deg, to_deg, PEN, thickness, cv2.LINE_AA)
    return drawn


def boxed(picture: np.ndarray, *, thickness: int = 4) -> np.ndarray:
    """The picture with a tilted box around its middle."""
    drawn = picture.copy()
    height, width = drawn.shape
    corners = cv2.boxPoints(((width / 2, height / 2), (0.86 * width, 0.82 * height), 2.0))
    cv2.polylines(drawn, [np.rint(corners).astype(np.int32)], True, PEN, thickness, cv2.LINE_AA)
    return drawn


def spread_out(text: str, *, height: int = 60) -> np.ndarray:
    """A number with much paper around it, dark on light."""
    return on_paper(number(text, height=height), margin=(height, height, 2 * height, 2 * height))


@pytest.mark.parametrize("spoil", [np.copy, lambda picture: with_grain(in_shadow(picture, depth=0.3))])
@pytest.mark.parametrize("draw", [circled, boxed])
@pytest.mark.parametrize("digit", list("0123456789"))
def test_a_digit_in_a_loop_is_found_alone(digit, draw, spoil) -> None:
    plain = spread_out(digit)
    picture = spoil(draw(plain))
    for seen in (picture, 255 - picture):
        assert stroke_overlap(digit_canvas(find_ink(seen).image), digit_canvas(find_ink(plain).image)) >= 0.75


@pytest.mark.parametrize("spoil", [np.copy, lambda picture: with_grain(picture, deviation=3)])
@pytest.mark.parametrize("draw", [circled, boxed])
def test_a_number_in_a_loop_is_found_alone(draw, spoil) -> None:
    plain = spread_out("4052718")
    picture = spoil(draw(plain))
    for seen in (picture, 255 - picture):
        line = find_line(seen)
        found, right = shares(ink_in_picture(line.image, line.to_picture, picture.shape), plain < 140)
        assert found >= 0.95
        assert right >= 0.9


def test_a_circled_digit_far_off_in_a_large_photograph_is_found_alone() -> None:
    small = circled(spread_out("5", height=60))
    picture = np.full((1400, 1000), 235, np.uint8)
    picture[1000 : 1000 + small.shape[0], 200 : 200 + small.shape[1]] = small
    box = find_ink(with_grain(picture)).box
    assert box.y == pytest.approx(1060, abs=4)
    assert box.height == pytest.approx(60, abs=8)


def strokes_of(*shapes: tuple[str, tuple[object, ...]]) -> np.ndarray:
    """Ink on 100 x 100 px, 0 or 1."""
    strokes = np.zeros((100, 100), np.uint8)
    for kind, arguments in shapes:
        getattr(cv2, kind)(strokes, *arguments)
    return strokes


RING = ("ellipse", ((50, 50), (32, 42), 0, 0, 360, 1, 4))
OPEN_RING = ("ellipse", ((50, 50), (32, 42), 0, 30, 330, 1, 4))


@pytest.mark.parametrize(
    "strokes",
    [
        strokes_of(RING),  # a 0
        strokes_of(RING, ("circle", ((50, 50), 5, 1, -1))),  # with a dot,
        strokes_of(RING, ("line", ((36, 66), (64, 34), 1, 4))),  # with a slash that ends before it
        strokes_of(RING, ("line", ((50, 66), (50, 94), 1, 4))),  # with a spur
        strokes_of(OPEN_RING, ("line", ((50, 35), (50, 65), 1, 4))),  # half open
        strokes_of(("rectangle", ((5, 5), (95, 95), 1, 24)), ("line", ((50, 35), (50, 65), 1, 4))),  # a bold 0
        strokes_of(RING, *(("ellipse", ((50, 50), (32 - inner, 42), 0, 100, 260, 1, 4)) for inner in range(8))),
        # The outline of a 4: its hole is no digit.
        strokes_of(
            ("polylines", ([np.array([[50, 2], [62, 2], [62, 58], [90, 58], [90, 70], [62, 70], [62, 98], [50, 98],
                                      [50, 70], [4, 70], [4, 58]])], True, 1, 2)),
            ("polylines", ([np.array([[50, 22], [50, 58], [20, 58]])], True, 1, 2)),
        ),
        # Squared paper, one of whose squares holds a dash.
        strokes_of(
            *(("line", ((at, 0), (at, 99), 1, 2)) for at in (10, 50, 90)),
            *(("line", ((0, at), (99, at), 1, 2)) for at in (10, 50, 90)),
            ("line", ((30, 16), (30, 44), 1, 6)),
        ),
        # Two cells of a form, a bar in one of them.
        strokes_of(
            ("rectangle", ((5, 20), (95, 80), 1, 2)), ("line", ((50, 20), (50, 80), 1, 2)),
            ("line", ((28, 32), (28, 68), 1, 6)),
        ),
        np.zeros((100, 100), np.uint8),
    ],
    ids=["zero", "dotted", "slashed", "spur", "open", "bold", "uneven", "outlined", "squares", "cells", "blank"],
)  # fmt: skip
def test_what_is_no_loop_around_ink_is_left(strokes) -> None:
    assert loops_around_ink(strokes) is None


@pytest.mark.parametrize(
    "inside",
    [
        [("line", ((52, 30), (48, 70), 1, 4))],  # a 1
        [("line", ((50, 30), (50, 48), 1, 4)), ("line", ((50, 54), (50, 70), 1, 4))],  # broken in two
        [("ellipse", ((50, 50), (14, 20), 0, 0, 360, 1, 4))],  # a 0
    ],
    ids=["one", "broken", "zero"],
)
def test_a_loop_is_told_from_what_is_inside(inside) -> None:
    around = strokes_of(RING)
    strokes = strokes_of(RING, *inside)
    assert np.array_equal(loops_around_ink(strokes).mask, around)


def test_loops_within_loops_are_all_found() -> None:
    outer, inner = ("rectangle", ((2, 2), (97, 97), 1, 2)), ("ellipse", ((50, 50), (36, 40), 0, 0, 360, 1, 3))
    strokes = strokes_of(outer, inner, ("line", ((50, 30), (50, 70), 1, 5)))
    assert np.array_equal(loops_around_ink(strokes).mask, strokes_of(outer, inner))


@pytest.mark.parametrize(
    "loop",
    [RING, ("rectangle", ((14, 6), (86, 94), 1, 4)), ("ellipse", ((50, 50), (40, 44), 0, 0, 352, 1, 3))],
    ids=["circle", "box", "gap"],
)
@pytest.mark.parametrize(
    "stroke",
    [("line", ((50, 30), (50, 96), 1, 6)), ("line", ((30, 30), (84, 62), 1, 6)), ("line", ((50, 2), (50, 98), 1, 6))],
    ids=["foot", "arm", "through"],
)
def test_what_touches_its_loop_or_runs_through_it_is_left(loop, stroke) -> None:
    """But for its end, where it runs along the line."""
    figure = [("line", ((36, 24), (64, 76), 1, 6)), ("line", ((64, 24), (36, 76), 1, 6)), stroke]
    strokes = strokes_of(loop, *figure)
    left = loops_around_ink(strokes).other_ink
    figure_alone, loop_alone = strokes_of(*figure), strokes_of(loop) & ~strokes_of(*figure)
    assert left[figure_alone > 0].mean() >= 0.9
    assert left[loop_alone > 0].mean() <= 0.1


def test_a_turned_box_around_a_number_leaves_nothing() -> None:
    plain = spread_out("907", height=50)
    picture, _ = turned(boxed(plain, thickness=3), 6.0)
    line = find_line(picture)
    expected, _ = turned(plain, 6.0)
    found, right = shares(ink_in_picture(line.image, line.to_picture, picture.shape), expected < 140)
    assert (found >= 0.95, right >= 0.9) == (True, True)


def test_a_soft_stroke_close_to_its_box_keeps_its_shape() -> None:
    strokes = np.full((48, 48), 255, np.uint8)
    cv2.line(strokes, (26, 4), (21, 43), 20, 5)
    strokes = cv2.GaussianBlur(strokes, (0, 0), 1.0)
    picture = np.pad(strokes, 4, constant_values=35)
    alone, found = find_ink(strokes).box, find_ink(picture).box
    assert found is not None
    assert alone is not None
    differences = (found.x - 4 - alone.x, found.y - 4 - alone.y, found.width - alone.width, found.height - alone.height)
    assert max(map(abs, differences)) <= 2
