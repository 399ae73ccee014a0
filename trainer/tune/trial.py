"""One trial of a search: a training with other values, measured on the validation writers."""

import hashlib
import json
import math
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import optuna

from trainer.architectures.registry import build_model
from trainer.config import Config
from trainer.data.digits import Digits
from trainer.data.sources import TrainingData
from trainer.full_disk import is_disk_full
from trainer.runs import HistoryRow, Run
from trainer.train import train
from trainer.tune.space import OneOf, Range, Space, Value, with_values

_BATCH_SIZE = 1000
FAILURE = "failure"  # the attribute of a failed trial that says why; one without it was merely interrupted
NUM_RIGHT, NUM_SAMPLES, CONFIG = "num_right", "num_samples", "config"


class TrialFailed(Exception):
    """A trial came to nothing. It is recorded with its reason, and the search goes on."""


@dataclass(frozen=True, slots=True)
class Objective:
    """What a trial is to find the lowest of: the loss on validation writers, in nats.

    Attributes:
        base: the config whose fields are changed; it keeps the validation writers out of its fit.
        data: of that config.
        folder: where the trials are trained, each in a folder of its own while it runs.
    """

    base: Config
    space: Space
    data: TrainingData
    folder: Path

    def __call__(self, trial: optuna.Trial) -> float:
        """Train and measure.

        Raises:
            TrialFailed: the values do not go together, or the training fell apart.
            TrialPruned: it was so much worse than others at the same epoch that it was given up.
            Exception: the disk is full, which is no fault of the trial's: it will be tried again.
        """
        values = {path: _suggest(trial, path, field) for path, field in self.space.items()}
        # By its values, so that a trial that was interrupted goes on when they are tried again.
        name = hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:12]
        folder = self.folder / name
        try:
            loss = self._train(trial, values, folder)
        except optuna.TrialPruned:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        except Exception as error:
            if is_disk_full(error):
                raise
            shutil.rmtree(folder, ignore_errors=True)
            trial.set_user_attr(FAILURE, f"{type(error).__name__}: {error}")
            raise TrialFailed(str(error)) from error
        shutil.rmtree(folder, ignore_errors=True)
        return loss

    def _train(self, trial: optuna.Trial, values: dict[str, Value], folder: Path) -> float:
        validation = self.data.validation
        if validation is None:
            raise ValueError(f"{self.base.name} is fitted on the validation writers, so no trial can be measured")
        keras.utils.clear_session()  # what is left of the trials before
        config = with_values(self.base, values)
        trial.set_user_attr(CONFIG, config.to_dict())
        run = Run(folder, config)
        weights = train(config, self.data, run, watchers=[_GiveUp(trial, run)])
        model = build_model(config.architecture, num_classes=len(config.alphabet))
        model.load_weights(weights)
        loss, num_right = measure(model, validation)
        if not math.isfinite(loss):
            raise ArithmeticError(f"the validation loss is {loss}")
        trial.set_user_attr(NUM_RIGHT, num_right)
        trial.set_user_attr(NUM_SAMPLES, len(validation))
        return loss


def searchable(config: Config, *, num_epochs: int | None = None) -> Config:
    """The config as it is trained in trials: never fitted on the validation writers, which it is chosen on."""
    return replace(config, fit_on=("train",), num_epochs=num_epochs or config.num_epochs)


def measure(model: keras.Model, digits: Digits) -> tuple[float, int]:
    """Mean cross entropy in nats, and number of digits that are read right."""
    scores = [
        keras.ops.convert_to_numpy(model(digits.canvases[start : start + _BATCH_SIZE]))
        for start in range(0, len(digits), _BATCH_SIZE)
    ]
    logits = np.concatenate(scores).astype(np.float64)
    log_probs = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
    loss = -log_probs[np.arange(len(digits)), digits.labels].mean()
    return float(loss), int((logits.argmax(axis=1) == digits.labels).sum())


class _GiveUp(keras.callbacks.Callback):
    """Tells the search how every epoch did, and ends the trial where the search sees no hope for it."""

    def __init__(self, trial: optuna.Trial, run: Run[Config]) -> None:
        super().__init__()
        self._trial = trial
        self._run = run

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        """The epochs before an interruption count."""
        checkpoint = self._run.latest_checkpoint()
        for row in checkpoint.history if checkpoint else []:
            self._report(row)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Judge the epoch."""
        self._report({"epoch": epoch + 1, **(logs or {})})

    def _report(self, row: HistoryRow) -> None:
        if not math.isfinite(row["val_loss"]):
            raise ArithmeticError(f"the validation loss is {row['val_loss']} after epoch {row['epoch']:.0f}")
        self._trial.report(row["val_loss"], step=int(row["epoch"]))
        if self._trial.should_prune():
            raise optuna.TrialPruned(f"given up after epoch {row['epoch']:.0f}")


def _suggest(trial: optuna.Trial, path: str, field: Range | OneOf) -> Value:
    if isinstance(field, Range):
        return trial.suggest_float(path, field.low, field.high, log=field.is_log)
    chosen: Any = trial.suggest_categorical(path, field.values)  # typed as what any space might hold
    value: Value = chosen
    return value
