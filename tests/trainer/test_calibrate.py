import numpy as np
import pytest

from trainer.calibrate import THRESHOLDS, calibration_table, fit_temperature


def test_temperature_of_known_logits_is_found():
    rng = np.random.default_rng(0)
    true_logits = rng.normal(0, 2, (20_000, 10))
    probs = np.exp(true_logits) / np.exp(true_logits).sum(axis=1, keepdims=True)
    labels = (probs.cumsum(axis=1) > rng.random((20_000, 1))).argmax(axis=1)
    assert fit_temperature((true_logits * 3).astype(np.float32), labels) == pytest.approx(3, rel=0.05)


def test_table_counts_what_is_accepted_and_wrong():
    # Three sure readings, one of them wrong, and one that wavers.
    confidences = np.array([0.99, 0.99, 0.99, 0.55])
    is_right = np.array([True, True, False, True])
    rows = {row.threshold: row for row in calibration_table(confidences, is_right).rows}
    assert (rows[0.9].num_accepted, rows[0.9].num_wrong, rows[0.9].coverage) == (3, 1, 0.75)
    assert (rows[0.5].num_accepted, rows[0.5].num_wrong, rows[0.5].coverage) == (4, 1, 1.0)
    assert rows[0.9].error_upper_bound > 1 / 3


def test_nothing_less_likely_than_not_is_ever_accepted():
    assert min(THRESHOLDS) >= 0.5


def test_thresholds_rise():
    assert [*THRESHOLDS] == sorted(set(THRESHOLDS))
