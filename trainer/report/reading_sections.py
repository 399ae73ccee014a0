"""The parts of a report that tell what is read right, what is confused, and how sure the model is."""

from trainer.confidence import expected_calibration_error
from trainer.report import charts
from trainer.report.figures import Size, chart_figure, picture_figure
from trainer.report.measured import (
    DigitMeasures,
    Measured,
    commonest_confusions,
    confusion,
    digit_measures,
    roc_curves,
)
from trainer.report.page import Section, Table
from trainer.report.pictures import sample_readings, wrong_readings
from trainer.trained import Trained

_NUM_SAMPLES = 18
_MOST_WRONG = 64
_SEED = 3  # of the sample readings: drawn once, never chosen


def confusion_section(measured: Measured) -> Section:
    """Which digits are taken for which."""
    pairs = commonest_confusions(measured)
    num_wrong = int((~measured.is_right).sum())
    common = f" The commonest: {pairs[0][0]} read as {pairs[0][1]}, {_times(pairs[0][2])}." if pairs else ""
    figure = chart_figure(
        "confusion",
        charts.confusion_chart(confusion(measured)),
        Size(5.6, 5.4),
        alt=f"Confusion matrix of {len(measured.digits):,} readings, {num_wrong:,} of them off the diagonal.{common}",
        caption="Rows are labels, columns readings. Errors are colored by how many they are; a dot is none.",
    )
    table = Table(
        "The commonest confusions",
        ("label read as", "times", "share of the errors"),
        [(f"{label} as {reading}", str(count), f"{count / num_wrong:.1%}") for label, reading, count in pairs],
    )
    return Section("Confusion matrix", [figure, table] if pairs else [figure, "Nothing was read wrong."])


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def digit_section(measured: Measured) -> Section:
    """Recall, precision and F1 of each digit."""
    rows = digit_measures(measured)
    weakest = min(rows, key=lambda row: row.recall)
    figure = chart_figure(
        "digits",
        charts.digit_chart(rows),
        Size(8, 3.6),
        alt=f"Recall, precision and F1 of each digit. Lowest recall: {weakest.recall:.2%}, of {weakest.digit}.",
        caption="Bars are 95 % Wilson intervals.",
    )
    table = Table(
        "Each digit. The share of its pictures that is read right is its accuracy and its recall.",
        ("digit", "right", "accuracy", "95 % interval", "precision", "95 % interval", "F1", "AUC", "mean confidence"),
        [_digit_row(row) for row in rows],
    )
    return Section("Each digit", [figure, table])


def _digit_row(row: DigitMeasures) -> tuple[str, ...]:
    return (
        str(row.digit),
        f"{row.num_right:,} of {row.num_pictures:,}",
        f"{row.recall:.2%}",
        "{:.2%} to {:.2%}".format(*row.recall_interval),
        f"{row.precision:.2%}",
        "{:.2%} to {:.2%}".format(*row.precision_interval),
        f"{row.f1:.4f}",
        f"{row.auc:.6f}",
        f"{row.mean_confidence:.4f}",
    )


def roc_section(measured: Measured) -> Section:
    """How well each digit is told from all others."""
    curves = roc_curves(measured)
    lowest = min(curves, key=lambda curve: curve.auc)
    figure = chart_figure(
        "roc",
        charts.roc_chart(curves),
        Size(6.4, 4.4),
        alt=f"ROC curves of the ten digits, each against all others. Lowest AUC: {lowest.auc:.6f}, of {lowest.digit}.",
        caption="AUC: chance that a picture of the digit gets a higher probability for it than a picture of another. "
        "What holds without any false positive stands at the left edge.",
    )
    return Section("ROC curves", [figure])


def sample_section(measured: Measured) -> Section:
    """Some readings, drawn at random."""
    tiles = sample_readings(measured, num_samples=_NUM_SAMPLES, seed=_SEED)
    figure = picture_figure(
        "samples",
        tiles,
        alt=f"{len(tiles.canvases)} test digits with reading and confidence: {', '.join(tiles.captions)}.",
        caption="Test digits drawn at random, not chosen; wrong readings are in red.",
    )
    return Section("Sample readings", [figure])


def confidence_section(trained: Trained, measured: Measured) -> Section:
    """How sure the readings are, and whether they may be."""
    error = expected_calibration_error(measured.confidences, measured.is_right)
    if trained.temperature:
        basis = (
            f"Confidence is the softmax at temperature {trained.temperature:.3f}, which was fitted on writers that "
            "nothing was trained on."
        )
    else:
        basis = "Confidence is the bare softmax: this model was not exported, so it was not calibrated."
    if measured.has_others:
        basis += " What the network gives to pictures that are no digit is missing from it, so it can be below a tenth."
    reliability = chart_figure(
        "reliability",
        charts.reliability_chart(measured, "Test digits"),
        Size(5.2, 5),
        alt=f"Reliability diagram in 15 bins with the readings in each. Expected calibration error {error:.2%}.",
        caption="Upper: share of right readings of each bin with its 95 % Wilson interval; the line is what should be. "
        "Lower: readings in the bin, on a logarithmic axis.",
    )
    by_digit = chart_figure(
        "confidence",
        charts.confidence_chart(measured),
        Size(8, 3.8),
        alt="Confidence of the readings of each digit: median, middle half, nine tenths, and every wrong reading.",
        caption="Dash: median. Wide bar: the middle half. Thin line: the middle nine tenths. Crosses: wrong readings.",
    )
    said = f"{basis} Expected calibration error in 15 bins: {error:.2%}, of {len(measured.digits):,} readings."
    return Section("Confidence", [said, by_digit, reliability])


def wrong_section(measured: Measured) -> Section:
    """Pictures of what was read wrong."""
    num_wrong = int((~measured.is_right).sum())
    if not num_wrong:
        return Section("Wrong readings", ["There are none."])
    tiles = wrong_readings(measured, at_most=_MOST_WRONG)
    shown = "All of them" if num_wrong <= _MOST_WRONG else f"The {_MOST_WRONG} surest"
    figure = picture_figure(
        "wrong",
        tiles,
        alt=f"{len(tiles.canvases)} pictures that were read wrong: {', '.join(tiles.captions)}.",
        caption="Label, reading, confidence.",
    )
    said = f"{num_wrong:,} of {len(measured.digits):,} are read wrong. {shown}, the surest first:"
    return Section("Wrong readings", [said, figure])
