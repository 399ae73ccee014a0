"""Which made-up marks happen to be digits.

Whoever draws characters by chance draws a 7 now and then. Learned from as no digit, it would teach doubt of every 7;
but a network asked for its opinion would take out exactly the marks that it has yet to learn. So pictures are compared
with pictures: a mark that lies nearly as close to some digit as digits lie to each other is left out.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from trainer.data.digits import Digits

NUM_COMPARED = 4_000
DIGIT_LIKENESS = 0.9  # of digits themselves, nine in ten lie nearer than this to one of 4,000 others
_SIGMA_PX = 1.0
_GRID_PX = 14


class DigitLikeness:
    """How near a canvas lies to the nearest of some digits.

    Args:
        digits: of which up to `NUM_COMPARED` are compared with, drawn by `rng`.
        rng: where chance comes from.
    """

    def __init__(self, digits: Digits, rng: np.random.Generator) -> None:
        rows = rng.permutation(len(digits))[:NUM_COMPARED]
        self._features = np.stack([_features(canvas) for canvas in digits.canvases[rows]])

    def of(self, canvas: NDArray[np.uint8]) -> float:
        """Highest correlation of the canvas, uint8 (28, 28, 1), with a digit, both blurred: up to 1."""
        return float((self._features @ _features(canvas)).max())


def _features(canvas: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Blurred by a pixel, at half the resolution, of mean 0 and length 1: float32 (196,)."""
    smooth = cv2.GaussianBlur(canvas[..., 0].astype(np.float32), (0, 0), _SIGMA_PX)
    small = cv2.resize(smooth, (_GRID_PX, _GRID_PX), interpolation=cv2.INTER_AREA).ravel()
    small -= small.mean()
    return small / max(float(np.linalg.norm(small)), 1e-6)
