from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest

from service.forms.cells import Cell
from service.forms.fields import CutField
from service.forms.questions import digit_inks, number_questions
from service.forms.reading import read_fields
from service.forms.template import parse_template
from service.forms.values import FieldReading
from service.recognition.number import NumberReading, TextAlternative
from service.recognition.policy import Decision, Reason
from service.recognition.prediction import Alternative, Box, DigitReading
from tests.forms.composing import cross

THRESHOLD = 0.8
BOX = Box(0, 0, 40, 60)
STROKE = np.zeros((40, 20), np.uint8)
STROKE[:, 6:14] = 255
CROSS = np.rint(cross(np.random.default_rng(2)) * 255).astype(np.uint8)
DASH = np.full((6, 40), 255, np.uint8)


def cell(ink: np.ndarray | None, *, fill: float = 0.1) -> Cell:
    if ink is None:
        return Cell(np.zeros((0, 0), np.uint8), BOX, 40, 0.0, is_partly_hidden=False, crumbs=0.0, faint=0.0)
    return Cell(ink, BOX, 40, fill, is_partly_hidden=False, crumbs=0.0, faint=0.0)


def cut_field(cells: list[Cell], *, kind: str = "boxed_digits", **more: Any) -> CutField:
    description: dict[str, Any] = {
        "name": "a",
        "kind": kind,
        "box": {"x": 0.1, "y": 0.1, "width": 0.3, "height": 0.05},
    } | more
    if kind == "boxed_digits":
        description["cells"] = len(cells)
    (field,) = parse_template({"fields": [description]}).fields
    line = cells[0] if all(one.is_blank for one in cells) else next(one for one in cells if not one.is_blank)
    return CutField(field, BOX, tuple(cells), line, is_in_place=True)


def sure(digit: int, confidence: float = 0.99) -> DigitReading:
    other = (digit + 1) % 10
    decision = Decision.ACCEPTED if confidence >= THRESHOLD else Decision.REVIEW
    reason = None if confidence >= THRESHOLD else Reason.UNCERTAIN
    alternatives = (Alternative(digit, confidence), Alternative(other, 1.0 - confidence))
    return DigitReading(digit, confidence, decision, reason, alternatives, THRESHOLD)


def refused(reason: Reason) -> DigitReading:
    return DigitReading(None, 0.0, Decision.REJECTED, reason, (), THRESHOLD)


def number(
    text: str, *, others: tuple[int, ...] = (), confidence: float = 0.95, reason: Reason | None = None
) -> NumberReading:
    decision = Decision.ACCEPTED if reason is None else Decision.REVIEW if text else Decision.REJECTED
    alternatives = (TextAlternative(text, confidence),) if text else ()
    return NumberReading(text, confidence, decision, reason, (), alternatives, True, False, others, THRESHOLD)


def read(field: CutField, digits: list[DigitReading], numbers: list[NumberReading] | None = None) -> FieldReading:
    assert len(digit_inks([field])) == len(digits)
    if numbers is not None:
        assert len(number_questions([field], digits)) == len(numbers)
    (reading,) = read_fields([field], digits, numbers or [], threshold=THRESHOLD)
    return reading


NOT = refused(Reason.NOT_A_DIGIT)


@pytest.mark.parametrize(
    ("inks", "digits", "value", "decision", "reason"),
    [
        ([STROKE] * 3, [sure(1), sure(2), sure(3)], "123", "accepted", None),
        ([None, STROKE, STROKE], [sure(4), sure(5)], "45", "accepted", None),  # empty cells before are left out
        ([STROKE, None, None], [sure(4)], "4", "accepted", None),  # and after
        ([CROSS, STROKE, STROKE], [NOT, sure(4), sure(5)], "45", "accepted", None),  # a filler
        ([CROSS, CROSS, STROKE], [sure(8), sure(8, 0.5), sure(5)], "5", "accepted", None),  # taken for an 8
        ([DASH, STROKE], [sure(1), sure(5)], "5", "accepted", None),
        ([None, None], [], "", "accepted", "blank"),
        ([CROSS, CROSS], [NOT, NOT], "", "accepted", "blank"),  # all filled up
        ([CROSS], [NOT], "", "rejected", "not_a_digit"),
        ([STROKE, STROKE], [NOT, sure(5)], "5", "review", "not_a_digit"),  # perhaps a badly drawn digit
        ([CROSS, STROKE], [sure(4), sure(5)], "45", "review", "not_a_digit"),  # drawn like a cross, read as a 4
        ([STROKE, CROSS, STROKE], [sure(4), NOT, sure(5)], "45", "review", "not_a_digit"),
        ([STROKE, None, STROKE], [sure(4), sure(5)], "45", "review", "uncertain"),  # is one missing?
        ([STROKE, STROKE], [sure(4), sure(5, 0.6)], "45", "review", "uncertain"),
        (
            [STROKE] * 2,
            [sure(4, 0.85), sure(5, 0.85)],
            "45",
            "review",
            "uncertain",
        ),  # each is sure enough, both are not
    ],
)
def test_boxed_digits(
    inks: list[np.ndarray | None], digits: list[DigitReading], value: str, decision: str, reason: str | None
) -> None:
    reading = read(cut_field([cell(ink) for ink in inks]), digits)
    assert (reading.value, reading.decision, reading.reason) == (value, decision, reason)
    assert "".join(str(digit.digit) for digit in reading.digits) == value


def test_the_confidence_of_a_value_is_that_of_all_its_digits_together() -> None:
    reading = read(cut_field([cell(STROKE)] * 2), [sure(1, 0.9), sure(2, 0.95)])
    assert reading.confidence == pytest.approx(0.855)
    assert [one.text for one in reading.alternatives][:2] == ["12", "22"]


def test_digits_crammed_into_one_box_are_read_as_a_line_and_doubted_while_others_are_free() -> None:
    field = cut_field([cell(STROKE), cell(None), cell(None)])
    reading = read(field, [refused(Reason.SEVERAL_DIGITS)], [number("253")])
    assert (reading.value, reading.decision, reading.reason) == ("253", "review", "several_digits")
    (question,) = number_questions([field], [refused(Reason.SEVERAL_DIGITS)])
    assert question.constraint is not None
    assert not question.constraint.is_satisfied_by("2531")


@pytest.mark.parametrize(
    ("answer", "value", "decision", "reason"),
    [
        (number("45"), "45", "accepted", None),  # both read the same
        (number("45", confidence=0.5, reason=Reason.UNCERTAIN), "45", "review", "uncertain"),
        (number("46"), "46", "review", "uncertain"),
        (number("46", confidence=0.3, reason=Reason.UNCERTAIN), "45", "review", "uncertain"),
        (number("", confidence=0.0, reason=Reason.NOT_A_DIGIT), "45", "review", "uncertain"),
    ],
)
def test_a_doubtful_digit_gets_a_second_opinion(
    answer: NumberReading, value: str, decision: str, reason: str | None
) -> None:
    reading = read(cut_field([cell(STROKE)] * 2), [sure(4), sure(5, 0.6)], [answer])
    assert (reading.value, reading.decision, reading.reason) == (value, decision, reason)


def test_what_was_no_digit_to_the_first_is_shown_as_the_second_reads_it() -> None:
    reading = read(cut_field([cell(STROKE)] * 2), [NOT, sure(5)], [number("25")])
    assert (reading.value, reading.decision, reading.reason) == ("25", "review", "not_a_digit")


def test_digits_that_leave_no_doubt_are_not_asked_about_twice() -> None:
    field = cut_field([cell(CROSS), cell(STROKE), cell(None)])
    assert number_questions([field], [NOT, sure(5)]) == []


def test_a_digit_that_is_accepted_and_not_quite_sure_is_asked_about_too() -> None:
    assert len(number_questions([cut_field([cell(STROKE)] * 2)], [sure(4), sure(5, 0.9)])) == 1


@pytest.mark.parametrize(
    ("answer", "value", "decision"),
    [
        (number("45"), "45", "accepted"),
        (number("46"), "45", "review"),  # speaks against it, and is less sure than the first
        (number("46", confidence=0.3), "45", "accepted"),  # hardly speaks against it
        (number("", confidence=0.0, reason=Reason.CONSTRAINT_FAILED), "45", "accepted"),
    ],
)
def test_what_was_accepted_is_reviewed_where_the_second_opinion_speaks_against_it(
    answer: NumberReading, value: str, decision: str
) -> None:
    reading = read(cut_field([cell(STROKE)] * 2), [sure(4), sure(5, 0.97)], [answer])
    assert (reading.value, reading.decision) == (value, decision)
    assert {one.text for one in reading.alternatives} >= {"45"}


def test_the_second_opinion_is_asked_about_the_digits_alone_side_by_side() -> None:
    field = cut_field([cell(CROSS), cell(STROKE), cell(None), cell(STROKE[5:])])
    (question,) = number_questions([field], [NOT, sure(4), sure(5, 0.6)])
    assert question.ink.shape == (STROKE.shape[0], 2 * STROKE.shape[1] + 10)  # a quarter of the height between them
    assert np.count_nonzero(question.ink) == np.count_nonzero(STROKE) + np.count_nonzero(STROKE[5:])
    assert question.constraint is not None
    assert [question.constraint.is_satisfied_by(text) for text in ("4", "45", "453")] == [False, True, False]


def test_where_something_may_be_no_digit_there_may_be_fewer() -> None:
    (question,) = number_questions([cut_field([cell(STROKE)] * 3)], [NOT, sure(4), sure(5)])
    assert question.constraint is not None
    assert [question.constraint.is_satisfied_by(text) for text in ("45", "245", "2453")] == [True, True, False]


def test_the_second_opinion_keeps_to_the_constraint_of_the_field() -> None:
    field = cut_field([cell(STROKE)] * 2, constraint={"pattern": "1[0-9]"})
    (question,) = number_questions([field], [sure(1), sure(5, 0.6)])
    assert question.constraint == field.field.constraint


def test_a_free_line_is_asked_about_without_the_crosses_that_fill_it_up() -> None:
    small = cv2.resize(CROSS, (14, 14), interpolation=cv2.INTER_AREA)
    line = np.zeros((40, 80), np.uint8)
    line[:, 50:70] = STROKE
    line[10:24, 5:19] = small
    field = replace(cut_field([cell(line)], kind="number"), line=cell(line))
    (question,) = number_questions([field], [])
    assert np.count_nonzero(question.ink) == np.count_nonzero(STROKE)


def test_crammed_digits_are_flagged_where_no_line_can_be_read() -> None:
    field = cut_field([cell(STROKE), cell(None)])
    (reading,) = read_fields([field], [refused(Reason.SEVERAL_DIGITS)], [], threshold=THRESHOLD)
    assert (reading.value, reading.decision, reading.reason) == ("", "rejected", "several_digits")


@pytest.mark.parametrize(
    ("answer", "value", "decision", "reason"),
    [
        (number("2", others=(0, 0), reason=Reason.NOT_A_DIGIT), "2", "accepted", None),  # x x 2
        (number("27", others=(2,), reason=Reason.NOT_A_DIGIT), "27", "accepted", None),  # 27-
        (number("27", others=(1,), reason=Reason.NOT_A_DIGIT), "27", "review", "not_a_digit"),  # 2x7
        (number("27", confidence=0.5, reason=Reason.UNCERTAIN), "27", "review", "uncertain"),
        (number("", confidence=0.0, reason=Reason.NOT_A_DIGIT), "", "rejected", "not_a_digit"),
        (number("", confidence=0.0, reason=Reason.BLANK), "", "accepted", "blank"),
    ],
)
def test_numbers(answer: NumberReading, value: str, decision: str, reason: str | None) -> None:
    reading = read(cut_field([cell(STROKE)], kind="number"), [], [answer])
    assert (reading.value, reading.decision, reading.reason) == (value, decision, reason)


def test_an_empty_line_is_not_asked_about() -> None:
    reading = read(cut_field([cell(None)], kind="number"), [])
    assert (reading.value, reading.decision, reading.reason) == ("", "accepted", "blank")


def test_a_constraint_chooses_among_what_the_digits_may_be() -> None:
    field = cut_field([cell(STROKE)] * 2, constraint={"pattern": "4[67]"})
    reading = read(field, [sure(4), sure(5, 0.6)])
    assert reading.value == "46"
    assert reading.digits[1].confidence == pytest.approx(0.4)


def test_a_constraint_that_nothing_plausible_satisfies_is_not_forced() -> None:
    field = cut_field([cell(STROKE)] * 2, constraint={"pattern": "99"})
    reading = read(field, [sure(4), sure(5)])
    assert (reading.value, reading.decision, reading.reason) == ("", "rejected", "constraint_failed")
    assert reading.alternatives[0].text == "45"


@pytest.mark.parametrize(
    ("ink", "fill", "value", "decision"),
    [
        (None, 0.0, "unchecked", "accepted"),
        (STROKE, 0.1, "checked", "accepted"),
        (STROKE[:10, :10], 0.02, "unchecked", "review"),
        (STROKE, 0.9, "checked", "review"),  # blacked out: a tick that was taken back, perhaps
    ],
)
def test_checkboxes(ink: np.ndarray | None, fill: float, value: str, decision: str) -> None:
    reading = read(cut_field([cell(ink, fill=fill)], kind="checkbox"), [])
    assert (reading.value, reading.decision) == (value, decision)


def test_a_field_out_of_place_is_never_accepted() -> None:
    field = replace(cut_field([cell(STROKE)]), is_in_place=False)
    reading = read(field, [sure(1)])
    assert (reading.decision, reading.reason) == ("review", "misplaced")


def test_a_digit_that_runs_under_black_print_is_never_accepted() -> None:
    reading = read(cut_field([cell(STROKE), replace(cell(STROKE), is_partly_hidden=True)]), [sure(1), sure(1)])
    assert (reading.value, reading.decision, reading.reason) == ("11", "review", "uncertain")


def test_a_field_that_is_much_paler_than_the_page_is_read_and_never_accepted() -> None:
    reading = read(replace(cut_field([cell(STROKE)]), is_pale=True), [sure(1)])
    assert (reading.value, reading.decision, reading.reason) == ("1", "review", "uncertain")


@pytest.mark.parametrize("written", [None, STROKE], ids=["nothing else", "a digit"])
def test_a_cell_in_which_much_has_crumbled_away_is_never_accepted(written: np.ndarray | None) -> None:
    def decision_with(crumbs: float) -> str:
        field = cut_field([replace(cell(written), crumbs=crumbs)])
        return read(field, [] if written is None else [sure(1)]).decision

    assert decision_with(0.2) == "accepted"  # dust
    assert decision_with(0.5) == "review"


def test_a_cell_with_far_more_ink_than_others_is_taken_for_overwritten() -> None:
    fields = [cut_field([cell(STROKE, fill=fill)]) for fill in (0.1, 0.1, 0.12, 0.4)]
    readings = read_fields(fields, [sure(1)] * 4, [], threshold=THRESHOLD)
    assert [reading.reason for reading in readings] == [None, None, None, "overwritten"]


@pytest.mark.parametrize(("ink", "value", "reason"), [(STROKE, "11", "uncertain"), (DASH, "1", None)])
def test_a_digit_with_far_less_ink_than_others_may_be_the_rest_of_a_line(
    ink: np.ndarray, value: str, reason: str | None
) -> None:
    """What is no digit is no part of the value, however little ink it has."""
    cells = [replace(cell(ink, fill=0.01), box=replace(BOX, x=400)), cell(STROKE, fill=0.1)]
    others = [cut_field([cell(STROKE, fill=0.1)]) for _ in range(3)]
    reading = read_fields([cut_field(cells), *others], [sure(1)] * 5, [], threshold=THRESHOLD)[0]
    assert (reading.value, reading.reason) == (value, reason)


def test_an_unproven_threshold_accepts_nothing() -> None:
    (reading,) = read_fields([cut_field([cell(STROKE)])], [sure(1)], [], threshold=None)
    assert (reading.decision, reading.reason) == ("review", "max_error_unproven")
