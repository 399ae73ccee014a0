import numpy as np
import pytest

from trainer.data.digits import Digits
from trainer.data.mnist import load_mnist
from trainer.report.data_facts import describe, fitted_facts, split_facts


def test_pixels_are_described_as_numpy_does():
    rng = np.random.default_rng(0)
    canvases = rng.integers(0, 256, (30, 28, 28, 1), dtype=np.uint8)
    canvases[:10] = 0
    facts = describe("some", Digits(canvases, np.arange(30) % 4))
    assert facts.mean == pytest.approx((canvases / 255).mean())
    assert facts.std == pytest.approx((canvases / 255).std())
    assert facts.inked == pytest.approx((canvases > 0).mean())
    assert facts.counts.tolist() == [8, 8, 7, 7, 0, 0, 0, 0, 0, 0]
    assert facts.num_digits == 30


def test_parts_of_mnist_hold_all_its_digits(data_dir):
    facts = split_facts(load_mnist(data_dir))
    assert [one.name for one in facts] == ["MNIST train", "MNIST validation", "MNIST calibration", "MNIST test"]
    assert sum(one.num_digits for one in facts) == 360


@pytest.mark.parametrize(
    ("config", "num_digits"),
    [
        ({"name": "dnn"}, 240),  # MNIST's train writers
        ({"name": "cnn"}, None),  # bhmsds is not here
        ({"name": "ensemble-of-someone"}, None),  # no such config
        ({}, None),  # the manifest does not say
    ],
)
def test_what_was_fitted_on_is_described_where_it_is_here(config, num_digits, data_dir):
    facts = fitted_facts(config, data_dir)
    assert (facts and facts.num_digits) == num_digits
