"""Measures against slow and obvious versions of them."""

import numpy as np
import pytest

from trainer.confidence import auroc
from trainer.data.digits import Digits
from trainer.evaluate import score
from trainer.report.measured import (
    Measured,
    commonest_confusions,
    confusion,
    digit_measures,
    roc_curves,
)


def measured_of(labels, readings, confidences=None):
    """Readings of blank canvases, each with this confidence, the rest spread evenly."""
    labels, readings = np.array(labels), np.array(readings)
    confidences = np.full(len(labels), 0.91) if confidences is None else np.array(confidences)
    probs = np.repeat(((1 - confidences) / 9)[:, np.newaxis], 10, axis=1)
    probs[np.arange(len(labels)), readings] = confidences
    logits = np.log(probs).astype(np.float32)
    return Measured(Digits(np.zeros((len(labels), 28, 28, 1), np.uint8), labels), probs, score("x", logits, labels))


@pytest.fixture(scope="module")
def many():
    """A thousand readings, nine in ten right, surer where they are."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 10, 1000)
    readings = np.where(rng.random(1000) < 0.9, labels, rng.integers(0, 10, 1000))
    return measured_of(labels, readings, rng.uniform(0.2, 0.9, 1000) + 0.09 * (labels == readings))


def test_confusion_counts_labels_by_row(many):
    counts = np.zeros((10, 10), int)
    for label, reading in zip(many.digits.labels, many.readings, strict=True):
        counts[label, reading] += 1
    assert confusion(many).tolist() == counts.tolist()


def test_measures_of_each_digit_follow_from_the_confusion(many):
    counts = confusion(many)
    for row in digit_measures(many):
        right, labeled, read = counts[row.digit, row.digit], counts[row.digit].sum(), counts[:, row.digit].sum()
        assert (row.num_right, row.num_pictures, row.num_readings) == (right, labeled, read)
        assert row.recall == pytest.approx(right / labeled)
        assert row.precision == pytest.approx(right / read)
        assert row.f1 == pytest.approx(2 * right / (labeled + read))
        assert row.recall_interval[0] < row.recall < row.recall_interval[1]
        assert row.precision_interval[0] < row.precision < row.precision_interval[1]


def test_area_is_the_chance_that_the_digit_ranks_before_another(many):
    for curve in roc_curves(many):
        is_digit = many.digits.labels == curve.digit
        scores = many.probs[:, curve.digit]
        assert curve.auc == pytest.approx(auroc(scores[is_digit], scores[~is_digit]))
        assert (curve.false_positive_rate[0], curve.true_positive_rate[-1]) == (0, 1)


def test_digits_that_do_not_occur_have_no_curve():
    some = measured_of([1, 1, 7], [1, 7, 7])
    assert [curve.digit for curve in roc_curves(some)] == [1, 7]
    assert [row.digit for row in digit_measures(some)] == [1, 7]


def test_wrong_readings_come_surest_first():
    some = measured_of([1, 2, 3, 4], [7, 2, 5, 9], [0.5, 0.99, 0.8, 0.6])
    assert some.wrong_rows().tolist() == [2, 3, 0]


def test_commonest_confusions_are_ordered_and_cut():
    some = measured_of([4, 4, 7, 7, 7, 0, 1], [9, 9, 1, 1, 1, 0, 7])
    assert commonest_confusions(some) == [(7, 1, 3), (4, 9, 2), (1, 7, 1)]
    assert commonest_confusions(some, at_most=1) == [(7, 1, 3)]
    assert commonest_confusions(measured_of([1], [1])) == []


def test_gate_shows_in_what_is_missing_to_one():
    without = measured_of([1, 2], [1, 2])
    assert not without.has_others
    assert Measured(without.digits, without.probs * [[1.0], [0.5]], without.score).has_others
