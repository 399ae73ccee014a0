"""Where the digits of composed numbers come from: hands, each with pictures of its own digits."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from trainer.data.bhmsds import load_bhmsds
from trainer.data.digits import Digits
from trainer.data.lines.penned import load_penned
from trainer.data.mnist import Mnist
from trainer.data.printed import load_printed
from trainer.errors import TrainerError

WRITERS_NEEDED = "Numbers are composed from the digits of one writer, so QMNIST's labels must lie beside MNIST's files."


@dataclass(frozen=True, slots=True)
class Hands:
    """Digits to compose with, and who wrote them.

    Attributes:
        sprites: for every digit uint8 (height, width), cropped to its ink.
        rows: for every hand and digit the rows of `sprites`: `rows[hand][digit]` is int64 (n,), possibly empty.
        weights: float64 (num_hands,), how often a hand is asked, summing to 1.
        pooled: for every digit the rows of all hands.
    """

    sprites: list[NDArray[np.uint8]]
    rows: list[list[NDArray[np.int64]]]
    weights: NDArray[np.float64]
    pooled: list[NDArray[np.int64]]

    def pick(self, text: str, rng: np.random.Generator, *, one_hand: bool) -> list[NDArray[np.uint8]]:
        """A picture for each digit of a number, uint8 (height, width) each."""
        hand = int(rng.choice(len(self.rows), p=self.weights))
        pictures = []
        for symbol in text:
            digit = int(symbol)
            rows = self.rows[hand][digit] if one_hand else self.pooled[digit]
            if len(rows) == 0:
                rows = self.pooled[digit]
            pictures.append(self.sprites[int(rows[rng.integers(len(rows))])])
        return pictures


def mnist_hands(digits: Digits, writers: NDArray[np.int64]) -> Hands:
    """Each writer of MNIST is a hand.

    Args:
        digits: n of them.
        writers: int64 (n,), who wrote each digit.
    """
    return _collect([(digits, writers, 1.0)])


def training_hands(mnist: Mnist, data_dir: Path) -> Hands:
    """MNIST's training writers, for more than half; else bhmsds' pens, drawn digits of other countries, print.

    The writers of bhmsds are not known; all its digits together are one hand.

    Raises:
        TrainerError: a file is missing, or the writers of MNIST are not known.
    """
    if mnist.train_writers is None:
        raise TrainerError(WRITERS_NEEDED)
    rows = mnist.splits.train
    bhmsds, printed = load_bhmsds(data_dir, "train"), load_printed()
    penned, pens = load_penned(num_hands=800, per_digit=3, seed=0)
    return _collect(
        [
            (mnist.train.take(rows), mnist.train_writers[rows], 0.55),
            (bhmsds, np.zeros(len(bhmsds), np.int64), 0.2),
            (penned, pens, 0.2),
            (printed, np.zeros(len(printed), np.int64), 0.05),
        ]
    )


def calibration_hands(mnist: Mnist, data_dir: Path) -> Hands:
    """Hands that the reader never saw: MNIST's calibration writers and the held-back half of bhmsds."""
    if mnist.train_writers is None:
        raise TrainerError(WRITERS_NEEDED)
    rows = mnist.splits.calibration
    bhmsds = load_bhmsds(data_dir, "held_back")
    return _collect(
        [
            (mnist.train.take(rows), mnist.train_writers[rows], 0.75),
            (bhmsds, np.zeros(len(bhmsds), np.int64), 0.25),
        ]
    )


def _collect(parts: list[tuple[Digits, NDArray[np.int64], float]]) -> Hands:
    sprites: list[NDArray[np.uint8]] = []
    rows: list[list[NDArray[np.int64]]] = []
    weights: list[float] = []
    for digits, writers, share in parts:
        first = len(sprites)
        sprites += [_cropped(canvas[..., 0]) for canvas in digits.canvases]
        names = np.unique(writers)
        for name in names:
            own = np.flatnonzero(writers == name)
            rows.append([first + own[digits.labels[own] == digit] for digit in range(10)])
        weights += [share / len(names)] * len(names)
    pooled = [np.concatenate([hand[digit] for hand in rows]) for digit in range(10)]
    return Hands(sprites, rows, np.array(weights) / sum(weights), pooled)


def _cropped(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    x, y, width, height = cv2.boundingRect((picture >= 24).astype(np.uint8))
    return np.ascontiguousarray(picture[y : y + height, x : x + width])
