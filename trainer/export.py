"""From the run of a digit classifier to its model folder."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from service.recognition.alphabet import DIGITS
from service.runtime.saved_model import SavedModel
from trainer.architectures.gate import Pool
from trainer.architectures.registry import CANVAS_SHAPE, build_model
from trainer.calibrate_digits import CalibrationCanvases, see_calibration
from trainer.config import Config
from trainer.data.calibration import load_calibration
from trainer.data.emnist import SHARED_WRITERS
from trainer.data.emnist_calibration import load_emnist_calibration
from trainer.data.sources import TrainingData
from trainer.digit_model import DigitExport, write_digit_model
from trainer.evaluate import Score, evaluation_sets, read_logits, score
from trainer.gate import RECORD_FILE, load_gate
from trainer.graphs import exported_gated_graph, exported_graph
from trainer.model_folder import refuse_among_served, refuse_existing
from trainer.provenance import describe_splits, describe_training, require_splits_of
from trainer.runs import Run, read_sittings


def measure(run: Run[Config], data: TrainingData, data_dir: Path | None) -> list[Score]:
    """Scores of the exported network on everything that it was not fitted on."""
    with exported_graph(run) as graph:
        sets = evaluation_sets(run.config, data.mnist, data_dir)
        model = SavedModel(graph, input_shape=CANVAS_SHAPE)
        num_symbols = len(run.config.alphabet)
        return [
            score(name, read_logits(model, digits)[:, :num_symbols], digits.labels) for name, digits in sets.items()
        ]


def export(
    run: Run[Config],
    data: TrainingData,
    data_dir: Path | None,
    *,
    models_dir: Path,
    model_version: int,
    remarks: Mapping[str, Any] | None = None,
) -> Path:
    """Write `models_dir/<name>/<version>/`, whole or not at all; with its gate, where the run has one.

    Args:
        run: finished.
        data: that it learned from.
        data_dir: of the data to calibrate and measure on.
        models_dir: folder of the models.
        model_version: a new one.
        remarks: for the provenance, beside what is said of every model.

    Raises:
        TrainerError: the folder exists, the data is split otherwise than the run noted, or `exported_graph` refuses.
    """
    config = run.config
    refuse_existing(models_dir, config.name, model_version)
    if config.alphabet != DIGITS:
        refuse_among_served(models_dir, config.name)
    run.require_weights()
    sittings = read_sittings(run.folder)
    require_splits_of(sittings, data.mnist)
    if config.emnist is None:
        calibration = see_calibration(load_calibration(data.mnist, data_dir))
    else:
        calibration = see_calibration(load_emnist_calibration(data.mnist))

    def write(graph: Path, seen: CalibrationCanvases, pool: Pool | None) -> Path:
        what = DigitExport(
            graph=graph,
            name=config.name,
            version=model_version,
            rejects=pool is not None,
            num_parameters=_num_parameters(run),
            sets=evaluation_sets(config, data.mnist, data_dir),
            learned_from=_learned_from(config),
            provenance={
                "config": config.to_dict(),
                "seed": config.seed,
                "data": data.sources,
                "splits": describe_splits(data.mnist, config.fit_on),
                **describe_training(sittings),
                **({} if pool is None else {"gate": describe_gate(run, pool)}),
                **(remarks or {}),
            },
            benchmark=data.mnist.name,
        )
        return write_digit_model(what, seen, models_dir=models_dir)

    if run.has_gate:
        with exported_gated_graph(run, calibration) as (graph, pool):
            return write(graph, calibration, pool)
    with exported_graph(run) as graph:
        # A network that knows digits alone is calibrated on digits alone: it has no way to reject the others.
        return write(graph, calibration.of_digits() if config.alphabet == DIGITS else calibration, None)


def describe_gate(run: Run[Config], pool: Pool) -> dict[str, Any]:
    """For a manifest: what the gate of a run learned from, and how it is pooled with its digit network."""
    return {**json.loads((run.folder / RECORD_FILE).read_text()), **asdict(pool)}


def _num_parameters(run: Run[Config]) -> int:
    if run.has_gate:
        networks = load_gate(run)
        return int(networks.body.count_params() + networks.trunk.count_params())
    return int(build_model(run.config.architecture, num_classes=len(run.config.alphabet)).count_params())


def _learned_from(config: Config) -> str:
    splits = f"Trained on {', '.join(config.data)}; splits for the fit: {', '.join(config.fit_on)}."
    return splits if config.emnist is None else f"{splits} {SHARED_WRITERS}"
