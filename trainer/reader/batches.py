"""Composed numbers as batches of one width each, made ahead of the training in a process of its own."""

import multiprocessing
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from service.recognition.alphabet import BLANK
from trainer.data.lines.generator import Example, LineGenerator
from trainer.data.lines.hands import Hands, training_hands
from trainer.data.lines.marks import load_letters
from trainer.data.mnist import load_mnist
from trainer.provenance import describe_splits
from trainer.reader.config import Portion, ReaderConfig

MAX_CLASSES = 32  # of one number, marks included

Batch = tuple[NDArray[np.uint8], NDArray[np.int32]]
"""uint8 (batch, 32, width, 1), and int32 (batch, 32): class indices, filled up with blanks."""

_workshop: "tuple[Hands, list[NDArray[np.uint8]]] | None" = None
_splits: dict[str, Any] = {}


class LineBatches:
    """The batches of every epoch; what epoch e holds follows from the seed and e alone.

    While an epoch is trained on, the next ones are composed.

    Args:
        config: the experiment.
        data_dir: MNIST, `bhmsds.npz` and `not_digits/letters.npz`.
    """

    def __init__(self, config: ReaderConfig, data_dir: Path) -> None:
        self._config = config
        # Spawned: a fork of a process in which TensorFlow runs may hang.
        self._composer = ProcessPoolExecutor(
            1, mp_context=multiprocessing.get_context("spawn"), initializer=_open_workshop, initargs=(data_dir,)
        )
        self._ahead: dict[int, Future[list[Batch]]] = {}

    def epoch(self, epoch: int) -> list[Batch]:
        """All batches of an epoch, shuffled."""
        for index in (epoch, epoch + 1):
            if index not in self._ahead and index < self._config.num_epochs:
                self._ahead[index] = self._composer.submit(compose_epoch, self._config, index)
        return self._ahead.pop(epoch).result()

    def splits(self) -> dict[str, Any]:
        """For the run's note: how the writers of MNIST are divided."""
        return self._composer.submit(_describe_splits).result()

    def close(self) -> None:
        """Stop composing."""
        self._composer.shutdown(cancel_futures=True)


def compose_epoch(config: ReaderConfig, epoch: int) -> list[Batch]:
    """The batches of one epoch; runs in the composing process."""
    if _workshop is None:
        raise RuntimeError("Compose in a process that was started with _open_workshop.")
    portions = (Portion(1.0, config.first_style),) if epoch == 0 else config.styles
    generators = [LineGenerator(*_workshop, portion.style, seed=config.seed + epoch) for portion in portions]
    ends = np.rint(np.cumsum([portion.share for portion in portions]) * config.numbers_per_epoch)
    whose = np.searchsorted(ends, np.arange(config.numbers_per_epoch), side="right")
    examples = (generators[owner].example(index) for index, owner in enumerate(whose))
    batches = list(_batched(examples, columns_per_batch=config.columns_per_batch))
    np.random.default_rng([config.seed, epoch]).shuffle(batches)
    return batches


def _batched(examples: Iterator[Example | None], *, columns_per_batch: int) -> Iterator[Batch]:
    waiting: dict[int, list[Example]] = defaultdict(list)
    for example in examples:
        if example is None or len(example.classes) > MAX_CLASSES:
            continue
        width = example.canvas.shape[1]
        waiting[width].append(example)
        # Full batches only: every width has one shape, and is compiled once.
        if len(waiting[width]) == max(1, columns_per_batch // width):
            yield stack(waiting.pop(width))


def stack(examples: list[Example]) -> Batch:
    """Examples of one width as a batch."""
    targets = np.full((len(examples), MAX_CLASSES), BLANK, np.int32)
    for row, example in enumerate(examples):
        targets[row, : len(example.classes)] = example.classes
    return np.stack([example.canvas for example in examples]), targets


def _open_workshop(data_dir: Path) -> None:
    global _workshop, _splits
    cv2.setNumThreads(1)
    mnist = load_mnist(data_dir)
    _workshop = training_hands(mnist, data_dir), load_letters(data_dir)
    _splits = describe_splits(mnist, ["train"])


def _describe_splits() -> dict[str, Any]:
    """Of the workshop's MNIST; runs in the composing process, which has loaded it."""
    return _splits
