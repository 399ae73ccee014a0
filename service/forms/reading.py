"""From the cells of a page to the values of its fields.

Recognizers are asked in between, so reading goes in steps, each of them pure:

    cut = cut_fields(registration, page, fields)
    digits = answers of a digit recognizer to digit_inks(cut)
    numbers = answers of a number recognizer to number_questions(cut, digits)
    readings = read_fields(cut, digits, numbers, max_error's threshold)

All cells of a page can share batches in this way, and nothing here knows where recognizers run.
"""

import heapq
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto

import numpy as np

from service.forms.fields import Cell, CutField
from service.forms.fillers import FAIR, is_cross, is_dash, without_outer_crosses
from service.forms.template import Field, FieldKind
from service.recognition.belief import BROKEN_PRIOR
from service.recognition.constraint import Constraint
from service.recognition.image import GrayImage
from service.recognition.number import ACCEPTABLE_MASS, PLAUSIBLE_MASS, NumberReading, TextAlternative
from service.recognition.policy import Decision, Reason, decide
from service.recognition.prediction import Alternative, Box, DigitReading

DIGIT_KINDS = (FieldKind.DIGIT, FieldKind.BOXED_DIGITS)
NUM_ALTERNATIVES = 8  # readings of a field that are kept; rules choose among them
MAX_COMBINATIONS = 200  # of digits' alternatives that are tried against a constraint
CHECKED_EXTENT = 0.4  # of a checkbox' side, from which a mark is a tick
TOUCHED_EXTENT = 0.2  # below it is a speck; between the two a person looks
BLACKED_OUT = 0.65  # share of a checkbox that is ink, from which a tick may have been taken back
CLEAR_CHECKBOX, UNCLEAR_CHECKBOX = (
    0.999,
    0.6,
)  # not measured on people's ticks; set so that only clear ones are accepted
EMPTY_CONFIDENCE = 0.999  # likewise: nothing as dark as the page's writing stands in the field
LIGHT = 0.15  # times the same: the rest of a line, or a speck; a 1 in a fine pen has 0.19
HEAVY = 2.5  # times the page's typical ink in a cell: two digits lie on each other there
MOST_CRUMBS = 0.25  # heights of a cell: more than dusty paper leaves there by fax (0.2), less than most broken digits
SURE_DIGIT = 0.98  # a digit of less is worth a second opinion, even where it would be accepted
CONTRADICTION = 0.5  # confidence of a second opinion from which it speaks against what was accepted
CELL_GAP = 0.25  # of the tallest cell's ink: from one to the next where cells are put together to a line


@dataclass(frozen=True, slots=True)
class FieldDigit:
    """One digit of a value.

    Attributes:
        digit: 0 to 9.
        confidence: calibrated probability, 0 to 1, that it is right.
        box: of its cell, or of itself where there are none; in pixels of the picture, None where that is not known.
        alternatives: best first, the reading included.
    """

    digit: int
    confidence: float
    box: Box | None
    alternatives: tuple[Alternative, ...]


@dataclass(frozen=True, slots=True)
class FieldReading:
    """The value of one field.

    Attributes:
        field: of the template.
        value: digits; `checked` or `unchecked` for a checkbox; "" where nothing is written, or nothing can be read.
        confidence: calibrated probability, 0 to 1, that the value is right.
        decision: what to do with it.
        reason: None when accepted, but for an empty field: `blank`.
        digits: one per character of the value, as far as they are known.
        box: of the field, in pixels of the picture.
        alternatives: values that the field may have, best first.
        threshold: confidence from which readings are accepted; None where `max_error` is unproven.
        is_settled_by_rule: whether a rule chose the value among its alternatives.
    """

    field: Field
    value: str
    confidence: float
    decision: Decision
    reason: Reason | None
    digits: tuple[FieldDigit, ...]
    box: Box
    alternatives: tuple[TextAlternative, ...]
    threshold: float | None
    is_settled_by_rule: bool = False


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
    return [cell.ink for field in cut for cell in _asked_cells(field)]


def number_questions(cut: Sequence[CutField], digits: Sequence[DigitReading]) -> list[NumberQuestion]:
    """The lines that a number recognizer is to read: free lines, and boxes about which the digits leave a doubt.

    Args:
        cut: the fields of a page.
        digits: readings of `digit_inks(cut)`.
    """
    return [
        _line_question(field) if _is_line(field, readings) else _cells_question(field, readings)
        for field, readings in _with_readings(cut, digits)
        if _wants_line(field, readings)
    ]


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
    typical_fill = _typical_fill(cut)
    return [
        _careful(
            _read_field(field, readings, next(lines, None) if _wants_line(field, readings) else None, threshold),
            field,
            typical_fill,
        )
        for field, readings in _with_readings(cut, digits)
    ]


def _asked_cells(field: CutField) -> list[Cell]:
    return [cell for cell in field.cells if not cell.is_blank] if field.field.kind in DIGIT_KINDS else []


def _with_readings(
    cut: Sequence[CutField], digits: Sequence[DigitReading]
) -> Iterator[tuple[CutField, list[DigitReading]]]:
    """Each field with the readings of those of its cells that were asked about."""
    begin = 0
    for field in cut:
        end = begin + len(_asked_cells(field))
        yield field, list(digits[begin:end])
        begin = end


def _is_line(field: CutField, readings: Sequence[DigitReading]) -> bool:
    """Whether a field is read as one line, and not digit by digit."""
    if field.field.kind is FieldKind.NUMBER:
        return not field.line.is_blank
    is_crammed = any(reading.reason is Reason.SEVERAL_DIGITS for reading in readings)
    return field.field.kind is FieldKind.BOXED_DIGITS and is_crammed


def _wants_line(field: CutField, readings: Sequence[DigitReading]) -> bool:
    """Whether the number recognizer is asked about a field: to read it, or for a second opinion."""
    if _is_line(field, readings):
        return True
    if field.field.kind is not FieldKind.BOXED_DIGITS:
        return False
    return any(
        content in (_Content.DOUBTFUL_MARK, _Content.CROSSED_DIGIT)
        or (
            content is _Content.DIGIT and (reading.decision is not Decision.ACCEPTED or reading.confidence < SURE_DIGIT)
        )
        for content, reading in zip(_contents(field, readings), readings, strict=True)
    )


def _contents(field: CutField, readings: Sequence[DigitReading]) -> list["_Content"]:
    """What those cells hold that were asked about."""
    return [_content(cell, reading)[0] for cell, reading in zip(_asked_cells(field), readings, strict=True)]


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
    contents = _contents(field, readings)
    inks = [
        cell.ink for cell, content in zip(_asked_cells(field), contents, strict=True) if content is not _Content.MARK
    ]
    is_known = _Content.DOUBTFUL_MARK not in contents
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


def _read_field(
    field: CutField, readings: Sequence[DigitReading], number: NumberReading | None, threshold: float | None
) -> FieldReading:
    if field.field.kind is FieldKind.CHECKBOX:
        return _read_checkbox(field, threshold)
    if _is_line(field, readings):
        return _unread(field, Reason.SEVERAL_DIGITS, threshold) if number is None else _from_number(field, number)
    from_cells = _from_cells(field, readings, threshold)
    return from_cells if number is None else _with_second_opinion(from_cells, _from_number(field, number))


def _with_second_opinion(from_cells: FieldReading, from_line: FieldReading) -> FieldReading:
    """Digits about which there was a doubt, beside what the number recognizer reads in the whole field.

    Where both read the same and the second is sure, the doubt is gone: they are different networks that see different
    pictures. Where the second reads more than the first could, it is shown to a person; and where it reads something
    else than was accepted, a person decides.
    """
    if not from_line.value:
        return from_cells
    if from_cells.decision is Decision.ACCEPTED:
        is_contradicted = from_line.value != from_cells.value and from_line.confidence >= CONTRADICTION
        return _in_doubt(from_cells, from_line) if is_contradicted else from_cells
    if from_line.value == from_cells.value:
        return from_line if from_line.decision is Decision.ACCEPTED else from_cells
    if from_line.confidence <= from_cells.confidence and len(from_line.value) <= len(from_cells.value):
        return from_cells
    return _in_doubt(from_line, from_cells)


def _in_doubt(chosen: FieldReading, other: FieldReading) -> FieldReading:
    """A reading that another one speaks against, for review, with the alternatives of both."""
    known = {one.text for one in chosen.alternatives}
    others = tuple(one for one in other.alternatives if one.text not in known)
    return replace(
        chosen,
        decision=Decision.REVIEW,
        reason=other.reason or Reason.UNCERTAIN,
        alternatives=chosen.alternatives + others,
    )


def _unread(
    field: CutField, reason: Reason, threshold: float | None, *, alternatives: tuple[TextAlternative, ...] = ()
) -> FieldReading:
    return FieldReading(field.field, "", 0.0, Decision.REJECTED, reason, (), field.box, alternatives, threshold)


def _empty(field: CutField, threshold: float | None) -> FieldReading:
    """Nothing is written in a field, and that is a reading like others."""
    return FieldReading(
        field.field, "", EMPTY_CONFIDENCE, Decision.ACCEPTED, Reason.BLANK, (), field.box, (), threshold
    )


class _Content(Enum):
    """What a cell holds."""

    NOTHING = auto()
    MARK = auto()  # a cross or a dash that fills a cell up
    DOUBTFUL_MARK = auto()  # something struck out, a letter, scribble, or a very bad digit
    DIGIT = auto()
    CROSSED_DIGIT = auto()  # read as a digit, and drawn like a cross


_DIGITS = (_Content.DIGIT, _Content.CROSSED_DIGIT)
_MARKS = (_Content.MARK, _Content.DOUBTFUL_MARK)


@dataclass(frozen=True, slots=True)
class _ReadCell:
    cell: Cell
    content: _Content
    reading: DigitReading | None


def _from_cells(field: CutField, readings: Sequence[DigitReading], threshold: float | None) -> FieldReading:
    answers = iter(readings)
    cells = [_ReadCell(cell, *_content(cell, None if cell.is_blank else next(answers))) for cell in field.cells]
    contents = [cell.content for cell in cells]
    places = [index for index, content in enumerate(contents) if content in _DIGITS]
    if not places:
        # One cell with a mark in it was meant to say something; several cells of plain fillers are filled up.
        is_empty = _Content.DOUBTFUL_MARK not in contents and not (len(cells) == 1 and _Content.MARK in contents)
        return _empty(field, threshold) if is_empty else _unread(field, Reason.NOT_A_DIGIT, threshold)
    digits = tuple(_field_digit(cells[index]) for index in places)
    candidates = _candidates(digits)
    chosen, confidence, reason = _choose(candidates, field.field.constraint)
    if chosen is None:
        return _unread(field, Reason.CONSTRAINT_FAILED, threshold, alternatives=tuple(candidates[:NUM_ALTERNATIVES]))
    decision, why = decide(confidence, threshold)
    unsure = next(
        (
            reading
            for index in places
            if (reading := cells[index].reading) and reading.decision is not Decision.ACCEPTED
        ),
        None,
    )
    if decision is Decision.ACCEPTED and unsure is not None:
        decision, why = Decision.REVIEW, unsure.reason or Reason.UNCERTAIN
    if decision is Decision.ACCEPTED and reason is not None:
        decision, why = Decision.REVIEW, reason
    between = [content for content in contents[places[0] : places[-1]] if content not in _DIGITS]
    is_doubtful = _Content.DOUBTFUL_MARK in contents or _Content.CROSSED_DIGIT in contents
    if is_doubtful or any(content in _MARKS for content in between):
        decision, why = Decision.REVIEW, Reason.NOT_A_DIGIT
    elif between:  # an empty cell inside a number: whether a digit is missing cannot be seen
        decision, why = Decision.REVIEW, Reason.UNCERTAIN
    if chosen != "".join(str(digit.digit) for digit in digits):
        digits = tuple(
            FieldDigit(int(character), _prob_of(digit, int(character)), digit.box, digit.alternatives)
            for digit, character in zip(digits, chosen, strict=True)
        )
    return FieldReading(
        field.field,
        chosen,
        confidence,
        decision,
        why,
        digits,
        field.box,
        tuple(candidates[:NUM_ALTERNATIVES]),
        threshold,
    )


def _content(cell: Cell, reading: DigitReading | None) -> tuple[_Content, DigitReading | None]:
    """What a cell holds, from its shape and from what the digit recognizer says.

    A mark at the edge of a number is left out of it, so that a badly drawn digit must not be taken for one: where only
    one of the two speaks of a mark, it is a doubtful one.
    """
    if reading is None:
        return _Content.NOTHING, None
    if is_dash(cell.ink):
        return _Content.MARK, reading
    if reading.digit is None:
        return _Content.MARK if is_cross(cell.ink, FAIR) else _Content.DOUBTFUL_MARK, reading
    is_accepted = reading.decision is Decision.ACCEPTED
    if is_cross(cell.ink):
        # Crosses that are taken for a digit are taken for an 8; but an 8 has loops, and a cross has none.
        return _Content.CROSSED_DIGIT if is_accepted and reading.digit != 8 else _Content.MARK, reading
    if reading.digit == 8 and is_cross(cell.ink, FAIR):
        return _Content.CROSSED_DIGIT if is_accepted else _Content.MARK, reading
    return _Content.DIGIT, reading


def _field_digit(cell: _ReadCell) -> FieldDigit:
    reading = cell.reading
    if reading is None or reading.digit is None:
        raise ValueError("The cell holds no digit.")
    return FieldDigit(reading.digit, reading.confidence, cell.cell.box, reading.alternatives)


def _prob_of(digit: FieldDigit, value: int) -> float:
    return next((alternative.confidence for alternative in digit.alternatives if alternative.digit == value), 0.0)


def _candidates(digits: Sequence[FieldDigit]) -> list[TextAlternative]:
    """Numbers that the digits may make, best first; the product of their probabilities is the number's."""
    choices = [digit.alternatives for digit in digits]
    start = (0,) * len(choices)

    def prob(ranks: tuple[int, ...]) -> float:
        return math.prod(choice[rank].confidence for choice, rank in zip(choices, ranks, strict=True))

    queue = [(-prob(start), start)]
    seen = {start}
    found: list[TextAlternative] = []
    while queue and len(found) < MAX_COMBINATIONS:
        negative, ranks = heapq.heappop(queue)
        text = "".join(str(choice[rank].digit) for choice, rank in zip(choices, ranks, strict=True))
        found.append(TextAlternative(text, -negative))
        for place, rank in enumerate(ranks):
            following = (*ranks[:place], rank + 1, *ranks[place + 1 :])
            if rank + 1 < len(choices[place]) and following not in seen:
                seen.add(following)
                heapq.heappush(queue, (-prob(following), following))
    return found


def _choose(
    candidates: Sequence[TextAlternative], constraint: Constraint | None
) -> tuple[str | None, float, Reason | None]:
    """The best number that a field may hold, its probability, and why it is not to be accepted, if so.

    As for numbers that are read as one line: what satisfies the constraint is believed as far as it can be believed
    that the constraint holds at all.
    """
    best = candidates[0]
    if constraint is None:
        return best.text, best.confidence, None
    satisfying = [candidate for candidate in candidates if constraint.is_satisfied_by(candidate.text)]
    mass = sum(candidate.confidence for candidate in satisfying)
    if mass < PLAUSIBLE_MASS:
        return None, 0.0, Reason.CONSTRAINT_FAILED
    chosen = satisfying[0]
    confidence = chosen.confidence / (mass + BROKEN_PRIOR * max(0.0, 1.0 - mass))
    return chosen.text, min(1.0, confidence), None if mass >= ACCEPTABLE_MASS else Reason.UNCERTAIN


def _from_number(field: CutField, number: NumberReading) -> FieldReading:
    decision, reason = number.decision, number.reason
    is_filler = all(place in (0, len(number.text)) for place in number.others)
    if not number.text:
        if reason is Reason.BLANK:
            return _empty(field, number.threshold)
        return _unread(field, reason or Reason.UNCERTAIN, number.threshold, alternatives=number.alternatives)
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


def _typical_fill(cut: Sequence[CutField]) -> float:
    fills = [cell.fill for field in cut for cell in _asked_cells(field)]
    return float(np.median(fills)) if fills else 0.0


def _careful(reading: FieldReading, field: CutField, typical_fill: float) -> FieldReading:
    """Send to a person what the page itself speaks against, however sure the recognizer was."""
    if reading.decision is not Decision.ACCEPTED:
        return reading
    if not field.is_in_place:
        return replace(reading, decision=Decision.REVIEW, reason=Reason.MISPLACED)
    cells = _asked_cells(field)
    if reading.digits and any(cell.fill > HEAVY * typical_fill for cell in cells):
        return replace(reading, decision=Decision.REVIEW, reason=Reason.OVERWRITTEN)
    if any(cell.is_partly_hidden or cell.crumbs >= MOST_CRUMBS for cell in field.cells):
        return replace(reading, decision=Decision.REVIEW, reason=Reason.UNCERTAIN)
    of_digits = {digit.box for digit in reading.digits}
    if any(cell.fill < LIGHT * typical_fill for cell in cells if cell.box in of_digits):
        return replace(reading, decision=Decision.REVIEW, reason=Reason.UNCERTAIN)
    return reading
