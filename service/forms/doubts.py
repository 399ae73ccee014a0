"""What speaks against a reading, however sure the recognizer was: another one, or the page itself."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from service.forms.cells import Cell
from service.forms.contents import asked_cells
from service.forms.fields import CutField
from service.forms.fillers import is_dash
from service.forms.template import FieldKind
from service.forms.values import FieldReading
from service.recognition.policy import Decision, Reason

LIGHT = 0.15  # times a page's typical ink in a cell: the rest of a line, or a speck; a 1 in a fine pen has 0.19
HEAVY = 2.5  # times the same: two digits lie on each other there
MOST_CRUMBS = 0.25  # heights of a cell: more than dusty paper leaves there by fax (0.2), less than most broken digits
CONTRADICTION = 0.5  # confidence of a second opinion from which it speaks against what was accepted


def with_second_opinion(from_cells: FieldReading, from_line: FieldReading) -> FieldReading:
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


def typical_fill_of(cut: Sequence[CutField]) -> float:
    """How much of a cell is ink in the middle of all that are written in, 0 to 1; 0 where none is."""
    fills = [cell.fill for field in cut for cell in asked_cells(field)]
    return float(np.median(fills)) if fills else 0.0


def _is_no_number(cell: Cell) -> bool:
    """Whether a stroke goes on beyond a cell as none of a digit does; a dash may go through all cells."""
    return cell.runs_far or (cell.is_struck and not is_dash(cell.ink))


def checked_against_page(reading: FieldReading, field: CutField, typical_fill: float) -> FieldReading:
    """Send to a person what the page itself speaks against, however sure the recognizer was."""
    if reading.decision is not Decision.ACCEPTED:
        return reading
    if not field.is_in_place:
        return replace(reading, decision=Decision.REVIEW, reason=Reason.MISPLACED)
    if field.is_pale:
        return replace(reading, decision=Decision.REVIEW, reason=Reason.UNCERTAIN)
    cells = asked_cells(field)
    if reading.digits and any(cell.fill > HEAVY * typical_fill for cell in cells):
        return replace(reading, decision=Decision.REVIEW, reason=Reason.OVERWRITTEN)
    if field.is_stamped and reading.value == "checked":
        return replace(reading, decision=Decision.REVIEW, reason=Reason.OVERWRITTEN)
    is_more = field.has_beside or any(_is_no_number(cell) for cell in field.cells)
    if is_more and field.field.kind is not FieldKind.CHECKBOX:
        return replace(reading, decision=Decision.REVIEW, reason=Reason.NOT_A_DIGIT)
    if any(cell.is_partly_hidden or cell.has_faint_mark or cell.crumbs >= MOST_CRUMBS for cell in field.cells):
        return replace(reading, decision=Decision.REVIEW, reason=Reason.UNCERTAIN)
    of_digits = {digit.box for digit in reading.digits}
    if any(cell.fill < LIGHT * typical_fill for cell in cells if cell.box in of_digits):
        return replace(reading, decision=Decision.REVIEW, reason=Reason.UNCERTAIN)
    return reading
