"""The comparison as a part of a page, between two marks that a reader of the page does not see."""

from pathlib import Path

from trainer.compare import Comparison, Row
from trainer.errors import TrainerError
from trainer.evaluate import Score
from trainer.trained import Training

BEGIN, END = "<!-- compare: begin -->", "<!-- compare: end -->"
_NOT_RECORDED = "not recorded"


def write_between_marks(page: Path, text: str) -> None:
    """Put a text into a page in place of what stands between the marks; the rest is left as it is.

    Raises:
        TrainerError: there is no such page, or it has not each mark once, in order.
    """
    try:
        before = page.read_text(encoding="utf-8")
    except OSError as error:
        raise TrainerError(f"{page} cannot be read ({error.strerror}). Name the page with --page.") from error
    if before.count(BEGIN) != 1 or before.count(END) != 1 or before.index(BEGIN) > before.index(END):
        raise TrainerError(f"{page} needs the lines `{BEGIN}` and `{END}`, once each: the tables go between them.")
    head, rest = before.split(BEGIN)
    tail = rest.split(END)[1]
    partial = page.with_suffix(".partial")
    partial.write_text(f"{head}{BEGIN}\n{text}{END}{tail}", encoding="utf-8")
    partial.replace(page)


def comparison_text(comparison: Comparison) -> str:
    """The tables in Markdown, and what is to be said of them."""
    lines = [
        f"Written by `python -m trainer compare` on {comparison.date}.",
        "",
        "| config | published | MNIST test | 95 % interval | loss | macro precision | recall | F1 "
        "| bhmsds, held back |",
        "|---|---|---|---|---|---|---|---|---|",
        *(_reading_row(row) for row in comparison.rows),
        "",
        _reached(comparison.rows),
        "",
        "| config | parameters | images/s | epochs | processor time | elapsed | trained on |",
        "|---|---|---|---|---|---|---|",
        *(_cost_row(row) for row in comparison.rows),
        "",
        "Images per second of one core's time, in batches of 256, all networks in one process, in turn; "
        f"{comparison.machine}. Processor time is that of all threads together.",
    ]
    if comparison.left_out:
        names = ", ".join(f"`{name}`" for name in comparison.left_out)
        lines += ["", f"Left out, because they are neither exported nor trained: {names}."]
    return "\n".join(lines) + "\n"


def _reading_row(row: Row) -> str:
    one = row.mnist
    cells = [
        _name(row),
        " / ".join(f"{100 * share:.4g} %" for share in row.entry.published) or "-",
        _share(one),
        "{:.2%} to {:.2%}".format(*one.interval).replace("%", " %"),
        f"{one.loss:.4f}",
        f"{one.precision.mean():.4f}",
        f"{one.recall.mean():.4f}",
        f"{one.f1.mean():.4f}",
        _share(row.bhmsds) if row.bhmsds else "-",
    ]
    return f"| {' | '.join(cells)} |"


def _cost_row(row: Row) -> str:
    training = row.training
    cells = [
        _name(row),
        f"{row.num_parameters:,}",
        f"{row.images_per_s:,.0f}",
        str(len(training.history)) if training.history else _NOT_RECORDED,
        _time(training.processor_time_s),
        _time(training.time_s),
        _machines(training),
    ]
    return f"| {' | '.join(cells)} |"


def _name(row: Row) -> str:
    return f"`{row.entry.name}`" + (f", version {row.version}" if row.version else "")


def _share(one: Score) -> str:
    return f"{100 * one.accuracy:.2f} % ({one.num_right:,} of {one.num_samples:,})"


def _reached(rows: tuple[Row, ...]) -> str:
    below = [f"`{row.entry.name}`" for row in rows if not row.reaches_published]
    if below:
        return f"Below the published figure: {', '.join(below)}. All others reach theirs, where there is one."
    return "Every network reaches the figure that is published for it, where there is one."


def _time(time_s: float | None) -> str:
    if time_s is None:
        return _NOT_RECORDED
    minutes, seconds = divmod(round(time_s), 60)
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"


def _machines(training: Training) -> str:
    return "; ".join(training.machines) or _NOT_RECORDED
