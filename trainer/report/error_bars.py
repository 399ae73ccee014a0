"""Intervals in the form in which matplotlib takes them."""

from collections.abc import Sequence


def reach(shares: Sequence[float], intervals: Sequence[tuple[float, float]]) -> list[list[float]]:
    """How far each interval reaches below and above its share, as `yerr` of `errorbar`.

    Never below 0, which matplotlib refuses: at a share of 0 or 1 rounding can put a bound on the wrong side.
    """
    return [
        [max(0.0, share - low) for share, (low, _) in zip(shares, intervals, strict=True)],
        [max(0.0, high - share) for share, (_, high) in zip(shares, intervals, strict=True)],
    ]
