from collections.abc import Callable

import cv2
import numpy as np
import pytest

from service.forms.draw import draw_page
from service.forms.fields import cut_fields
from service.forms.page import BlankPage
from service.forms.reading import read_fields
from service.forms.registration import register
from service.forms.template import parse_template

TEMPLATE = parse_template(
    {
        "fields": [
            {"name": name, "kind": "checkbox", "box": {"x": x, "y": 0.3, "width": 0.024, "height": 0.017}}
            for name, x in (("first", 0.3), ("second", 0.36), ("third", 0.7))
        ]
    }
)
BLANK = draw_page(TEMPLATE, 1)
PAGE = BlankPage(TEMPLATE.pages[0], BLANK, [field.box for field in TEMPLATE.fields])
BOX = PAGE.rect(TEMPLATE.fields[2].box)
SIDE = BOX.right - BOX.left
INK = 60


def line(picture: np.ndarray, *points: tuple[float, float]) -> None:
    """A stroke through points that are given in sides of the third box, from its top left."""
    ends = np.array([(BOX.left + x * SIDE, BOX.top + y * SIDE) for x, y in points])
    cv2.polylines(picture, [np.rint(ends).astype(np.int32)], False, INK, 5, cv2.LINE_AA)


def word(picture: np.ndarray, text: str, x: float, y: float) -> None:
    """Letters of 3.5 mm, from a place that is given likewise."""
    place = (round(BOX.left + x * SIDE), round(BOX.top + y * SIDE))
    cv2.putText(picture, text, place, cv2.FONT_HERSHEY_SIMPLEX, 1.3, INK, 4, cv2.LINE_AA)


def cross(picture: np.ndarray) -> None:
    line(picture, (0.1, 0.1), (0.9, 0.9))
    line(picture, (0.9, 0.1), (0.1, 0.9))


def large_cross(picture: np.ndarray) -> None:
    line(picture, (-0.4, -0.4), (1.4, 1.4))
    line(picture, (1.4, -0.4), (-0.4, 1.4))


def long_tick(picture: np.ndarray) -> None:
    line(picture, (0.1, 0.4), (0.4, 0.9), (2.2, -1.2))


def cross_with_a_note(picture: np.ndarray) -> None:
    cross(picture)
    word(picture, "see 17", 1.6, 0.9)


def cross_between_columns(picture: np.ndarray) -> None:
    cross(picture)
    word(picture, "1984", -4.2, 0.9)
    word(picture, "17", 1.8, 0.9)


def ring(picture: np.ndarray) -> None:
    """The edge of a round stamp runs through the box, and its words stand beside that."""
    center = (round(BOX.left + 0.5 * SIDE), round(BOX.top + 4.0 * SIDE))
    cv2.circle(picture, center, round(3.5 * SIDE), INK, 5, cv2.LINE_AA)
    cv2.circle(picture, center, round(2.2 * SIDE), INK, 5, cv2.LINE_AA)
    word(picture, "OFFICE", -1.5, 1.7)


def date(picture: np.ndarray) -> None:
    word(picture, "12 MAI 2026", -3.0, 0.85)


def words_in_a_frame(picture: np.ndarray) -> None:
    line(picture, (-3.0, -1.5), (4.0, -1.5), (4.0, 2.2), (-3.0, 2.2), (-3.0, -1.5))
    word(picture, "RECEIVED", -2.0, -0.2)
    word(picture, "4 MAI 2026", -2.5, 0.9)
    word(picture, "REG. 17", -1.8, 1.9)


@pytest.mark.parametrize("tick", [cross, large_cross, long_tick, cross_with_a_note, cross_between_columns])
def test_a_tick_is_accepted_however_large_and_with_notes_beside_it(tick: Callable[[np.ndarray], None]) -> None:
    assert read(tick) == ("checked", "accepted", None)


@pytest.mark.parametrize("stamp", [ring, date, words_in_a_frame])
def test_a_box_under_a_stamp_goes_to_a_person(stamp: Callable[[np.ndarray], None]) -> None:
    value, decision, reason = read(stamp)
    assert (value, decision) == ("checked", "review")
    assert reason in ("overwritten", "misplaced")  # the latter where the label beside the box is covered, too


def test_large_ticks_in_boxes_side_by_side_are_no_stamp() -> None:
    picture = BLANK.copy()
    for field in TEMPLATE.fields[:2]:
        box = PAGE.rect(field.box)
        cv2.line(picture, (box.left - 12, box.top - 12), (box.right + 12, box.bottom + 12), INK, 5, cv2.LINE_AA)
        cv2.line(picture, (box.right + 12, box.top - 12), (box.left - 12, box.bottom + 12), INK, 5, cv2.LINE_AA)
    readings = read_fields(cut_fields(register(picture, PAGE), PAGE, TEMPLATE.fields), [], [], threshold=0.9)
    assert [reading.decision for reading in readings[:2]] == ["accepted", "accepted"]


def read(mark: Callable[[np.ndarray], None]) -> tuple[str, str, str | None]:
    """Value, decision and reason of the third box with a mark in it."""
    picture = BLANK.copy()
    mark(picture)
    *_, reading = read_fields(cut_fields(register(picture, PAGE), PAGE, TEMPLATE.fields), [], [], threshold=0.9)
    return reading.value, reading.decision, reading.reason
