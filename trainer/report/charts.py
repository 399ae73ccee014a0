"""The charts of a report. Each function takes what is to be seen and gives back how to draw it."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.confidence import reliability
from trainer.evaluate import NUM_CLASSES
from trainer.report.data_facts import SplitFacts
from trainer.report.error_bars import reach
from trainer.report.measured import DigitMeasures, Measured, RocCurve
from trainer.report.reliability_chart import draw_reliability
from trainer.report.theme import Draw, Theme
from trainer.runs import HistoryRow

_SUREST = 1 - 1e-6  # what is surer is drawn here: on the axis of the odds, 1 is infinitely far
# Which part of a color map is used, in the largest count: a single error is seen, and the most is not black.
_HEAT_FROM, _HEAT_TO = -0.6, 1.25
_FEWEST_FALSE = 1e-4  # where the logarithmic axis of the ROC curves begins: one of ten thousand test digits


def training_curves(history: Sequence[HistoryRow]) -> Draw:
    """Accuracy and loss over the epochs, of the training and, where it was measured, of the validation digits."""

    def draw(figure: Any, theme: Theme) -> None:
        epochs = [row["epoch"] for row in history]
        for axes, key, title, label in zip(
            figure.subplots(1, 2),
            ("accuracy", "loss"),
            ("Accuracy", "Loss"),
            ("share right", "mean cross entropy, nats"),
            strict=True,
        ):
            for prefix, name, color in (("", "training", theme.accent), ("val_", "validation", theme.second)):
                values = [row.get(prefix + key, np.nan) for row in history]
                if not np.isnan(values).all():
                    axes.plot(epochs, values, color=color, label=name, marker="o", markersize=2.5)
            axes.set_title(title)
            axes.set(xlabel="epoch", ylabel=label)
            axes.xaxis.get_major_locator().set_params(integer=True)
            axes.grid(axis="y")
            axes.legend()
            _cut_off_beginning(axes, [row[key] for row in history], from_above=key == "loss")

    return draw


def _cut_off_beginning(axes: Any, values: list[float], *, from_above: bool) -> None:
    """Leave out the first epochs' distance where it would press the others into a line."""
    low, high = axes.get_ylim()
    early = values[len(values) // 4]
    if from_above:
        axes.set_ylim(0, min(high, 4 * early) if len(values) >= 4 else high)
    else:
        axes.set_ylim(max(low, 1 - 4 * (1 - early)) if len(values) >= 4 else low, 1)


def confusion_chart(counts: NDArray[np.int64]) -> Draw:
    """Label by reading, with the number in each cell; only errors are colored.

    Args:
        counts: int64 (10, 10) by [label, reading].
    """

    def draw(figure: Any, theme: Theme) -> None:
        axes = figure.subplots()
        errors = np.where(np.eye(len(counts), dtype=bool) | (counts == 0), np.nan, counts)
        most = float(np.nanmax(errors)) if (~np.isnan(errors)).any() else 1.0
        axes.imshow(errors, cmap=theme.heat, vmin=_HEAT_FROM * most, vmax=_HEAT_TO * most)
        for label, reading in np.ndindex(*counts.shape):
            count = int(counts[label, reading])
            is_right = label == reading
            axes.text(
                reading,
                label,
                f"{count:,}" if count or is_right else "·",
                ha="center",
                va="center",
                fontsize=8,
                fontweight="bold" if is_right else "normal",
                color=_on_heat(count, most, theme) if count and not is_right else theme.ink,
            )
        axes.set_title("Confusion matrix")
        axes.set(xlabel="reading", ylabel="label", xticks=range(len(counts)), yticks=range(len(counts)))
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)

    return draw


def _on_heat(count: int, most: float, theme: Theme) -> str:
    """Letters that can be read on the color of a cell."""
    from matplotlib import colormaps

    red, green, blue, _ = colormaps[theme.heat]((count / most - _HEAT_FROM) / (_HEAT_TO - _HEAT_FROM))
    return "#000000" if 0.299 * red + 0.587 * green + 0.114 * blue > 0.5 else "#ffffff"


def digit_chart(rows: Sequence[DigitMeasures]) -> Draw:
    """Recall, precision and F1 of each digit, the first two with 95 % intervals."""

    def draw(figure: Any, theme: Theme) -> None:
        axes = figure.subplots()
        digits = np.array([row.digit for row in rows])
        recalls = "recall (accuracy of the digit)", [(row.recall, row.recall_interval) for row in rows]
        precisions = "precision", [(row.precision, row.precision_interval) for row in rows]
        looks = ((-0.2, theme.accent, "o"), (0.0, theme.second, "s"))
        for (name, values), (offset, color, marker) in zip((recalls, precisions), looks, strict=True):
            shares, intervals = zip(*values, strict=True)
            bars = reach(shares, intervals)
            look = {"fmt": marker, "color": color, "markersize": 4, "linewidth": 1, "capsize": 2}
            axes.errorbar(digits + offset, shares, yerr=bars, label=name, **look)
        axes.plot(digits + 0.2, [row.f1 for row in rows], "D", markersize=4, color=theme.ink, label="F1")
        axes.set_title("Recall, precision and F1 by digit")
        axes.set(xlabel="digit", ylabel="share", xticks=digits)
        axes.grid(axis="y")
        axes.legend(loc="lower center", ncols=3, bbox_to_anchor=(0.5, -0.32))

    return draw


def roc_chart(curves: Sequence[RocCurve]) -> Draw:
    """One curve per digit against all others; the false positives on a logarithmic axis, else they are one corner."""

    def draw(figure: Any, theme: Theme) -> None:
        from matplotlib import colormaps

        axes = figure.subplots()
        colors = colormaps["tab10"]
        for curve in curves:
            axes.step(
                np.maximum(curve.false_positive_rate, _FEWEST_FALSE),
                curve.true_positive_rate,
                where="post",
                color=colors(curve.digit % colors.N),
                linewidth=1.2,
                label=f"{curve.digit}: AUC {curve.auc:.6f}",
            )
        axes.set_xscale("log")
        axes.set_title("ROC: one digit against all others")
        axes.set(
            xlabel="false positives: share of the other digits' pictures (logarithmic)",
            ylabel="true positives: share of the digit's",
            xlim=(_FEWEST_FALSE, 1),
        )
        lowest = min(curve.true_positive_rate[curve.false_positive_rate <= _FEWEST_FALSE].max() for curve in curves)
        axes.set_ylim(max(0.0, float(lowest) - 0.02), 1.002)
        axes.grid()
        axes.legend(loc="lower right")

    return draw


def confidence_chart(measured: Measured) -> Draw:
    """How sure the readings of each digit are: half of them, nine tenths, and every wrong one."""

    def draw(figure: Any, theme: Theme) -> None:
        from matplotlib.ticker import NullLocator

        axes = figure.subplots()
        confidences = np.clip(measured.confidences, 1 - _SUREST, _SUREST)
        for digit in range(NUM_CLASSES):
            of_digit = measured.digits.labels == digit
            if not of_digit.any():
                continue
            low, first, median, third, high = np.quantile(confidences[of_digit], (0.05, 0.25, 0.5, 0.75, 0.95))
            axes.plot([digit, digit], [low, high], color=theme.accent, linewidth=1)
            axes.plot([digit, digit], [first, third], color=theme.accent, linewidth=7, solid_capstyle="butt", alpha=0.5)
            axes.plot([digit], [median], "_", color=theme.ink, markersize=12, markeredgewidth=2)
            wrong = confidences[of_digit & ~measured.is_right]
            axes.plot([digit + 0.25] * len(wrong), wrong, "x", color=theme.wrong, markersize=5)
        axes.set_yscale("logit")
        axes.set_yticks([0.1, 0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999])
        axes.set_yticklabels(["0.1", "0.5", "0.9", "0.99", "0.999", "0.9999", "0.99999"])
        axes.yaxis.set_minor_locator(NullLocator())
        axes.set_title("Confidence by digit")
        axes.set(xlabel="label", ylabel="confidence (by its odds)", xticks=range(NUM_CLASSES))
        axes.grid(axis="y")

    return draw


def reliability_chart(measured: Measured, title: str) -> Draw:
    """Whether readings are right as often as their confidence says."""

    def draw(figure: Any, theme: Theme) -> None:
        panels = figure.subplots(2, 1, height_ratios=(3, 1.4), sharex=True)
        draw_reliability(tuple(panels), reliability(measured.confidences, measured.is_right), theme, title=title)

    return draw


def class_chart(splits: Sequence[SplitFacts]) -> Draw:
    """The share of each digit in each part of the data."""

    def draw(figure: Any, theme: Theme) -> None:
        axes = figure.subplots()
        digits = np.arange(NUM_CLASSES)
        shades = np.linspace(1.0, 0.35, len(splits))
        width = 0.8 / len(splits)
        for index, (split, shade) in enumerate(zip(splits, shades, strict=True)):
            axes.bar(
                digits - 0.4 + (index + 0.5) * width,
                100 * split.counts / max(1, split.num_digits),
                width=width,
                color=theme.accent,
                alpha=shade,
                label=f"{split.name}: {split.num_digits:,}",
            )
        axes.axhline(10, color=theme.ink, linewidth=0.8, linestyle=":")
        axes.set_title("Share of each digit")
        axes.set(xlabel="digit", ylabel="share of the part, %", xticks=digits)
        axes.legend(loc="lower center", ncols=len(splits), bbox_to_anchor=(0.5, -0.32))

    return draw
