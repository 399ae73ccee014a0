"""What a frozen network sees of augmented canvases, as batches for what is trained on top of it."""

import keras
import numpy as np
from numpy.typing import NDArray

from trainer.augment import MAX_BATCH_SIZE, augment
from trainer.config import Augmentation
from trainer.data.digits import Digits


class View(keras.utils.PyDataset):
    """Features in batches, in another order every epoch.

    Args:
        early: float16 (n, height, width, channels), the early map.
        late: float16 (n, num_features), the last features.
        labels: int64 (n,).
        rng: where the order comes from.
    """

    def __init__(
        self,
        early: NDArray[np.float16],
        late: NDArray[np.float16],
        labels: NDArray[np.int64],
        *,
        batch_size: int,
        rng: np.random.Generator,
    ) -> None:
        super().__init__()
        self._early, self._late, self._labels = early, late, labels
        self._batch_size = batch_size
        self._rng = rng
        self._order = rng.permutation(len(labels))

    def __len__(self) -> int:
        return -(-len(self._labels) // self._batch_size)

    def __getitem__(self, index: int) -> tuple[tuple[NDArray[np.float32], NDArray[np.float32]], NDArray[np.int64]]:
        """Batch `index` of this epoch: early map and last features, float32, and labels."""
        rows = self._order[index * self._batch_size : (index + 1) * self._batch_size]
        features = self._early[rows].astype(np.float32), self._late[rows].astype(np.float32)
        return features, self._labels[rows]

    def on_epoch_end(self) -> None:
        """Called by Keras when an epoch is over."""
        self._order = self._rng.permutation(len(self._labels))


def view_of(
    taps: keras.Model,
    digits: Digits,
    augmentation: Augmentation,
    *,
    strength: float,
    rng: np.random.Generator,
    batch_size: int,
) -> View:
    """Augment canvases, and run the network over them once.

    In float16 a feature map of 12 x 12 x 32 takes 9 KiB, so 120,000 canvases take 1.1 GB.

    Args:
        taps: from canvases to the early map, the last features, and what else.
        digits: canvases with labels.
        augmentation: of the canvases.
        strength: of the augmentation, 0 to 1.
        rng: where chance comes from, that of the order included.
        batch_size: of the view's batches.
    """
    parts = []
    for start in range(0, len(digits), MAX_BATCH_SIZE):
        canvases = augment(digits.canvases[start : start + MAX_BATCH_SIZE], augmentation, rng, strength=strength)
        # Called as at serving: without dropout, and with the batch statistics that it has.
        parts.append([np.asarray(seen, dtype=np.float16) for seen in taps(canvases, training=False)[:2]])
    early, late = (np.concatenate(seen) for seen in zip(*parts, strict=True))
    return View(early, late, digits.labels, batch_size=batch_size, rng=rng)
