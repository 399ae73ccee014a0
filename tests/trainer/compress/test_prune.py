"""Pruning: what becomes zero, when, and that it stays so."""

import numpy as np
import pytest

from tests.trainer.tiny_mnist import drawn_digits
from trainer.compress.prune import LEAST_WEIGHTS, PruneOptions, mask_of, pieces, pruned, sparsity_at, sparsity_of
from trainer.data.digits import Digits
from trainer.operations.in_tensorflow import serving_function

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def test_mask_takes_the_smallest_weights():
    kernel = np.array([[0.1, -3.0], [2.0, -0.2]], np.float32)
    assert mask_of(kernel, 0.5).tolist() == [[0, 1], [1, 0]]
    assert mask_of(kernel, 0.0).all()


def test_sparsity_rises_fast_then_slowly_and_stays():
    options = PruneOptions(sparsity=0.8, num_steps=100)
    shares = [sparsity_at(step, options) for step in range(100)]
    assert shares == sorted(shares)
    assert shares[0] < 0.1
    assert shares[30] > 0.6
    assert shares[60:] == [0.8] * 40


def test_pieces_are_no_copies_of_digits():
    canvases = drawn_digits(50)[0][..., np.newaxis]
    made = pieces(canvases, 30, np.random.default_rng(0))
    assert made.shape == (30, 28, 28, 1)
    assert made.dtype == np.uint8
    copies = [any(np.array_equal(piece, canvas) for canvas in canvases) for piece in made]
    assert sum(copies) < 5


def test_pruned_network_is_sparse_and_nearer_to_the_answers_than_without_learning(gated):
    images, labels = drawn_digits(60)
    digits = Digits(images[..., np.newaxis], labels.astype(np.int64))
    options = PruneOptions(sparsity=0.6, num_steps=12, batch_size=16)
    sparse = pruned(gated.folded, digits, options)

    large = [
        name
        for node in sparse.nodes if node.op in ("conv", "dense")
        for name in node.inputs[1:2] if sparse.constants[name].size >= LEAST_WEIGHTS
    ]  # fmt: skip
    assert len(large) == 12  # of 13; the first convolution is small
    for name in large:
        assert (sparse.constants[name] == 0).mean() == pytest.approx(0.6, abs=0.01)
    assert 0.55 < sparsity_of(sparse) < 0.6

    cut = {name: value * mask_of(value, 0.6) if name in large else value
           for name, value in gated.folded.constants.items()}  # fmt: skip
    unlearned = type(sparse)(gated.folded.nodes, cut, gated.folded.shapes, gated.folded.output)
    distances = [
        np.abs(serving_function(graph)(digits.canvases).numpy()[:, 10:] - wanted[:, 10:]).mean()
        for wanted in [serving_function(gated.folded)(digits.canvases).numpy()]
        for graph in (sparse, unlearned)
    ]
    assert distances[0] < distances[1]
