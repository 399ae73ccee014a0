import itertools

import numpy as np
import pytest

from service.recognition.alphabet import BLANK, NUM_CLASSES, OTHER, classes_of
from trainer.reader.loss import BEARABLE_LOSS, ctc_loss, forgiving_ctc_loss

NUM_FRAMES = 4


def targets_of(label: str) -> np.ndarray:
    """int32 (1, 5), filled up with blanks."""
    targets = np.full((1, 5), BLANK, np.int32)
    targets[0, : len(label)] = classes_of(label)
    return targets


def brute_force_loss(label: str, logits: np.ndarray) -> float:
    """Minus the log of the sum over all paths of those that collapse to the label."""
    probs = np.exp(logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True)))
    wanted = classes_of(label).tolist()
    symbols = sorted({BLANK, *wanted})  # a path through any other class spells another label
    total = 0.0
    for path in itertools.product(symbols, repeat=len(logits)):
        collapsed = [now for now, before in zip(path, (None, *path), strict=False) if now != before]
        if [symbol for symbol in collapsed if symbol != BLANK] == wanted:
            total += float(np.prod(probs[np.arange(len(logits)), path]))
    return -np.log(total)


@pytest.mark.parametrize("label", ["", "7", "70", "77", "1?", "0"])
def test_the_loss_sums_over_all_paths(label):
    logits = np.random.default_rng(3).normal(0, 2, (1, NUM_FRAMES, NUM_CLASSES)).astype(np.float32)
    found = np.asarray(ctc_loss(targets_of(label), logits))
    assert found == pytest.approx([brute_force_loss(label, logits[0].astype(np.float64))], rel=1e-4)


def test_numbers_of_different_lengths_are_scored_together_as_alone():
    logits = np.random.default_rng(4).normal(0, 1, (3, 9, NUM_CLASSES)).astype(np.float32)
    targets = np.concatenate([targets_of(label) for label in ("123", "", "4?")])
    together = np.asarray(ctc_loss(targets, logits))
    alone = [np.asarray(ctc_loss(targets[row : row + 1], logits[row : row + 1]))[0] for row in range(3)]
    assert together == pytest.approx(alone, rel=1e-5)


def test_a_number_that_cannot_be_seen_hardly_counts():
    sure_of_other = np.zeros((1, 9, NUM_CLASSES), np.float32)
    sure_of_other[:, :, OTHER] = 30
    targets = targets_of("123")
    assert np.asarray(ctc_loss(targets, sure_of_other))[0] > 50
    assert np.asarray(forgiving_ctc_loss(targets, sure_of_other))[0] < 0.05 * BEARABLE_LOSS


def test_a_number_that_is_understood_counts_in_full():
    logits = np.zeros((1, 5, NUM_CLASSES), np.float32)
    for frame, index in enumerate((BLANK, *classes_of("1"), BLANK, *classes_of("2"), BLANK)):
        logits[0, frame, index] = 6
    targets = targets_of("12")
    assert np.asarray(forgiving_ctc_loss(targets, logits)) == pytest.approx(np.asarray(ctc_loss(targets, logits)))


def test_a_number_whose_probability_has_fallen_to_zero_counts_nothing_and_harms_nothing():
    tf = pytest.importorskip("tensorflow")
    logits = np.zeros((2, 9, NUM_CLASSES), np.float32)
    logits[0, :, OTHER] = 500
    targets = np.concatenate([targets_of("123"), targets_of("12")])
    assert np.isinf(np.asarray(ctc_loss(targets, logits))[0])
    with tf.GradientTape() as tape:
        variable = tf.Variable(logits)
        losses = forgiving_ctc_loss(tf.constant(targets), variable)
        total = tf.reduce_mean(losses)
    gradient = tape.gradient(total, variable).numpy()

    assert np.isfinite(losses.numpy()).all()
    assert np.isfinite(gradient).all()
    assert np.abs(gradient[0]).max() == 0
    assert np.abs(gradient[1]).max() > 0
