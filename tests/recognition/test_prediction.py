"""From logits to a verdict: which digit, or why none."""

import numpy as np
import pytest

from service.recognition.policy import CalibrationRow, CalibrationTable, Decision, Reason
from service.recognition.prediction import GATED_DIGITS, blank_reading, read_digit

TABLE = CalibrationTable(
    (CalibrationRow(threshold=0.8, num_accepted=1000, num_wrong=1, error_upper_bound=0.005, coverage=0.9),)
)


def reading_of(probs: dict[str, float], *, max_error: float = 0.01, top_k: int = 3):
    """The reading of a network that gives these symbols these probabilities, and the others next to nothing."""
    logits = np.array([np.log(probs.get(symbol, 1e-9)) for symbol in GATED_DIGITS], dtype=np.float32)
    return read_digit(logits, temperature=1.0, calibration=TABLE, max_error=max_error, top_k=top_k)


@pytest.mark.parametrize(
    ("probs", "digit", "decision", "reason"),
    [
        ({"7": 0.99, "1": 0.01}, 7, Decision.ACCEPTED, None),
        ({"7": 0.6, "1": 0.4}, 7, Decision.REVIEW, Reason.UNCERTAIN),
        ({"?": 0.9, "7": 0.1}, None, Decision.REJECTED, Reason.NOT_A_DIGIT),
        ({"+": 0.9, "7": 0.1}, None, Decision.REJECTED, Reason.SEVERAL_DIGITS),
        # It is no one digit, whichever of the two it is, though 7 is likelier than either.
        ({"?": 0.26, "+": 0.34, "7": 0.4}, None, Decision.REJECTED, Reason.SEVERAL_DIGITS),
        # Most likely a digit: a person looks at it, and is shown which.
        ({"?": 0.3, "7": 0.7}, 7, Decision.REVIEW, Reason.UNCERTAIN),
        # Rather a mark than a digit, but an odd digit may look like that; rather several than one is told.
        ({"?": 0.6, "7": 0.4}, 7, Decision.REVIEW, Reason.UNCERTAIN),
        ({"+": 0.6, "7": 0.4}, None, Decision.REJECTED, Reason.SEVERAL_DIGITS),
    ],
)
def test_verdict_follows_from_the_probabilities(probs, digit, decision, reason):
    reading = reading_of(probs)
    assert (reading.digit, reading.decision, reading.reason) == (digit, decision, reason)


def test_confidence_counts_what_may_be_no_digit():
    reading = reading_of({"7": 0.7, "1": 0.1, "?": 0.2})
    assert reading.confidence == pytest.approx(0.7, abs=1e-6)
    assert [one.digit for one in reading.alternatives[:2]] == [7, 1]
    assert sum(one.confidence for one in reading.alternatives) == pytest.approx(0.8, abs=1e-6)


def test_alternatives_are_digits_even_where_no_digit_is_likelier():
    reading = reading_of({"7": 0.45, "?": 0.4, "1": 0.15}, top_k=10)
    assert sorted(one.digit for one in reading.alternatives) == [*range(10)]


def test_rejected_reading_names_no_digit():
    reading = reading_of({"?": 1.0})
    assert (reading.digit, reading.confidence, reading.alternatives) == (None, 0.0, ())
    assert reading.threshold == 0.8


def test_unproven_error_rate_is_reviewed_however_sure_the_reading():
    reading = reading_of({"7": 1.0}, max_error=0.001)
    assert (reading.digit, reading.decision, reading.reason) == (7, Decision.REVIEW, Reason.MAX_ERROR_UNPROVEN)


def test_network_of_ten_outputs_rejects_nothing():
    logits = np.zeros(10, np.float32)
    reading = read_digit(logits, temperature=1.0, calibration=TABLE, max_error=0.01, top_k=1)
    assert reading.digit is not None
    assert reading.decision is Decision.REVIEW


def test_blank_is_told_from_what_is_no_digit():
    assert blank_reading(calibration=TABLE, max_error=0.01).reason is Reason.BLANK
