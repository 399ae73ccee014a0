"""A tiny MNIST that the tests draw themselves, and a tiny config to train on it."""

import gzip
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.trainer.exported import Exported, export_gated
from tests.trainer.tiny_mnist import drawn_digits, idx_bytes
from trainer.config import Config
from trainer.configs import dnn
from trainer.runs import Run

NUM_TRAIN, NUM_TEST, NUM_WRITERS = 300, 60, 30


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder laid out as the real one, `mnist/` with QMNIST's writers, half of it compressed."""
    folder = tmp_path_factory.mktemp("data")
    mnist = folder / "mnist"
    mnist.mkdir()
    for name, num_digits in (("train", NUM_TRAIN), ("t10k", NUM_TEST)):
        images, labels = drawn_digits(num_digits)
        (mnist / f"{name}-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx_bytes(images)))
        (mnist / f"{name}-labels-idx1-ubyte").write_bytes(idx_bytes(labels))
    writers = np.zeros((NUM_TRAIN, 8), dtype=np.int32)
    writers[:, 2] = np.arange(NUM_TRAIN) // (NUM_TRAIN // NUM_WRITERS)
    (mnist / "qmnist-train-labels-idx2-int.gz").write_bytes(gzip.compress(idx_bytes(writers)))
    return folder


@pytest.fixture(scope="session")
def tiny_config() -> Config:
    """`dnn`, for two epochs, with an average over the weights."""
    return replace(dnn.CONFIG, num_epochs=2, batch_size=32, ema_momentum=0.9, early_stopping_patience=None)


@pytest.fixture(scope="session")
def tiny_run(tmp_path_factory: pytest.TempPathFactory, data_dir: Path, tiny_config: Config) -> Run:
    """The finished run of the tiny config; not to be changed."""
    from trainer.data.sources import load_training_data
    from trainer.train import train

    run = Run(tmp_path_factory.mktemp("tiny"), tiny_config)
    train(tiny_config, load_training_data(tiny_config, data_dir), run)
    return run


@pytest.fixture(scope="session")
def gated(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """An exported network with a gate and random weights."""
    return export_gated(tmp_path_factory.mktemp("exported") / "graph")
