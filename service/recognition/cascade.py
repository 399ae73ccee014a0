"""When a small network's verdict stands, and when a larger one is asked."""

import numpy as np
from numpy.typing import NDArray

from service.recognition.prediction import NUM_DIGITS
from service.recognition.probability import Probs


def sureness(probs: Probs) -> NDArray[np.float64]:
    """Probability that no other digit than the likeliest is right: it is that one, or no one digit.

    What is no digit, the larger network would refuse too, for the two have one gate. It is which digit that it knows
    better. So a letter is not passed on for being one, nor a digit for looking like a letter.

    Args:
        probs: float64 (..., 12), calibrated, over the symbols of `GATED_DIGITS`; or (..., 10), of a network that knows
            digits alone.

    Returns:
        float64 (...), 0 to 1.
    """
    best_digit, refusal = probs[..., :NUM_DIGITS].max(axis=-1), probs[..., NUM_DIGITS:].sum(axis=-1)
    sure: NDArray[np.float64] = best_digit + refusal
    return sure
