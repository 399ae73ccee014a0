"""What the cells of a field hold: a digit, a mark that fills them up, or something between the two."""

from collections.abc import Sequence
from enum import Enum, auto

from service.forms.cells import Cell
from service.forms.fields import CutField
from service.forms.fillers import FAIR, is_cross, is_dash
from service.forms.template import FieldKind
from service.recognition.policy import Decision
from service.recognition.prediction import DigitReading

DIGIT_KINDS = (FieldKind.DIGIT, FieldKind.BOXED_DIGITS)


class Content(Enum):
    """What a cell holds."""

    NOTHING = auto()
    MARK = auto()  # a cross or a dash that fills a cell up
    DOUBTFUL_MARK = auto()  # something struck out, a letter, scribble, or a very bad digit
    DIGIT = auto()
    CROSSED_DIGIT = auto()  # read as a digit, and drawn like a cross


DIGITS = (Content.DIGIT, Content.CROSSED_DIGIT)
MARKS = (Content.MARK, Content.DOUBTFUL_MARK)


def asked_cells(field: CutField) -> list[Cell]:
    """The cells that a digit recognizer is asked about."""
    return [cell for cell in field.cells if not cell.is_blank] if field.field.kind in DIGIT_KINDS else []


def contents_of(field: CutField, readings: Sequence[DigitReading]) -> list[Content]:
    """What those cells hold that were asked about."""
    return [content_of(cell, reading) for cell, reading in zip(asked_cells(field), readings, strict=True)]


def content_of(cell: Cell, reading: DigitReading | None) -> Content:
    """What a cell holds, from its shape and from what the digit recognizer says.

    A mark at the edge of a number is left out of it, so that a badly drawn digit must not be taken for one: where only
    one of the two speaks of a mark, it is a doubtful one.
    """
    if reading is None:
        return Content.NOTHING
    if is_dash(cell.ink):
        return Content.MARK
    if reading.digit is None:
        return Content.MARK if is_cross(cell.ink, FAIR) else Content.DOUBTFUL_MARK
    is_accepted = reading.decision is Decision.ACCEPTED
    if is_cross(cell.ink):
        # Crosses that are taken for a digit are taken for an 8; but an 8 has loops, and a cross has none.
        return Content.CROSSED_DIGIT if is_accepted and reading.digit != 8 else Content.MARK
    if reading.digit == 8 and is_cross(cell.ink, FAIR):
        return Content.CROSSED_DIGIT if is_accepted else Content.MARK
    return Content.DIGIT
