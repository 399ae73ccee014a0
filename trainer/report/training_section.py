"""The part of a report that tells how the model was trained."""

from collections.abc import Mapping, Sequence
from typing import Any

from trainer.report.charts import training_curves
from trainer.report.figures import Size, chart_figure
from trainer.report.page import Section
from trainer.runs import HistoryRow
from trainer.trained import Trained


def training_section(trained: Trained) -> Section:
    """Curves of accuracy and loss; a sentence where there is no history."""
    if len(trained.trainings) > 1:
        return Section("Training", [_ensemble_said(trained)])
    history = trained.training.history
    if not history:
        return Section(
            "Training",
            [
                "The run that this model comes from is not here, so there is no history to show: history.json of a "
                "run of the same config is looked for. Train it, or name the folder of the runs with --output."
            ],
        )
    is_validated = any("val_loss" in row for row in history)
    said = _training_said(history, is_validated=is_validated)
    if trained.training.machines:
        said += f" Trained on {'; '.join(trained.training.machines)}."
    figure = chart_figure(
        "training",
        training_curves(history),
        Size(8, 3.2),
        alt=f"Accuracy and loss over {len(history)} epochs. {said}",
        caption=_training_caption(trained.config),
    )
    return Section("Training", [said, figure])


def _ensemble_said(trained: Trained) -> str:
    said = f"{len(trained.trainings)} networks, each with a training and a history of its own"
    num_epochs = len(trained.training.history)
    return f"{said}, {num_epochs} epochs in all." if num_epochs else f"{said}; not all of these are here."


def _training_caption(config: Mapping[str, Any]) -> str:
    caption = "Training digits are measured while they are learned from, with dropout"
    augmentation = config.get("augmentation")
    if not augmentation:
        return f"{caption}, so they can look worse than validation digits."
    caption += " and bent, so they can look worse than others."
    num_calm = augmentation["calm_epochs"]
    return f"{caption} In the last {num_calm} epochs they are bent half as far." if num_calm else caption


def _training_said(history: Sequence[HistoryRow], *, is_validated: bool) -> str:
    last = history[-1]
    said = f"{len(history)} epochs; in the last one training accuracy {last['accuracy']:.2%}, loss {last['loss']:.4f}"
    if is_validated and "val_loss" in last:
        return f"{said}, validation accuracy {last['val_accuracy']:.2%}, loss {last['val_loss']:.4f}."
    return f"{said}. Validation was not measured: this config is fitted on the validation writers too."
