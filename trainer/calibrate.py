"""From raw scores to a confidence that can be believed, measured on writers whom the weights never saw.

The bounds take readings as independent. Two readings of one digit, and digits of one writer, are not quite;
they are close to it where errors are rare.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from service.recognition.policy import CalibrationRow, CalibrationTable
from service.recognition.probability import Logits, softmax
from trainer.confidence import Confidences, Flags
from trainer.intervals import error_upper_bound

# Fixed beforehand: thresholds picked from the data would have to pay for having been picked. None is below 0.5: what
# is more likely wrong than right is not accepted, however few such readings there are.
THRESHOLDS = (
    0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.91, 0.92, 0.93, 0.94, 0.95, 0.955, 0.96, 0.965, 0.97, 0.975, 0.98, 0.985, 0.99,
    0.9925, 0.995, 0.9965, 0.998, 0.999, 0.9995, 0.9998, 0.9999, 0.99995,
)  # fmt: skip
_LOG_TEMPERATURE_RANGE = (-3.0, 3.0)


def fit_temperature(logits: Logits, labels: NDArray[np.int64]) -> float:
    """The divisor of the logits under which the labels are most likely.

    Args:
        logits: float32 (n, num_classes), raw scores.
        labels: int64 (n,), class indices.

    Source: Guo et al. 2017, "On Calibration of Modern Neural Networks", arXiv 1706.04599.
    """

    def negative_log_likelihood(log_temperature: float) -> float:
        probs = softmax(logits, temperature=float(np.exp(log_temperature)))
        right = probs[np.arange(len(labels)), labels]
        return float(-np.log(np.maximum(right, np.finfo(np.float64).tiny)).mean())

    found = minimize_scalar(negative_log_likelihood, bounds=_LOG_TEMPERATURE_RANGE, method="bounded")
    return float(np.exp(found.x))


def calibration_table(confidences: Confidences, is_right: Flags) -> CalibrationTable:
    """Error bound and coverage at every threshold of `THRESHOLDS`, of digits or of whole strings.

    Args:
        confidences: float64 (n,), 0 to 1; what was rejected has 0.
        is_right: bool (n,), whether the reading is right; a picture with nothing to read has no right reading.
    """
    rows = []
    for threshold in THRESHOLDS:
        is_accepted = confidences >= threshold
        num_accepted, num_wrong = int(is_accepted.sum()), int((is_accepted & ~is_right).sum())
        rows.append(
            CalibrationRow(
                threshold=threshold,
                num_accepted=num_accepted,
                num_wrong=num_wrong,
                error_upper_bound=error_upper_bound(num_wrong, num_accepted),
                coverage=num_accepted / len(confidences),
            )
        )
    return CalibrationTable(tuple(rows))
