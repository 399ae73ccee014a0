"""From raw scores to calibrated probabilities."""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Logits: TypeAlias = NDArray[np.float32]
Probs: TypeAlias = NDArray[np.float64]


def softmax(logits: Logits, *, temperature: float = 1.0) -> Probs:
    """Probabilities of the classes on the last axis.

    Args:
        logits: float32 (..., num_classes), raw scores.
        temperature: positive divisor of the logits, fitted on calibration data. Above 1 it makes the
            model less sure; the order of the classes never changes.

    Returns:
        float64 (..., num_classes), each row summing to 1.

    Source: Guo et al. 2017, "On Calibration of Modern Neural Networks", arXiv 1706.04599.
    """
    scaled = np.asarray(logits, dtype=np.float64) / temperature
    # The largest score is taken off first, so that exp never overflows.
    exponentials = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    probs: Probs = exponentials / exponentials.sum(axis=-1, keepdims=True)
    return probs
