"""Intervals around measured shares."""

from math import sqrt

from scipy.stats import beta

_Z_95 = 1.959963984540054  # two-sided 95 % quantile of the normal distribution


def wilson_interval(num_hits: int, num_samples: int) -> tuple[float, float]:
    """Two-sided 95 % interval of a share; (0, 1) without samples.

    Source: Wilson 1927, "Probable Inference, the Law of Succession, and Statistical Inference".
    """
    if num_samples == 0:
        return 0.0, 1.0
    share = num_hits / num_samples
    spread = _Z_95**2 / num_samples
    middle = (share + spread / 2) / (1 + spread)
    reach = _Z_95 * sqrt(share * (1 - share) / num_samples + spread / (4 * num_samples)) / (1 + spread)
    return max(0.0, middle - reach), min(1.0, middle + reach)


def error_upper_bound(num_wrong: int, num_samples: int, *, confidence: float = 0.95) -> float:
    """One-sided upper bound of an error rate; 1 without samples.

    Source: Clopper and Pearson 1934, "The Use of Confidence or Fiducial Limits Illustrated in the Case of the
    Binomial".
    """
    if num_wrong >= num_samples:
        return 1.0
    return float(beta.ppf(confidence, num_wrong + 1, num_samples - num_wrong))
