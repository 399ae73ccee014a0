"""The report of one digit classifier: an HTML page that needs nothing beside it, and its figures as PNG files."""

from pathlib import Path

from trainer.data.mnist import Mnist
from trainer.report.data_facts import fitted_facts, split_facts
from trainer.report.data_section import data_section
from trainer.report.measured import Measured, measure
from trainer.report.page import Figure, Table, page_html
from trainer.report.reading_sections import (
    confidence_section,
    confusion_section,
    digit_section,
    roc_section,
    sample_section,
    wrong_section,
)
from trainer.report.training_section import training_section
from trainer.trained import Trained

PAGE_FILE = "index.html"


def write_report(trained: Trained, mnist: Mnist, data_dir: Path | None, folder: Path) -> Path:
    """Measure a model on MNIST's test digits and write everything about it into a folder; returns the page.

    Args:
        trained: the model.
        mnist: its digits; of the test digits the measures, of all of them the facts about the data.
        data_dir: where other sources lie that the model was fitted on; None where only MNIST is there.
        folder: made where it is not there; files of the same names are written over.
    """
    measured = measure(trained, "mnist_test", mnist.test)
    splits = split_facts(mnist)
    fitted = fitted_facts(trained.config, data_dir)
    sections = [
        training_section(trained),
        confusion_section(measured),
        digit_section(measured),
        roc_section(measured),
        sample_section(measured),
        confidence_section(trained, measured),
        wrong_section(measured),
        data_section(mnist, [*([fitted] if fitted else []), *splits], splits),
    ]
    folder.mkdir(parents=True, exist_ok=True)
    for figure in (part for section in sections for part in section.parts if isinstance(part, Figure)):
        _write(folder / f"{figure.name}.png", figure.png["light"])
    page = page_html(f"Report: {trained.title}", _introduction(trained, measured), sections)
    _write(folder / PAGE_FILE, page.encode())
    return folder / PAGE_FILE


def _introduction(trained: Trained, measured: Measured) -> list[str | Table]:
    score = measured.score
    low, high = score.interval
    config = trained.config
    return [
        f"Measured on MNIST's {score.num_samples:,} test digits, with the exported graph. Written by "
        f"python -m trainer report {trained.name}.",
        Table(
            "In short",
            ("measure", "value"),
            [
                ("accuracy", f"{score.accuracy:.2%} ({score.num_right:,} of {score.num_samples:,})"),
                ("95 % interval (Wilson)", f"{low:.2%} to {high:.2%}"),
                ("loss (mean cross entropy at temperature 1)", f"{score.loss:.4f} nats"),
                ("macro precision", f"{score.precision.mean():.4f}"),
                ("macro recall", f"{score.recall.mean():.4f}"),
                ("macro F1", f"{score.f1.mean():.4f}"),
                ("parameters", f"{trained.num_parameters:,}"),
                ("config", str(config.get("name", "not known"))),
                ("architecture", str(config.get("architecture", "not known"))),
            ],
        ),
    ]


def _write(path: Path, data: bytes) -> None:
    """Whole or not at all."""
    partial = path.with_suffix(".partial")
    partial.write_bytes(data)
    partial.replace(path)
