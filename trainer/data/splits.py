"""Who is learned from, who is chosen on, who is calibrated on: MNIST's 60,000 training digits, by writer.

Digits of one writer resemble each other. A split that puts some of them on both sides flatters the model, so
all digits of a writer go to one side. QMNIST's labels say who wrote which digit.

Source of the labels: Yadav and Bottou 2019, "Cold Case: The Lost MNIST Digits", arXiv 1905.10498.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from trainer.data.idx import read_idx
from trainer.errors import TrainerError

WRITER_COLUMN = 2
VALIDATION_SHARE = 0.1
CALIBRATION_SHARE = 0.1
SPLIT_SEED = 7  # fixed for good: every config, and every comparison between them, uses the same split


@dataclass(frozen=True, slots=True)
class Splits:
    """Rows of MNIST's training file, each array int64 and rising, together all rows, none twice.

    Attributes:
        train: to fit on.
        validation: to choose on (early stopping, configs).
        calibration: to fit the temperature and the calibration table on, never the weights.
        unit: what was drawn: `writer`, or `digit` where the writers are not known; `image` where the source drew.
    """

    train: NDArray[np.int64]
    validation: NDArray[np.int64]
    calibration: NDArray[np.int64]
    unit: str

    @property
    def sha256(self) -> str:
        """Fingerprint of which row stands where."""
        digest = hashlib.sha256()
        for rows in (self.train, self.validation, self.calibration):
            digest.update(rows.astype("<i8").tobytes())
            digest.update(b"|")
        return digest.hexdigest()


def split_by_writer(writers: NDArray[np.int64]) -> Splits:
    """About 80, 10 and 10 % of the writers.

    Args:
        writers: int64 (n,), who wrote each digit.
    """
    return _draw(writers, unit="writer")


def split_at_random(num_digits: int) -> Splits:
    """The same shares of the digits, for data whose writers are not known. The scores it gives are flattering."""
    return _draw(np.arange(num_digits), unit="digit")


def read_writers(path: Path, num_digits: int) -> NDArray[np.int64]:
    """Who wrote each of the first `num_digits` digits, int64 (num_digits,), from a QMNIST label file.

    Raises:
        TrainerError: the file is damaged, or not a QMNIST label file for that many digits.
    """
    labels = read_idx(path)
    if labels.ndim != 2 or labels.shape[0] < num_digits or labels.shape[1] <= WRITER_COLUMN:
        raise TrainerError(
            f"{path} has shape {labels.shape}; at least ({num_digits}, {WRITER_COLUMN + 1}) is expected. "
            "Is it the label file of QMNIST's training digits?"
        )
    return labels[:num_digits, WRITER_COLUMN].astype(np.int64)


def _draw(groups: NDArray[np.int64], *, unit: str) -> Splits:
    shuffled = np.random.default_rng(SPLIT_SEED).permutation(np.unique(groups))
    num_validation = round(len(shuffled) * VALIDATION_SHARE)
    num_calibration = round(len(shuffled) * CALIBRATION_SHARE)
    validation, calibration, train = np.split(shuffled, [num_validation, num_validation + num_calibration])
    return Splits(
        train=np.flatnonzero(np.isin(groups, train)),
        validation=np.flatnonzero(np.isin(groups, validation)),
        calibration=np.flatnonzero(np.isin(groups, calibration)),
        unit=unit,
    )
