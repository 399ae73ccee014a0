"""From the runs of an ensemble's members to one model folder."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from service.recognition.prediction import NUM_DIGITS
from service.runtime.saved_model import SavedModel
from trainer.architectures.registry import CANVAS_SHAPE
from trainer.calibrate_digits import CalibrationCanvases, see_calibration
from trainer.data.calibration import load_calibration
from trainer.data.digits import Digits
from trainer.data.sources import TrainingData, load_training_data
from trainer.digit_model import DigitExport, write_digit_model
from trainer.ensemble.config import EnsembleConfig
from trainer.ensemble.members import EagerNetwork, LoadedMembers, exported_members, load_members
from trainer.evaluate import Score, evaluation_sets, read_logits, score
from trainer.export import describe_gate
from trainer.model_folder import refuse_existing
from trainer.provenance import describe_splits, require_splits_of
from trainer.runs import read_sittings


@dataclass(frozen=True, slots=True)
class EnsembleData:
    """What an ensemble is measured and calibrated on.

    Attributes:
        training: what each member learned from.
        sets: digits to measure on, by name.
        calibration: pictures of the calibration writers, as the service sees them.
    """

    training: TrainingData
    sets: dict[str, Digits]
    calibration: CalibrationCanvases

    @classmethod
    def load(
        cls, config: EnsembleConfig, data_dir: Path | None, *, allow_random_splits: bool | None = None
    ) -> "EnsembleData":
        """All of it; members learn from the same data, so the lead's is everyone's."""
        training = load_training_data(config.lead, data_dir, allow_random_splits=allow_random_splits)
        return cls(
            training,
            evaluation_sets(config.lead, training.mnist, data_dir),
            see_calibration(load_calibration(training.mnist, data_dir)),
        )


def measure_ensemble(config: EnsembleConfig, data: EnsembleData, output_dir: Path) -> list[Score]:
    """Scores of the exported graph on everything that no member was fitted on."""
    loaded = load_members(config, output_dir, data.calibration)
    with exported_members(loaded, data.calibration) as (graph, _):
        model = SavedModel(graph, input_shape=CANVAS_SHAPE)
        return [
            score(name, read_logits(model, digits)[:, :NUM_DIGITS], digits.labels) for name, digits in data.sets.items()
        ]


def export_ensemble(
    config: EnsembleConfig, data: EnsembleData, output_dir: Path, *, models_dir: Path, version: int
) -> Path:
    """Write `models_dir/<name>/<version>/`, whole or not at all; with the lead's gate, where it has one.

    Raises:
        TrainerError: the folder exists, the data is split otherwise than a member noted, or `load_members` refuses.
    """
    refuse_existing(models_dir, config.name, version)
    loaded = load_members(config, output_dir, data.calibration)
    for run in loaded.runs:
        require_splits_of(read_sittings(run.folder), data.training.mnist)
    with exported_members(loaded, data.calibration) as (graph, pool):
        lead = config.lead
        what = DigitExport(
            graph=graph,
            name=config.name,
            version=version,
            rejects=pool is not None,
            num_parameters=loaded.num_parameters,
            sets=data.sets,
            learned_from=f"The mean of {len(config.members)} networks "
            f"({', '.join(f'{one.name}, {one.architecture}' for one in config.members)}), each trained on "
            f"{', '.join(lead.data)}; MNIST's splits for the fit: {', '.join(lead.fit_on)}.",
            provenance={
                "config": config.to_dict(),
                "members": _describe_members(loaded, data.sets),
                "data": data.training.sources,
                "splits": describe_splits(data.training.mnist, lead.fit_on),
                **({} if pool is None else {"gate": describe_gate(loaded.runs[0], pool)}),
            },
        )
        calibration = data.calibration.of_digits() if pool is None else data.calibration
        return write_digit_model(what, calibration, models_dir=models_dir)


def _describe_members(loaded: LoadedMembers, sets: dict[str, Digits]) -> list[dict[str, Any]]:
    """For the manifest: where each member comes from, and what it reads right alone."""
    described = []
    for run, member in zip(loaded.runs, loaded.members, strict=True):
        config = run.config
        network = EagerNetwork(member.network)
        scores = [score(name, read_logits(network, digits), digits.labels) for name, digits in sets.items()]
        described.append(
            {
                "name": config.name,
                "architecture": config.architecture,
                "seed": config.seed,
                "num_epochs": config.num_epochs,
                "num_parameters": int(member.network.count_params()),
                "temperature": member.temperature,
                "weights_sha256": hashlib.sha256(run.weights_path.read_bytes()).hexdigest(),
                "num_right": {one.dataset: one.num_right for one in scores},
                "training": read_sittings(run.folder),
            }
        )
    return described
