"""When the digits of a picture are counted again, and what counts as several."""

import pytest

from service.recognition.policy import Decision, Reason
from service.recognition.prediction import DigitReading, several_reading
from service.recognition.recount import is_doubtful, shows_several
from tests.recognition.lattices import logits_of


def read_as(digit: int | None, confidence: float, reason: Reason | None = None) -> DigitReading:
    return DigitReading(digit, confidence, Decision.REVIEW, reason, (), 0.8)


@pytest.mark.parametrize(
    ("confidence", "is_clean", "expected"),
    [(0.97, False, True), (0.99, False, False), (0.97, True, False), (0.7, True, True)],
)
def test_sure_digits_are_not_counted_again_and_clean_ones_less_often(confidence, is_clean, expected):
    assert is_doubtful(read_as(7, confidence), is_clean=is_clean) is expected


@pytest.mark.parametrize(
    ("reason", "expected"), [(Reason.NOT_A_DIGIT, True), (Reason.SEVERAL_DIGITS, False), (Reason.BLANK, False)]
)
@pytest.mark.parametrize("is_clean", [True, False])
def test_of_what_was_rejected_only_what_may_be_a_number_is_counted_again(reason, expected, is_clean):
    assert is_doubtful(read_as(None, 0.0, reason), is_clean=is_clean) is expected


@pytest.mark.parametrize(
    ("path", "expected"), [("_1_2_", True), ("_11_1_", True), ("_7__", False), ("_?_7_", False), ("____", False)]
)
def test_several_are_two_digits_or_more(path, expected):
    assert shows_several(logits_of(path), temperature=1.0, confidence=0.0) is expected


def test_what_the_reader_only_guesses_does_not_count():
    sure, unsure = logits_of("_1_2_", sure=8.0), logits_of("_1_2_", sure=2.0)
    assert shows_several(sure, temperature=1.0, confidence=0.0)
    assert not shows_several(unsure, temperature=1.0, confidence=0.0)
    assert not shows_several(sure, temperature=5.0, confidence=0.0)


def test_the_surer_of_both_has_its_way():
    logits = logits_of("_1_2_", sure=4.5)  # probability 0.59
    assert shows_several(logits, temperature=1.0, confidence=0.55)
    assert not shows_several(logits, temperature=1.0, confidence=0.65)


def test_recounted_picture_names_no_digit_and_keeps_its_threshold():
    reading = several_reading(read_as(7, 0.6))
    assert (reading.digit, reading.decision, reading.reason) == (None, Decision.REJECTED, Reason.SEVERAL_DIGITS)
    assert (reading.confidence, reading.alternatives, reading.threshold) == (0.0, (), 0.8)
