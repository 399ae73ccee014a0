"""The number that stands in boxes, one digit in each."""

import heapq
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from service.forms.cells import Cell
from service.forms.contents import DIGITS, MARKS, Content, content_of
from service.forms.fields import CutField
from service.forms.values import FieldDigit, FieldReading, empty, unread
from service.recognition.belief import BROKEN_PRIOR
from service.recognition.constraint import Constraint
from service.recognition.number import ACCEPTABLE_MASS, PLAUSIBLE_MASS, TextAlternative
from service.recognition.policy import Decision, Reason, decide
from service.recognition.prediction import DigitReading

NUM_ALTERNATIVES = 8  # readings of a field that are kept; rules choose among them
MAX_COMBINATIONS = 200  # of digits' alternatives that are tried against a constraint


@dataclass(frozen=True, slots=True)
class _ReadCell:
    cell: Cell
    content: Content
    reading: DigitReading | None


def from_cells(field: CutField, readings: Sequence[DigitReading], threshold: float | None) -> FieldReading:
    """Put a number together from its digits.

    Args:
        field: with cells.
        readings: of those cells that were asked about.
        threshold: from which a value is accepted; None where `max_error` is unproven.
    """
    cells = _read_cells(field, readings)
    contents = [cell.content for cell in cells]
    places = [place for place, content in enumerate(contents) if content in DIGITS]
    if not places:
        # One cell with a mark in it was meant to say something; several cells of plain fillers are filled up.
        is_empty = Content.DOUBTFUL_MARK not in contents and not (len(cells) == 1 and Content.MARK in contents)
        return empty(field, threshold) if is_empty else unread(field, Reason.NOT_A_DIGIT, threshold)
    digits = tuple(_field_digit(cells[place]) for place in places)
    candidates = _candidates(digits)
    alternatives = tuple(candidates[:NUM_ALTERNATIVES])
    text, confidence, of_constraint = _choose(candidates, field.field.constraint)
    if text is None:
        return unread(field, Reason.CONSTRAINT_FAILED, threshold, alternatives=alternatives)
    _, of_number = decide(confidence, threshold)
    doubts = (
        _doubt_about_cells(contents, places),
        of_number,
        _doubt_about_digits(cells[place] for place in places),
        of_constraint,
    )
    reason = next((doubt for doubt in doubts if doubt is not None), None)
    return FieldReading(
        field.field,
        text,
        confidence,
        Decision.ACCEPTED if reason is None else Decision.REVIEW,
        reason,
        tuple(_chosen(digit, int(character)) for digit, character in zip(digits, text, strict=True)),
        field.box,
        alternatives,
        threshold,
    )


def _read_cells(field: CutField, readings: Sequence[DigitReading]) -> list[_ReadCell]:
    answers = iter(readings)
    of_cells = [None if cell.is_blank else next(answers) for cell in field.cells]
    return [
        _ReadCell(cell, content_of(cell, reading), reading) for cell, reading in zip(field.cells, of_cells, strict=True)
    ]


def _doubt_about_cells(contents: Sequence[Content], places: Sequence[int]) -> Reason | None:
    """Why a person is to look at what stands among and between the digits."""
    between = [content for content in contents[places[0] : places[-1]] if content not in DIGITS]
    is_doubtful = Content.DOUBTFUL_MARK in contents or Content.CROSSED_DIGIT in contents
    if is_doubtful or any(content in MARKS for content in between):
        return Reason.NOT_A_DIGIT
    # An empty cell inside a number: whether a digit is missing cannot be seen.
    return Reason.UNCERTAIN if between else None


def _doubt_about_digits(cells: Iterable[_ReadCell]) -> Reason | None:
    """Why the first digit that was not accepted by itself was not."""
    for cell in cells:
        if cell.reading is not None and cell.reading.decision is not Decision.ACCEPTED:
            return cell.reading.reason or Reason.UNCERTAIN
    return None


def _field_digit(cell: _ReadCell) -> FieldDigit:
    reading = cell.reading
    if reading is None or reading.digit is None:
        raise ValueError("The cell holds no digit.")
    return FieldDigit(reading.digit, reading.confidence, cell.cell.box, reading.alternatives)


def _chosen(digit: FieldDigit, value: int) -> FieldDigit:
    """The digit, read as another one where a constraint chose so."""
    if digit.digit == value:
        return digit
    prob = next((alternative.confidence for alternative in digit.alternatives if alternative.digit == value), 0.0)
    return FieldDigit(value, prob, digit.box, digit.alternatives)


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
