"""What a config trains on, put together from its sources."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from trainer.config import Config
from trainer.data.bhmsds import load_bhmsds
from trainer.data.digits import Digits, join
from trainer.data.emnist import load_emnist
from trainer.data.mnist import Mnist, load_mnist
from trainer.data.printed import load_printed
from trainer.errors import TrainerError

LICENCES = {
    "mnist": "CC BY-SA 3.0; writers from QMNIST's labels, BSD",
    "bhmsds": "MIT; every second digit of each class, the others held back",
    "emnist_digits": "public domain, NIST Special Database 19",
    "emnist_balanced": "public domain, NIST Special Database 19",
    "printed": "drawn by the trainer from fonts of matplotlib and OpenCV",
}


@dataclass(frozen=True, slots=True)
class TrainingData:
    """Digits to fit on and, where the config measures them, digits to choose on.

    Attributes:
        sources: for the manifest: of each source its licence and the number of digits that were fitted on.
        mnist: the whole of MNIST with its splits; of a config that learns from EMNIST, the whole of that.
    """

    fit: Digits
    validation: Digits | None
    sources: list[dict[str, Any]]
    mnist: Mnist


def load_training_data(
    config: Config, data_dir: Path | None, *, allow_random_splits: bool | None = None
) -> TrainingData:
    """Everything that `config` learns from.

    Raises:
        TrainerError: a source is missing or damaged.
    """
    if config.emnist is None:
        mnist = load_mnist(data_dir, allow_random_splits=allow_random_splits)
    else:
        mnist = load_emnist(config.emnist, data_dir)
    parts: dict[str, Digits] = {}
    for source in config.data:
        if source == mnist.name:
            rows = np.sort(np.concatenate([getattr(mnist.splits, split) for split in config.fit_on]))
            parts[source] = mnist.train.take(rows)
        elif source == "bhmsds":
            if data_dir is None:
                raise TrainerError(
                    f"Config {config.name!r} needs bhmsds.npz, which is not downloaded. Pass its folder with --data."
                )
            parts[source] = load_bhmsds(data_dir, "train")
        else:
            parts[source] = load_printed()
    return TrainingData(
        fit=join(list(parts.values())),
        validation=mnist.train.take(mnist.splits.validation) if config.measures_validation else None,
        sources=[
            {"name": name, "licence": LICENCES[name], "num_digits": len(digits)} for name, digits in parts.items()
        ],
        mnist=mnist,
    )
