"""How far a confidence can be believed, and how well it tells right from wrong: measures over many readings.

They take confidences and whether each reading was right, of single digits or of whole strings alike.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from trainer.intervals import error_upper_bound

Confidences = NDArray[np.float64]
"""float64 (n,), 0 to 1."""

Flags = NDArray[np.bool_]
"""bool (n,)."""

DEFAULT_MAX_ERROR = 0.01  # what the service promises where a caller asks for nothing else
NUM_BINS = 15


@dataclass(frozen=True, slots=True)
class Bin:
    """Readings of about the same confidence.

    Attributes:
        num_readings: how many.
        confidence: their mean confidence.
        accuracy: share of them that is right.
    """

    num_readings: int
    confidence: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class ReadRate:
    """How much can be read at an error rate, if the threshold is chosen with hindsight.

    Attributes:
        max_error: the error rate.
        threshold: the lowest confidence from which on no more than that share is wrong; None where there is none.
        coverage: share of the readings from there on.
        num_accepted: their number.
        num_wrong: those of them that are wrong.
        error_upper_bound: one-sided 95 % Clopper-Pearson bound of their error rate.
    """

    max_error: float
    threshold: float | None
    coverage: float
    num_accepted: int
    num_wrong: int
    error_upper_bound: float


def reliability(confidences: Confidences, is_right: Flags, *, num_bins: int = NUM_BINS) -> list[Bin]:
    """Readings in bins of equal width, by rising confidence; empty bins are left out."""
    index = np.minimum((confidences * num_bins).astype(np.int64), num_bins - 1)
    bins = []
    for number in range(num_bins):
        inside = index == number
        if inside.any():
            bins.append(Bin(int(inside.sum()), float(confidences[inside].mean()), float(is_right[inside].mean())))
    return bins


def expected_calibration_error(confidences: Confidences, is_right: Flags, *, num_bins: int = NUM_BINS) -> float:
    """Mean distance between confidence and accuracy over the bins of `reliability`; 0 is best.

    Source: Guo et al. 2017, arXiv 1706.04599.
    """
    bins = reliability(confidences, is_right, num_bins=num_bins)
    return sum(one.num_readings * abs(one.confidence - one.accuracy) for one in bins) / len(confidences)


def brier_score(confidences: Confidences, is_right: Flags) -> float:
    """Mean squared distance between the confidence and what came true, 1 or 0."""
    return float(np.mean((confidences - is_right) ** 2))


def risk_coverage(confidences: Confidences, is_right: Flags) -> tuple[Confidences, Confidences]:
    """Coverage and error rate when the surest readings are accepted, one after another.

    Readings of equal confidence can only be accepted together, so the curve has a point per distinct confidence.

    Returns:
        float64 (m,) each: coverage, rising to 1, and the share that is wrong among those accepted.
    """
    order = np.argsort(-confidences, kind="stable")
    num_wrong = np.cumsum(~is_right[order])
    num_accepted = np.arange(1, len(order) + 1)
    is_last = np.append(np.diff(confidences[order]) != 0, True)
    return num_accepted[is_last] / len(order), num_wrong[is_last] / num_accepted[is_last]


def area_under_risk_coverage(confidences: Confidences, is_right: Flags) -> float:
    """Mean error rate over all coverages (AURC); 0 is best.

    Source: Geifman, Uziel and El-Yaniv 2019, "Bias-Reduced Uncertainty Estimation for Deep Neural Classifiers",
    arXiv 1805.08206.
    """
    coverage, risk = risk_coverage(confidences, is_right)
    return float(np.sum(np.diff(coverage, prepend=0.0) * risk))


def read_rate(confidences: Confidences, is_right: Flags, *, max_error: float) -> ReadRate:
    """The largest share that can be accepted with at most this share of it wrong."""
    coverage, risk = risk_coverage(confidences, is_right)
    fitting = np.flatnonzero(risk <= max_error)
    if not len(fitting):
        return ReadRate(max_error, None, 0.0, 0, 0, 1.0)
    best = int(fitting[-1])
    num_accepted = round(float(coverage[best]) * len(confidences))
    num_wrong = round(float(risk[best]) * num_accepted)
    threshold = float(np.sort(confidences)[len(confidences) - num_accepted])
    bound = error_upper_bound(num_wrong, num_accepted)
    return ReadRate(max_error, threshold, float(coverage[best]), num_accepted, num_wrong, bound)


def auroc(digits: Confidences, others: Confidences) -> float:
    """Chance that a digit has a higher confidence than something that is no digit, a tie counting half; 1 is best."""
    ranks = rankdata(np.concatenate([digits, others]))
    num_digits, num_others = len(digits), len(others)
    return float((ranks[:num_digits].sum() - num_digits * (num_digits + 1) / 2) / (num_digits * num_others))


def false_accepts_at_95(digits: Confidences, others: Confidences) -> float:
    """Share of the others that passes a threshold which 95 % of the digits pass (FPR95); 0 is best."""
    threshold = np.quantile(digits, 0.05, method="lower")
    return float(np.mean(others >= threshold))
