"""Thresholds of a cascade, and who answers with them."""

import numpy as np
import pytest

from service.recognition.probability import softmax
from trainer.ensemble.pair import ScoredPair, Thresholds, choose_thresholds
from trainer.readings import Scored

SURENESS = np.array([0.99, 0.5, 0.9, 0.6, 0.95, 0.3, 0.7, 0.8])


def pair_of(sureness: np.ndarray, *, is_clean: np.ndarray, is_blank: np.ndarray | None = None) -> ScoredPair:
    """A small classifier that reads 3 with these probabilities, and a large one that is sure of 8."""
    probs = np.full((len(sureness), 10), 1e-9)
    probs[:, 3], probs[:, 4] = sureness, 1 - sureness
    large = np.zeros((len(sureness), 10), np.float32)
    large[:, 8] = 20
    blank = np.zeros(len(sureness), bool) if is_blank is None else is_blank
    small = np.log(probs).astype(np.float32)
    return ScoredPair(Scored(small, blank, is_clean), Scored(large, blank, is_clean))


def likeliest(sureness: np.ndarray) -> np.ndarray:
    return np.maximum(sureness, 1 - sureness)


def test_sureness_is_the_small_ones():
    pair = pair_of(SURENESS, is_clean=np.ones(8, bool))
    np.testing.assert_allclose(pair.sureness, likeliest(SURENESS), atol=1e-6)


@pytest.mark.parametrize(("share", "num_passed_on"), [(0.0, 0), (0.24, 1), (0.25, 2), (0.5, 4), (1.0, 8)])
def test_no_more_than_the_share_is_passed_on(share, num_passed_on):
    sureness = np.linspace(0.55, 0.9, 8)
    pair = pair_of(sureness, is_clean=np.ones(8, bool))
    assert pair.is_passed_on(choose_thresholds(pair, share=share)).sum() == num_passed_on


def test_either_kind_of_picture_has_its_threshold_and_blanks_count_for_neither():
    is_clean = np.array([True] * 4 + [False] * 4)
    is_blank = np.zeros(8, bool)
    is_blank[3] = True
    sureness = np.array([0.9, 0.91, 0.92, 0.51, 0.6, 0.61, 0.62, 0.63])
    thresholds = choose_thresholds(pair_of(sureness, is_clean=is_clean, is_blank=is_blank), share=0.34)
    assert thresholds.clean == pytest.approx(0.91, abs=1e-5)
    assert thresholds.other == pytest.approx(0.61, abs=1e-5)


def test_unsure_readings_are_the_large_ones_and_the_others_stay():
    is_blank = np.zeros(8, bool)
    is_blank[5] = True
    pair = pair_of(SURENESS, is_clean=np.array([True, False] * 4), is_blank=is_blank)
    thresholds = Thresholds(clean=0.92, other=0.65)
    is_passed_on = pair.is_passed_on(thresholds)
    np.testing.assert_array_equal(np.flatnonzero(is_passed_on), [1, 2, 3, 6])
    answered = pair.answered(thresholds)
    np.testing.assert_array_equal(answered.logits.argmax(axis=1) == 8, is_passed_on)
    kept = ~is_passed_on
    np.testing.assert_allclose(softmax(answered.logits)[kept], softmax(pair.small.logits)[kept])
