"""From a table of measured error rates to a threshold."""

import pytest

from service.recognition.policy import CalibrationRow, CalibrationTable, Decision, Reason, decide


def table(*rows: tuple[float, float]) -> CalibrationTable:
    """A table of (threshold, bound of the error rate)."""
    return CalibrationTable(tuple(CalibrationRow(threshold, 1000, 1, bound, 0.9) for threshold, bound in rows))


@pytest.mark.parametrize(
    ("rows", "threshold"),
    [
        ([(0.5, 0.02), (0.8, 0.008), (0.9, 0.004)], 0.8),  # the lowest that is proven
        ([(0.5, 0.008), (0.8, 0.02), (0.9, 0.004)], 0.9),  # a lucky dip below one that fails is no proof
        ([(0.5, 0.02), (0.8, 0.008), (0.9, 0.5)], 0.8),  # too few readings at the top disprove nothing
        ([(0.9, 0.02), (0.98, 0.008), (0.999, 0.02), (0.9999, 0.006)], 0.98),  # nor do they from 0.99 on
        ([(0.9, 0.02), (0.995, 0.008), (0.999, 0.006)], 0.995),  # where nothing else is proven, the least strict is
        ([(0.5, 0.02), (0.9, 0.011)], None),
        ([], None),
    ],
)
def test_threshold_for_one_error_in_a_hundred(rows, threshold):
    assert table(*rows).threshold_for(0.01) == threshold


def test_confidence_at_the_threshold_is_accepted():
    assert decide(0.8, 0.8) == (Decision.ACCEPTED, None)
    assert decide(0.7999, 0.8) == (Decision.REVIEW, Reason.UNCERTAIN)
    assert decide(1.0, None) == (Decision.REVIEW, Reason.MAX_ERROR_UNPROVEN)
