"""A set of labeled digits, as every source delivers it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Digits:
    """Canvases with their classes.

    Attributes:
        canvases: uint8 (n, 28, 28, 1), paper 0 and ink 255.
        labels: int64 (n,), 0 to 9.
    """

    canvases: NDArray[np.uint8]
    labels: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, rows: NDArray[np.int64] | slice) -> "Digits":
        """The digits of these rows."""
        return Digits(self.canvases[rows], self.labels[rows])


def join(parts: list[Digits]) -> Digits:
    """All parts one after another."""
    return Digits(
        np.concatenate([part.canvases for part in parts]),
        np.concatenate([part.labels for part in parts]),
    )
