"""Measures of confidence, against small cases that can be worked out by hand."""

import numpy as np
import pytest

from trainer.confidence import (
    area_under_risk_coverage,
    auroc,
    brier_score,
    expected_calibration_error,
    false_accepts_at_95,
    read_rate,
    reliability,
    risk_coverage,
)
from trainer.intervals import error_upper_bound

CONFIDENCES = np.array([0.95, 0.95, 0.65, 0.55])
IS_RIGHT = np.array([True, False, True, True])


def test_calibration_error_is_the_mean_distance_of_confidence_and_accuracy():
    # Bins of a tenth: two readings at 0.95, half of them right; 0.65 and 0.55, both right.
    expected = (2 * abs(0.95 - 0.5) + (1 - 0.65) + (1 - 0.55)) / 4
    assert expected_calibration_error(CONFIDENCES, IS_RIGHT, num_bins=10) == pytest.approx(expected)


def test_confidence_that_comes_true_has_no_calibration_error():
    rng = np.random.default_rng(0)
    confidences = rng.uniform(0, 1, 200_000)
    assert expected_calibration_error(confidences, rng.uniform(0, 1, 200_000) < confidences) < 0.01


def test_certainty_falls_into_the_last_bin():
    bins = reliability(np.array([1.0, 0.999]), np.array([True, True]))
    assert [(one.num_readings, one.accuracy) for one in bins] == [(2, 1.0)]


def test_brier_score():
    assert brier_score(np.array([1.0, 0.5]), np.array([False, True])) == pytest.approx((1 + 0.25) / 2)


def test_risk_coverage_takes_readings_of_equal_confidence_together():
    coverage, risk = risk_coverage(CONFIDENCES, IS_RIGHT)
    assert coverage.tolist() == [0.5, 0.75, 1.0]
    assert risk == pytest.approx([1 / 2, 1 / 3, 1 / 4])
    assert area_under_risk_coverage(CONFIDENCES, IS_RIGHT) == pytest.approx(0.5 / 2 + 0.25 / 3 + 0.25 / 4)


def test_read_rate_is_the_largest_share_at_an_error_rate():
    confidences = np.linspace(1, 0, 1000)
    is_right = np.ones(1000, bool)
    is_right[[400, 500]] = False
    rate = read_rate(confidences, is_right, max_error=0.002)
    assert (rate.num_accepted, rate.num_wrong, rate.coverage) == (1000, 2, 1.0)
    rate = read_rate(confidences, is_right, max_error=0.001)
    assert (rate.num_accepted, rate.num_wrong) == (400, 0)
    assert rate.error_upper_bound == error_upper_bound(0, 400)
    assert rate.threshold == confidences[399]


def test_nothing_can_be_read_where_the_surest_reading_is_wrong():
    rate = read_rate(np.array([0.9, 0.5]), np.array([False, True]), max_error=0.1)
    assert (rate.threshold, rate.coverage, rate.error_upper_bound) == (None, 0.0, 1.0)


def test_auroc_against_counting_pairs():
    rng = np.random.default_rng(1)
    digits, others = rng.integers(0, 10, 40) / 10, rng.integers(0, 8, 30) / 10
    above = (digits[:, None] > others).mean() + (digits[:, None] == others).mean() / 2
    assert auroc(digits, others) == pytest.approx(above)


def test_false_accepts_at_the_threshold_that_95_percent_of_the_digits_pass():
    digits = np.linspace(0.01, 1, 100)  # the threshold that 95 of them pass is 0.06; 96 pass 0.05
    assert false_accepts_at_95(digits, np.array([0.01, 0.04, 0.5, 0.9])) == 0.5
