import numpy as np
import pytest

from trainer.evaluate import score


def test_score_of_a_small_confusion():
    # Labels 0 0 1 1; one 0 is read as 1.
    logits = np.full((4, 10), -20, dtype=np.float32)
    for row, reading in enumerate((0, 1, 1, 1)):
        logits[row, reading] = 0
    result = score("four", logits, np.array([0, 0, 1, 1]))
    assert (result.num_right, result.num_samples, result.accuracy) == (3, 4, 0.75)
    assert result.precision[:2] == pytest.approx([1, 2 / 3])
    assert result.recall[:2] == pytest.approx([1 / 2, 1])
    assert result.f1[:2] == pytest.approx([2 / 3, 4 / 5])
    assert result.f1[2:].tolist() == [0] * 8  # digits that never occur
    assert result.loss == pytest.approx(20 / 4, abs=1e-4)
    assert result.to_metric().interval == result.interval
    assert "75.000 %" in str(result)


def test_a_digit_that_is_refused_was_not_read_right():
    logits = np.full((4, 10), -20, dtype=np.float32)
    for row, reading in enumerate((0, 0, 1, 1)):
        logits[row, reading] = 0
    result = score("four", logits, np.array([0, 0, 1, 1]), is_refused=np.array([True, False, False, False]))
    assert (result.num_right, result.num_samples) == (3, 4)
    assert result.precision[:2] == pytest.approx([1, 1])
    assert result.recall[:2] == pytest.approx([1 / 2, 1])
    assert result.f1[:2] == pytest.approx([2 / 3, 1])
