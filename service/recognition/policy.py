"""From a calibrated confidence to a decision.

A caller states the error rate that it will bear among accepted readings (`max_error`). The calibration
table, measured on writers whom the model never saw, says which confidence keeps that promise.
"""

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

BOUND_CONFIDENCE = 0.95  # of the bounds in the tables


class Decision(StrEnum):
    """What to do with a reading."""

    ACCEPTED = "accepted"  # sure enough for the error rate that was asked for
    REVIEW = "review"  # a reading, but a person should look
    REJECTED = "rejected"  # nothing that can be read as asked


class Reason(StrEnum):
    """Why a reading was not accepted."""

    UNCERTAIN = "uncertain"  # the confidence is below the threshold
    MAX_ERROR_UNPROVEN = "max_error_unproven"  # calibration data is too small to promise this error rate
    BLANK = "blank"  # no ink in the picture
    NOT_A_DIGIT = "not_a_digit"  # ink, but no digit
    SEVERAL_DIGITS = "several_digits"  # more than the one digit that was asked for
    CONSTRAINT_FAILED = "constraint_failed"  # nothing plausible satisfies the constraint
    RULE_FAILED = "rule_failed"  # of a form: a rule over this field does not hold
    OVERWRITTEN = "overwritten"  # of a form: written twice in one place, or a box that was blacked out
    MISPLACED = "misplaced"  # of a form: the print around this field is not where the template has it


@dataclass(frozen=True, slots=True)
class CalibrationRow:
    """What was measured when everything at or above `threshold` is accepted.

    Attributes:
        threshold: confidence, 0 to 1.
        num_accepted: calibration readings at or above the threshold.
        num_wrong: those of them that were wrong.
        error_upper_bound: one-sided 95 % Clopper-Pearson bound of the error rate among accepted.
        coverage: share of all calibration readings that were accepted, 0 to 1.
    """

    threshold: float
    num_accepted: int
    num_wrong: int
    error_upper_bound: float
    coverage: float


@dataclass(frozen=True, slots=True)
class CalibrationTable:
    """Rows ordered by rising threshold."""

    rows: tuple[CalibrationRow, ...]

    @staticmethod
    def parse(record: Any) -> "CalibrationTable":
        """From JSON."""
        return CalibrationTable(tuple(CalibrationRow(**row) for row in record["rows"]))

    def threshold_for(self, max_error: float) -> float | None:
        """The lowest threshold from which on the table proves an error rate of at most `max_error`.

        Rows are tested from the strictest down, and the first that fails ends it: a lucky dip further down is not taken
        for proof (fixed-sequence testing: Angelopoulos et al. 2021, "Learn then Test", arXiv 2110.01052). Left out are
        rows of so few readings that they could not prove the rate without a single error; how many are accepted says
        nothing about how many are wrong, so that this choice costs nothing.

        Returns:
            The threshold, or None where the calibration data cannot prove so small a rate.
        """
        proven: float | None = None
        for row in reversed(self.rows):
            if row.num_accepted < _num_to_prove(max_error):
                continue
            if row.error_upper_bound > max_error:
                break
            proven = row.threshold
        return proven


def _num_to_prove(max_error: float) -> float:
    """Readings that prove a rate, with the confidence of the bounds, if none of them is wrong."""
    return math.log(1.0 - BOUND_CONFIDENCE) / math.log1p(-max_error)


def decide(confidence: float, threshold: float | None) -> tuple[Decision, Reason | None]:
    """Accept a reading or send it to review.

    Args:
        confidence: calibrated probability that the reading is right.
        threshold: from `CalibrationTable.threshold_for`; None means that nothing is proven.
    """
    if threshold is None:
        return Decision.REVIEW, Reason.MAX_ERROR_UNPROVEN
    if confidence >= threshold:
        return Decision.ACCEPTED, None
    return Decision.REVIEW, Reason.UNCERTAIN
