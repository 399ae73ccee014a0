"""Digits as batches for `model.fit`."""

import keras
import numpy as np
from numpy.typing import NDArray

from trainer.augment import augment
from trainer.config import Augmentation
from trainer.data.digits import Digits

_CALM_STRENGTH = 0.5


class TrainingBatches(keras.utils.PyDataset):
    """Shuffled, augmented batches.

    What batch i of epoch e holds follows from the seed, e and i alone, so a resumed run sees exactly what it
    would have seen, and no state of a random generator needs to be kept.

    Args:
        digits: to learn from.
        epochs_per_cycle: the last of every so many epochs are the calm ones.
        first_epoch: 0, or where a resumed run goes on.
    """

    def __init__(
        self,
        digits: Digits,
        *,
        batch_size: int,
        augmentation: Augmentation | None,
        epochs_per_cycle: int,
        first_epoch: int,
        seed: int,
    ) -> None:
        super().__init__()
        self._digits = digits
        self._batch_size = batch_size
        self._augmentation = augmentation
        self._epochs_per_cycle = epochs_per_cycle
        self._seed = seed
        self._start(first_epoch)

    def __len__(self) -> int:
        return -(-len(self._digits) // self._batch_size)

    def __getitem__(self, index: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        """Batch `index` of this epoch: uint8 (batch, 28, 28, 1) and int64 (batch,)."""
        rows = self._order[index * self._batch_size : (index + 1) * self._batch_size]
        batch = self._digits.take(rows)
        if self._augmentation is None:
            return batch.canvases, batch.labels
        rng = np.random.default_rng([self._seed, self._epoch, index])
        return augment(batch.canvases, self._augmentation, rng, strength=self._strength()), batch.labels

    def on_epoch_end(self) -> None:
        """Called by Keras when an epoch is over."""
        self._start(self._epoch + 1)

    def _start(self, epoch: int) -> None:
        self._epoch = epoch
        self._order = np.random.default_rng([self._seed, epoch]).permutation(len(self._digits))

    def _strength(self) -> float:
        num_left = self._epochs_per_cycle - self._epoch % self._epochs_per_cycle
        is_calm = self._augmentation and num_left <= self._augmentation.calm_epochs
        return _CALM_STRENGTH if is_calm else 1.0
