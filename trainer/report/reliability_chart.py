"""Reliability diagrams that say how many readings stand behind each point.

Source: Guo et al. 2017, "On Calibration of Modern Neural Networks", arXiv 1706.04599; the intervals are added, because
a bin of three readings looks as sure as one of nine thousand without them.
"""

from collections.abc import Sequence
from typing import Any

from trainer.confidence import NUM_BINS, Bin
from trainer.intervals import wilson_interval
from trainer.report.error_bars import reach
from trainer.report.theme import Theme


def draw_reliability(panels: tuple[Any, Any], bins: Sequence[Bin], theme: Theme, *, title: str) -> None:
    """The share that is right over the confidence, with 95 % Wilson intervals, and below it the count of each bin.

    Args:
        panels: matplotlib axes: the upper, and the lower one, which shares its confidence axis.
        bins: of the readings; empty ones are left out.
        theme: colors.
        title: what the readings are of.
    """
    upper, lower = panels
    confidences, shares = [one.confidence for one in bins], [one.accuracy for one in bins]
    intervals = [wilson_interval(round(one.accuracy * one.num_readings), one.num_readings) for one in bins]
    upper.plot([0, 1], [0, 1], color=theme.faint, linewidth=1, zorder=1)
    upper.errorbar(
        confidences,
        shares,
        yerr=reach(shares, intervals),
        fmt="o",
        markersize=3.5,
        linewidth=1,
        capsize=2,
        color=theme.accent,
        zorder=2,
    )
    upper.set_title(title)
    upper.set(ylabel="share right", ylim=(-0.03, 1.03), xlim=(-0.03, 1.03))
    upper.tick_params(labelbottom=False)

    width = 1 / NUM_BINS
    left = [min(int(one.confidence * NUM_BINS), NUM_BINS - 1) * width for one in bins]
    counts = [one.num_readings for one in bins]
    lower.bar(left, counts, width=width * 0.9, align="edge", color=theme.accent, alpha=0.55)
    lower.set_yscale("log")
    # From below one, so that a bin of one reading has a bar; room above for the numbers.
    lower.set(xlabel="confidence", ylabel="readings", xlim=(-0.03, 1.03), ylim=(0.5, max(counts, default=1) * 12))
    for start, count in zip(left, counts, strict=True):
        lower.annotate(
            f"{count:,}",
            (start + width * 0.45, count),
            xytext=(0, 2),
            textcoords="offset points",
            rotation=90,
            fontsize=6,
            ha="center",
            va="bottom",
        )
