"""The folder of one run, and how it survives being stopped at any moment.

    runs/cnn/
    ├── config.json             what is being trained
    ├── history.json            one row per finished epoch: losses, accuracies, time
    ├── machines.json           what it was trained on, in words; several where it was moved
    ├── sittings.json           from which epoch on with which code, backend and splits
    ├── epoch-0007/             everything needed to go on after epoch 7; there is only the newest of these
    │   ├── state.weights.h5        weights, optimizer (with its averages and its count of steps)
    │   ├── kept.weights.h5         the average, or the weights of the best or the last epoch
    │   └── history.json
    ├── golden.npz              golden canvases and their logits, as the training's own backend computes them
    ├── model.weights.h5        what the run delivers; appears last, when it is finished
    ├── gate.weights.h5         that network with a gate, if one was trained; gate.json says on what
    └── evaluation.json         written by `evaluate`

Files and folders appear under their names only when they are complete: they are written beside and renamed.
"""

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import keras
import numpy as np
from numpy.typing import NDArray

from trainer.config import Experiment
from trainer.errors import TrainerError
from trainer.golden import golden_canvases

STATE_FILE = "state.weights.h5"
KEPT_FILE = "kept.weights.h5"
HISTORY_FILE = "history.json"
MACHINES_FILE = "machines.json"
SITTINGS_FILE = "sittings.json"

HistoryRow = dict[str, float]

ExperimentT_co = TypeVar("ExperimentT_co", bound=Experiment, covariant=True)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What is on disk after an epoch.

    Attributes:
        folder: holds `STATE_FILE`, `KEPT_FILE` and `HISTORY_FILE`.
        num_epochs: epochs that are finished.
        history: one row for each.
    """

    folder: Path
    num_epochs: int
    history: list[HistoryRow]


class Run(Generic[ExperimentT_co]):
    """The folder of the run of one config."""

    def __init__(self, output_dir: Path, config: ExperimentT_co) -> None:
        self.folder = output_dir / config.name
        self.config = config

    @property
    def weights_path(self) -> Path:
        """The weights that the run delivers; exists when the run is finished."""
        return self.folder / "model.weights.h5"

    @property
    def gate_path(self) -> Path:
        """The weights of the gate on the delivered network, where one was trained."""
        return self.folder / "gate.weights.h5"

    @property
    def has_gate(self) -> bool:
        """Whether one was."""
        return self.gate_path.exists()

    def open(self) -> None:
        """Make the folder, or make sure that it belongs to the same config.

        Raises:
            TrainerError: another config has been trained there.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / "config.json"
        now = self.config.to_dict()
        if not path.exists():
            write_json(path, now)
            return
        then = json.loads(path.read_text(encoding="utf-8"))
        # Through JSON and back, so that tuples and lists compare equal.
        now = json.loads(json.dumps(now))
        changed = [name for name in {**then, **now} if then.get(name) != now.get(name)]
        if changed:
            raise TrainerError(
                f"{self.folder} holds a run of another {self.config.name!r}: {', '.join(changed)} changed since. "
                "Remove the folder to begin again, or choose another one with --output."
            )

    def note_machine(self, machine: str) -> None:
        """Remember one of the machines that the run is trained on."""
        machines = read_machines(self.folder)
        if machine not in machines:
            write_json(self.folder / MACHINES_FILE, [*machines, machine])

    def note_sitting(self, sitting: Mapping[str, Any]) -> None:
        """Remember what the run is trained with from an epoch on, where that is not what it was trained with before.

        Args:
            sitting: of `trainer.provenance.describe_sitting`.
        """
        first_epoch = sitting["first_epoch"]
        # One that was stopped before its first epoch was finished has left nothing in the weights.
        before = [one for one in read_sittings(self.folder) if one["first_epoch"] < first_epoch]
        goes_on = bool(before) and {**before[-1], "first_epoch": first_epoch} == sitting
        write_json(self.folder / SITTINGS_FILE, before if goes_on else [*before, sitting])

    def require_weights(self) -> Path:
        """The delivered weights.

        Raises:
            TrainerError: the run is not there, not finished, or of another config.
        """
        if not self.weights_path.exists():
            raise TrainerError(
                f"{self.weights_path} does not exist. Finish the training first: "
                f"python -m trainer train {self.config.name}"
            )
        self.open()
        return self.weights_path

    def latest_checkpoint(self) -> Checkpoint | None:
        """The newest one; None before the first epoch is finished."""
        folders = sorted(self.folder.glob("epoch-*"))
        if not folders:
            return None
        folder = folders[-1]
        history = json.loads((folder / HISTORY_FILE).read_text(encoding="utf-8"))
        return Checkpoint(folder, len(history), history)

    def kept_weights(self) -> Path:
        """The file of what the newest checkpoint keeps: an average, or the weights of the best or the last epoch.

        Raises:
            TrainerError: no epoch is finished.
        """
        checkpoint = self.latest_checkpoint()
        if checkpoint is None:
            raise TrainerError(f"{self.folder} has no finished epoch, so there are no weights to deliver.")
        return checkpoint.folder / KEPT_FILE

    def new_checkpoint_folder(self) -> Path:
        """An empty folder to write the next checkpoint into, not yet visible to `latest_checkpoint`."""
        folder = self.folder / "unfinished"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        return folder

    def commit_checkpoint(self, folder: Path, history: list[HistoryRow]) -> None:
        """Make a written folder the newest checkpoint, and remove the others."""
        older = list(self.folder.glob("epoch-*"))
        write_json(folder / HISTORY_FILE, history)
        folder.rename(self.folder / f"epoch-{len(history):04d}")
        write_json(self.folder / HISTORY_FILE, history)
        for path in older:
            shutil.rmtree(path)

    @property
    def golden_path(self) -> Path:
        """Canvases and logits by which an export is checked against the training."""
        return self.folder / "golden.npz"

    def deliver(
        self, model: keras.Model, golden: Mapping[str, NDArray[np.uint8]] | None = None, *, output: str | None = None
    ) -> None:
        """Make this float32 network the result of the run.

        What it answers to the golden canvases is noted beside it: the export, perhaps on another backend, must
        repeat it.

        Args:
            model: the finished network.
            golden: canvases by name; those of single digits where none are given.
            output: of several, the one whose answers are noted.
        """
        noted: dict[str, Any] = {}
        for name, canvases in (golden or {"": golden_canvases()}).items():
            suffix = f"_{name}" if name else ""
            noted[f"canvases{suffix}"] = canvases
            answer = model(canvases)
            answer = answer[output] if output else answer
            noted[f"logits{suffix}"] = keras.ops.convert_to_numpy(answer)
        np.savez(self.golden_path, **noted)
        partial = self.folder / "unfinished.weights.h5"
        model.save_weights(partial)
        partial.replace(self.weights_path)


def read_machines(folder: Path) -> list[str]:
    """What a run was trained on, in words; empty where that was not noted."""
    path = folder / MACHINES_FILE
    machines: list[str] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    return machines


def read_sittings(folder: Path) -> list[dict[str, Any]]:
    """What a run was trained with, from which epoch on, in order; empty where that was not noted."""
    path = folder / SITTINGS_FILE
    sittings: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    return sittings


def write_json(path: Path, value: Any) -> None:
    """Write a JSON file that is there whole or not at all."""
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")
    partial.replace(path)
