"""What the recognizers are asked about a page, and which answer belongs to which field."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from service.forms.contents import Content, asked_cells, contents_of
from service.forms.fields import CutField
from service.forms.fillers import without_outer_crosses
from service.forms.template import FieldKind
from service.recognition.constraint import Constraint
from service.recognition.image import GrayImage
from service.recognition.policy import Decision, Reason
from service.recognition.prediction import DigitReading

SURE_DIGIT = 0.98  # a digit of less is worth a second opinion, even where it would be accepted
CELL_GAP = 0.25  # of the tallest cell's ink: from one to the next where cells are put together to a line


@dataclass(frozen=True, slots=True)
class NumberQuestion:
    """A line for the number recognizer.

    Attributes:
        ink: uint8 (height, width), paper 0 and ink up to 255.
        constraint: what its number has to satisfy, or None.
    """

    ink: GrayImage
    constraint: Constraint | None


def digit_inks(cut: Sequence[CutField]) -> list[GrayImage]:
    """The cells that a digit recognizer is to read: uint8 (height, width) each, paper 0 and ink up to 255."""
    return [cell.ink for field in cut for cell in asked_cells(field)]


def number_questions(cut: Sequence[CutField], digits: Sequence[DigitReading]) -> list[NumberQuestion]:
    """The lines that a number recognizer is to read: free lines, and boxes about which the digits leave a doubt.

    Args:
        cut: the fields of a page.
        digits: readings of `digit_inks(cut)`.
    """
    return [
        _line_question(field) if is_line(field, readings) else _cells_question(field, readings)
        for field, readings in with_readings(cut, digits)
        if wants_line(field, readings)
    ]


def with_readings(
    cut: Sequence[CutField], digits: Sequence[DigitReading]
) -> Iterator[tuple[CutField, list[DigitReading]]]:
    """Each field with the readings of those of its cells that were asked about."""
    begin = 0
    for field in cut:
        end = begin + len(asked_cells(field))
        yield field, list(digits[begin:end])
        begin = end


def is_line(field: CutField, readings: Sequence[DigitReading]) -> bool:
    """Whether a field is read as one line, and not digit by digit."""
    if field.field.kind is FieldKind.NUMBER:
        return not field.line.is_blank
    is_crammed = any(reading.reason is Reason.SEVERAL_DIGITS for reading in readings)
    return field.field.kind is FieldKind.BOXED_DIGITS and is_crammed


def wants_line(field: CutField, readings: Sequence[DigitReading]) -> bool:
    """Whether the number recognizer is asked about a field: to read it, or for a second opinion."""
    if is_line(field, readings):
        return True
    if field.field.kind is not FieldKind.BOXED_DIGITS:
        return False
    return any(
        content in (Content.DOUBTFUL_MARK, Content.CROSSED_DIGIT)
        or (content is Content.DIGIT and (reading.decision is not Decision.ACCEPTED or reading.confidence < SURE_DIGIT))
        for content, reading in zip(contents_of(field, readings), readings, strict=True)
    )


def _line_question(field: CutField) -> NumberQuestion:
    """A field as the line that it is."""
    if field.field.kind is FieldKind.NUMBER:
        return NumberQuestion(without_outer_crosses(field.line.ink), field.field.constraint)
    # Crammed or not, there is one digit per cell at the most.
    return NumberQuestion(field.line.ink, field.field.constraint or Constraint(max_length=len(field.cells)))


def _cells_question(field: CutField, readings: Sequence[DigitReading]) -> NumberQuestion:
    """The cells that may hold digits, put together to a line: as near to each other as people write, without fillers.

    How many digits there are is known, unless something may be a digit or not.
    """
    contents = contents_of(field, readings)
    inks = [cell.ink for cell, content in zip(asked_cells(field), contents, strict=True) if content is not Content.MARK]
    is_known = Content.DOUBTFUL_MARK not in contents
    count = Constraint(length=len(inks)) if is_known else Constraint(max_length=len(inks))
    return NumberQuestion(_joined(inks), field.field.constraint or count)


def _joined(inks: Sequence[GrayImage]) -> GrayImage:
    """Pictures side by side, each in the middle of the height: uint8 (height, width)."""
    height = max(ink.shape[0] for ink in inks)
    gap = max(1, round(CELL_GAP * height))
    line = np.zeros((height, sum(ink.shape[1] + gap for ink in inks) - gap), np.uint8)
    left = 0
    for ink in inks:
        top = (height - ink.shape[0]) // 2
        line[top : top + ink.shape[0], left : left + ink.shape[1]] = ink
        left += ink.shape[1] + gap
    return line
