"""What the data is like that a model was fitted, calibrated and measured on."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.config import Config, config_names, load_config
from trainer.data.digits import Digits
from trainer.data.mnist import Mnist
from trainer.data.sources import load_training_data
from trainer.errors import TrainerError
from trainer.evaluate import NUM_CLASSES


@dataclass(frozen=True, slots=True)
class SplitFacts:
    """One part of the data.

    Attributes:
        counts: int64 (10,), how many there are of each digit.
        mean: of all pixels, 0 (paper) to 1 (ink).
        std: their standard deviation.
        inked: share of the pixels that are not paper.
    """

    name: str
    counts: NDArray[np.int64]
    mean: float
    std: float
    inked: float

    @property
    def num_digits(self) -> int:
        """All of them."""
        return int(self.counts.sum())


def split_facts(mnist: Mnist) -> list[SplitFacts]:
    """MNIST's four parts: train, validation and calibration writers, and the test digits."""
    splits = mnist.splits
    parts = {
        "train": mnist.train.take(splits.train),
        "validation": mnist.train.take(splits.validation),
        "calibration": mnist.train.take(splits.calibration),
        "test": mnist.test,
    }
    return [describe(f"MNIST {name}", digits) for name, digits in parts.items()]


def fitted_facts(config: Mapping[str, Any], data_dir: Path | None) -> SplitFacts | None:
    """What a model was fitted on, all sources together, before any bending; None where that is not to be had here."""
    name = config.get("name")
    known = load_config(name) if name in config_names() else None
    if not isinstance(known, Config):
        return None
    try:
        return describe("fitted on", load_training_data(known, data_dir, allow_random_splits=True).fit)
    except TrainerError:  # one of the sources is not here; the rest of the report does without
        return None


def describe(name: str, digits: Digits) -> SplitFacts:
    """Counts and pixels of some digits."""
    # By gray level: 256 numbers instead of a float for every pixel of sixty thousand pictures.
    levels = np.bincount(digits.canvases.ravel(), minlength=256) / digits.canvases.size
    values = np.arange(256) / 255
    mean = float(levels @ values)
    return SplitFacts(
        name=name,
        counts=np.bincount(digits.labels, minlength=NUM_CLASSES),
        mean=mean,
        std=float(np.sqrt(levels @ (values - mean) ** 2)),
        inked=float(1 - levels[0]),
    )
