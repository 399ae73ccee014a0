"""The part of a report that shows the data."""

from collections.abc import Sequence

from trainer.data.mnist import Mnist
from trainer.report.charts import class_chart
from trainer.report.data_facts import SplitFacts
from trainer.report.figures import Size, chart_figure, picture_figure
from trainer.report.page import Section, Table
from trainer.report.pictures import examples


def data_section(mnist: Mnist, parts: Sequence[SplitFacts], splits: Sequence[SplitFacts]) -> Section:
    """Examples, counts and pixels.

    Args:
        mnist: whose training digits are shown.
        parts: everything that is described in the tables.
        splits: those of them that are parts of MNIST, for the chart.
    """
    one, ten = (
        picture_figure(
            name,
            examples(mnist.train, num_each=num_each, title=title),
            alt=f"{title} of MNIST's training digits, from 0 to 9.",
            caption="The first ones in the file, as the network sees them: 28 x 28 px.",
        )
        for name, num_each, title in (("one-of-each", 1, "One of each digit"), ("ten-of-each", 10, "Ten of each digit"))
    )
    counts = Table(
        "Pictures of each digit",
        ("part", *map(str, range(10)), "all"),
        [(part.name, *(f"{count:,}" for count in part.counts), f"{part.num_digits:,}") for part in parts],
    )
    pixels = Table(
        "Pixels, 0 (paper) to 1 (ink)",
        ("part", "mean", "standard deviation", "share that is not paper"),
        [(part.name, f"{part.mean:.4f}", f"{part.std:.4f}", f"{part.inked:.2%}") for part in parts],
    )
    classes = chart_figure(
        "classes",
        class_chart(splits),
        Size(8, 3.4),
        alt="Share of each digit in MNIST's train, validation, calibration and test digits, all between "
        f"{min(_shares(splits)):.1%} and {max(_shares(splits)):.1%}.",
        caption="Dotted: a tenth. No writer stands in two of the parts.",
    )
    return Section("The data", [one, ten, counts, classes, pixels])


def _shares(splits: Sequence[SplitFacts]) -> list[float]:
    return [float(count / max(1, split.num_digits)) for split in splits for count in split.counts]
