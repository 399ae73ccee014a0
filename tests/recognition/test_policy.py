"""From a table of measured error rates to a threshold."""

import numpy as np
import pytest

from service.recognition.policy import CalibrationRow, CalibrationTable, Decision, Reason, decide
from trainer.calibrate import calibration_table


def table(*rows: tuple[float, float, int]) -> CalibrationTable:
    """A table of (threshold, bound of the error rate, readings at or above the threshold)."""
    return CalibrationTable(tuple(CalibrationRow(threshold, num, 1, bound, 0.9) for threshold, bound, num in rows))


@pytest.mark.parametrize(
    ("rows", "threshold"),
    [
        ([(0.5, 0.02, 1000), (0.8, 0.008, 1000), (0.9, 0.004, 1000)], 0.8),  # the lowest that is proven
        ([(0.5, 0.008, 1000), (0.8, 0.02, 1000), (0.9, 0.004, 1000)], 0.9),  # a dip below one that fails is no proof
        ([(0.8, 0.008, 1000), (0.9, 0.5, 1000)], None),  # nor is one when the strictest has failed
        ([(0.5, 0.02, 1000), (0.8, 0.008, 1000), (0.9, 0.011, 298)], 0.8),  # which too few readings cannot do
        ([(0.8, 0.008, 1000), (0.9, 0.011, 299)], None),  # 299 could have proven it, without an error
        ([(0.5, 0.02, 1000), (0.9, 0.011, 1000)], None),
        ([(0.5, 0.001, 298)], None),
        ([], None),
    ],
)
def test_threshold_for_one_error_in_a_hundred(rows, threshold):
    assert table(*rows).threshold_for(0.01) == threshold


@pytest.mark.parametrize("num_readings", [2_000, 6_000, 20_000])
def test_a_rate_that_does_not_hold_is_promised_one_time_in_twenty_at_most(num_readings):
    """Of readings that are wrong a little oftener than is borne, however sure they are."""
    max_error, num_draws, rng = 0.01, 400, np.random.default_rng(5)
    num_promised = 0
    for _ in range(num_draws):
        confidences = 1 - (1 - rng.random(num_readings)) ** 3
        is_right = rng.random(num_readings) >= 1.05 * max_error
        num_promised += calibration_table(confidences, is_right).threshold_for(max_error) is not None
    assert num_promised <= 0.05 * num_draws + 2 * (0.05 * 0.95 * num_draws) ** 0.5


def test_confidence_at_the_threshold_is_accepted():
    assert decide(0.8, 0.8) == (Decision.ACCEPTED, None)
    assert decide(0.7999, 0.8) == (Decision.REVIEW, Reason.UNCERTAIN)
    assert decide(1.0, None) == (Decision.REVIEW, Reason.MAX_ERROR_UNPROVEN)
