"""From the cells of a page to the values of its fields.

Recognizers are asked in between, so reading goes in steps, each of them pure:

    cut = cut_fields(registration, page, fields)
    digits = answers of a digit recognizer to digit_inks(cut)
    numbers = answers of a number recognizer to number_questions(cut, digits)
    readings = read_fields(cut, digits, numbers, max_error's threshold)

All cells of a page can share batches in this way, and nothing here knows where recognizers run.
"""

from collections.abc import Sequence
from dataclasses import replace

from service.forms.boxed import from_cells
from service.forms.contents import asked_cells
from service.forms.doubts import checked_against_page, typical_fill_of, with_second_opinion
from service.forms.fields import CutField
from service.forms.questions import is_line, wants_line, with_readings
from service.forms.template import FieldKind
from service.forms.values import FieldDigit, FieldReading, empty, unread
from service.recognition.number import NumberReading
from service.recognition.policy import Decision, Reason, decide
from service.recognition.prediction import DigitReading

CHECKED_EXTENT = 0.4  # of a checkbox' side, from which a mark is a tick
TOUCHED_EXTENT = 0.2  # below it is a speck; between the two a person looks
BLACKED_OUT = 0.65  # share of a checkbox that is ink, from which a tick may have been taken back
CLEAR_CHECKBOX, UNCLEAR_CHECKBOX = 0.999, 0.6  # not measured on people's ticks; set so that clear ones are accepted


def read_fields(
    cut: Sequence[CutField],
    digits: Sequence[DigitReading],
    numbers: Sequence[NumberReading],
    *,
    threshold: float | None,
) -> list[FieldReading]:
    """Put the values of fields together.

    Args:
        cut: the fields of a page.
        digits: readings of `digit_inks(cut)`.
        numbers: readings of `number_questions(cut, digits)`; empty where there is no number recognizer.
        threshold: of the digit recognizer, from which a digit is accepted; None where `max_error` is unproven.
    """
    lines = iter(numbers)
    typical_fill = typical_fill_of(cut)
    return [
        checked_against_page(
            _read_field(field, readings, next(lines, None) if wants_line(field, readings) else None, threshold),
            field,
            typical_fill,
        )
        for field, readings in with_readings(cut, digits)
    ]


def _read_field(
    field: CutField, readings: Sequence[DigitReading], number: NumberReading | None, threshold: float | None
) -> FieldReading:
    if field.field.kind is FieldKind.CHECKBOX:
        return _read_checkbox(field, threshold)
    if is_line(field, readings):
        if number is None:
            return unread(field, Reason.SEVERAL_DIGITS, threshold)
        read = _from_number(field, number)
        is_crowded = field.field.kind is FieldKind.BOXED_DIGITS and len(read.value) > len(asked_cells(field))
        if is_crowded and len(asked_cells(field)) < len(field.cells) and read.decision is Decision.ACCEPTED:
            # Nobody crams two digits into a cell while others are free: one of them may be struck out.
            return replace(read, decision=Decision.REVIEW, reason=Reason.SEVERAL_DIGITS)
        return read
    first = from_cells(field, readings, threshold)
    return first if number is None else with_second_opinion(first, _from_number(field, number))


def _from_number(field: CutField, number: NumberReading) -> FieldReading:
    decision, reason = number.decision, number.reason
    is_filler = all(place in (0, len(number.text)) for place in number.others)
    if not number.text:
        if reason is Reason.BLANK:
            return empty(field, number.threshold)
        return unread(field, reason or Reason.UNCERTAIN, number.threshold, alternatives=number.alternatives)
    if reason is Reason.NOT_A_DIGIT and is_filler:
        # What stands before or after the number fills the field up.
        decision, reason = decide(number.confidence, number.threshold)
    digits = tuple(FieldDigit(one.digit, one.confidence, None, one.alternatives) for one in number.digits)
    return FieldReading(
        field.field,
        number.text,
        number.confidence,
        decision,
        reason,
        digits,
        field.box,
        number.alternatives,
        number.threshold,
    )


def _read_checkbox(field: CutField, threshold: float | None) -> FieldReading:
    cell = field.cells[0]
    extent = 0.0 if cell.is_blank else max(cell.ink.shape) / max(1.0, cell.side_px)
    value = "checked" if extent >= (CHECKED_EXTENT + TOUCHED_EXTENT) / 2 else "unchecked"
    is_clear = (extent >= CHECKED_EXTENT or extent <= TOUCHED_EXTENT) and cell.fill < BLACKED_OUT
    decision, reason = (Decision.ACCEPTED, None) if is_clear else (Decision.REVIEW, Reason.UNCERTAIN)
    if cell.fill >= BLACKED_OUT:
        reason = Reason.OVERWRITTEN
    confidence = CLEAR_CHECKBOX if is_clear else UNCLEAR_CHECKBOX
    return FieldReading(field.field, value, confidence, decision, reason, (), field.box, (), threshold)
