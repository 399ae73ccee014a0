from pathlib import Path

import pytest

from trainer.report.page import Figure
from trainer.report.training_section import training_section
from trainer.trained import Trained, Training


def trained_with(*histories, config=None):
    trainings = tuple(Training(tuple(history), ("A, 2 cores",)) for history in histories)
    return Trained("nearest", None, Path(), None, 1, None, config or {}, trainings)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"accuracy": 0.5, "loss": 2.0}, "Validation was not measured"),
        ({"accuracy": 0.5, "loss": 2.0, "val_accuracy": 0.625, "val_loss": 1.0}, "validation accuracy 62.50%"),
    ],
)
def test_curves_are_drawn_of_what_was_measured(row, said):
    history = ({"epoch": epoch, **row} for epoch in (1, 2, 3))
    section = training_section(trained_with(history))
    text, figure = section.parts
    assert said in text
    assert "A, 2 cores" in text
    assert isinstance(figure, Figure)
    assert "3 epochs" in figure.alt


@pytest.mark.parametrize(
    ("augmentation", "said"),
    [
        (None, "with dropout, so they can look worse"),
        ({"calm_epochs": 0}, "bent, so they can look worse than others."),
        ({"calm_epochs": 6}, "In the last 6 epochs they are bent half as far."),
    ],
)
def test_caption_warns_of_what_training_digits_go_through(augmentation, said, monkeypatch):
    monkeypatch.setattr("trainer.report.figures.render", lambda *_, **__: b"no picture")  # drawn above
    rows = [{"epoch": 1, "accuracy": 0.5, "loss": 2.0}]
    _, figure = training_section(trained_with(rows, config={"augmentation": augmentation})).parts
    assert said in figure.caption


def test_missing_history_is_said_to_be_missing():
    (text,) = training_section(trained_with(())).parts
    assert "no history to show" in text


def test_ensemble_has_no_curve_of_its_own():
    row = {"epoch": 1, "accuracy": 0.5, "loss": 2.0}
    (text,) = training_section(trained_with((row,), (row, row))).parts
    assert "2 networks" in text
    assert "3 epochs in all" in text
    (text,) = training_section(trained_with((row,), ())).parts
    assert "not all of these are here" in text
