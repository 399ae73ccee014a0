"""From trained weights to a model folder that describes itself."""

import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import keras
import numpy as np

from service.recognition.canvas import PREPROCESSING_ID
from service.recognition.manifest import DIGIT_CLASSIFIER, MANIFEST_FILE, Manifest, hash_files
from service.recognition.prediction import GATED_DIGITS, NUM_DIGITS
from service.runtime.saved_model import SIGNATURE, SavedModel
from trainer.architectures.gate import Pool, build_gated
from trainer.architectures.registry import CANVAS_SHAPE, build_model
from trainer.calibrate_digits import (
    CalibratedDigits,
    CalibrationCanvases,
    Opinions,
    calibrate_digits,
    fit_pool,
    see_calibration,
)
from trainer.card import digit_card
from trainer.config import Config
from trainer.data.calibration import CLEAN_OTHERS_SHARE, OTHERS_SHARE, WRONG_LABELS, load_calibration
from trainer.data.sources import TrainingData
from trainer.errors import TrainerError
from trainer.evaluate import Score, evaluation_sets, read_logits, score
from trainer.gate import RECORD_FILE, load_gate
from trainer.provenance import RANDOM_REMAINDER, git_commit, library_versions
from trainer.runs import Run

GOLDEN_FILE = "golden.npz"
CARD_FILE = "card.md"
LOGITS_TOLERANCE = 1e-4  # between backends, and between the Keras model and its export


@contextmanager
def exported_graph(run: Run) -> Iterator[Path]:
    """The trained network, without a gate, as a SavedModel in a temporary folder.

    The graph is float32, takes uint8 canvases (n, 28, 28, 1), scales them inside and returns float32 logits (n, 10).

    Raises:
        TrainerError: the run is not finished, Keras runs on another backend than TensorFlow, or the logits are not
            those that the training noted.
    """
    weights = _require_tensorflow(run)
    model = build_model(run.config.architecture)
    model.load_weights(weights)
    with _saved(model) as folder:
        _check_logits(SavedModel(folder, input_shape=CANVAS_SHAPE), run)
        yield folder


@contextmanager
def exported_gated_graph(run: Run, calibration: CalibrationCanvases) -> Iterator[tuple[Path, Pool]]:
    """The trained network with its gate as a SavedModel in a temporary folder, and how the two are pooled.

    The graph is as that of `exported_graph`, with logits (n, 12).

    Raises:
        TrainerError: as `exported_graph`.
    """
    _require_tensorflow(run)
    networks = load_gate(run)
    pool = fit_pool(Opinions(networks), calibration)
    model = build_gated(networks, pool)
    with np.load(run.golden_path) as golden:
        canvases = golden["canvases"]
        _check_difference(np.asarray(networks.body(canvases)), golden["logits"], run)
    with _saved(model) as folder:
        exported = SavedModel(folder, input_shape=CANVAS_SHAPE).logits(canvases)
        _check_difference(exported, np.asarray(model(canvases)), run)
        yield folder, pool


def measure(run: Run, data: TrainingData, data_dir: Path | None) -> list[Score]:
    """Scores of the exported network on everything that it was not fitted on."""
    with exported_graph(run) as graph:
        return _measure(SavedModel(graph, input_shape=CANVAS_SHAPE), run.config, data, data_dir)


def export(run: Run, data: TrainingData, data_dir: Path | None, *, models_dir: Path, model_version: int) -> Path:
    """Write `models_dir/<name>/<version>/`, whole or not at all; with its gate, where the run has one.

    Raises:
        TrainerError: the folder exists, or `exported_graph` refuses.
    """
    target = models_dir / run.config.name / str(model_version)
    if target.exists():
        raise TrainerError(f"{target} exists, and a version never changes. Choose another one with --version.")
    calibration = see_calibration(load_calibration(data.mnist, data_dir))
    if run.has_gate:
        with exported_gated_graph(run, calibration) as (graph, pool):
            return _write(run, data, data_dir, target, graph=graph, calibration=calibration, pool=pool)
    with exported_graph(run) as graph:
        # A network that knows digits alone is calibrated on digits alone: it has no way to reject the others.
        return _write(run, data, data_dir, target, graph=graph, calibration=calibration.of_digits(), pool=None)


def _write(
    run: Run,
    data: TrainingData,
    data_dir: Path | None,
    target: Path,
    *,
    graph: Path,
    calibration: CalibrationCanvases,
    pool: Pool | None,
) -> Path:
    # Beside the target, so that the last step is a rename within one file system.
    target.parent.mkdir(parents=True, exist_ok=True)
    folder = target.parent / f".{target.name}.unfinished"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(graph, folder)
    model = SavedModel(folder, input_shape=CANVAS_SHAPE)
    scores = _measure(model, run.config, data, data_dir)
    calibrated = calibrate_digits(model, calibration)
    with np.load(run.golden_path) as golden:
        canvases = golden["canvases"]
    np.savez(folder / GOLDEN_FILE, canvases=canvases, logits=model.logits(canvases))
    card = digit_card(run.config, int(target.name), scores, calibrated, rejects=pool is not None)
    (folder / CARD_FILE).write_text(card, encoding="utf-8")
    manifest = Manifest(
        name=run.config.name,
        version=int(target.name),
        kind=DIGIT_CLASSIFIER,
        input_shape=CANVAS_SHAPE,
        preprocessing_id=PREPROCESSING_ID,
        alphabet=GATED_DIGITS if pool else GATED_DIGITS[:NUM_DIGITS],
        num_parameters=_num_parameters(run),
        temperature=calibrated.temperature,
        calibration=calibrated.table,
        clean_temperature=calibrated.clean_temperature,
        clean_calibration=calibrated.clean_table,
        metrics=tuple(item.to_metric() for item in scores),
        provenance=_provenance(run, data, calibrated, pool),
        files=hash_files(folder),
    )
    (folder / MANIFEST_FILE).write_text(manifest.to_json(), encoding="utf-8")
    folder.rename(target)
    return target


def _require_tensorflow(run: Run) -> Path:
    weights = run.require_weights()
    if keras.backend.backend() != "tensorflow":
        raise TrainerError(
            f"Models are exported from TensorFlow; Keras runs on {keras.backend.backend()}. Any backend may train: run "
            "this command with KERAS_BACKEND=tensorflow."
        )
    return weights


@contextmanager
def _saved(model: keras.Model) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="digits-export-") as parent:
        folder = Path(parent) / "graph"
        save_graph(model, folder)
        yield folder


def save_graph(model: keras.Model, folder: Path) -> None:
    """Write a network as a SavedModel with one signature: uint8 canvases in, float32 logits out.

    `model.export` would do the same, but for storing every weight twice.
    """
    import tensorflow as tf

    canvases = tf.TensorSpec((None, *CANVAS_SHAPE), tf.uint8, name="canvases")
    serve = tf.function(lambda canvases: model(canvases, training=False), input_signature=[canvases], autograph=False)
    module = tf.Module()
    module.weights = [variable.value for variable in model.variables]
    tf.saved_model.save(module, str(folder), signatures={SIGNATURE: serve})


def _measure(model: SavedModel, config: Config, data: TrainingData, data_dir: Path | None) -> list[Score]:
    return [
        score(name, read_logits(model, digits)[:, :NUM_DIGITS], digits.labels)
        for name, digits in evaluation_sets(config, data.mnist, data_dir).items()
    ]


def _check_logits(model: SavedModel, run: Run) -> None:
    with np.load(run.golden_path) as golden:
        _check_difference(model.logits(golden["canvases"]), golden["logits"], run)


def _check_difference(found: np.ndarray, expected: np.ndarray, run: Run) -> None:
    difference = float(np.abs(found - expected).max())
    if difference > LOGITS_TOLERANCE:
        raise TrainerError(
            f"The exported {run.config.name!r} answers the golden canvases otherwise than the trained one: logits "
            f"differ by {difference:.2g}, at most {LOGITS_TOLERANCE:.0e} is allowed. "
            f"Were the files in {run.folder} mixed up?"
        )


def _num_parameters(run: Run) -> int:
    if run.has_gate:
        networks = load_gate(run)
        return int(networks.body.count_params() + networks.trunk.count_params())
    return int(build_model(run.config.architecture).count_params())


def _provenance(run: Run, data: TrainingData, calibrated: CalibratedDigits, pool: Pool | None) -> Mapping[str, Any]:
    config: Config = run.config
    splits = data.mnist.splits
    gate = {} if pool is None else {"gate": {**json.loads((run.folder / RECORD_FILE).read_text()), **asdict(pool)}}
    return {
        "config": config.to_dict(),
        "commit": git_commit(),
        "seed": config.seed,
        "stays_random": RANDOM_REMAINDER,
        "versions": library_versions(),
        "data": data.sources,
        "splits": {
            "of": "MNIST train",
            "unit": splits.unit,
            "sha256": splits.sha256,
            "num_train": len(splits.train),
            "num_validation": len(splits.validation),
            "num_calibration": len(splits.calibration),
            "fitted_on": list(config.fit_on),
        },
        "calibration": {
            "on": "calibration writers of MNIST clean, photographed, coarse and on printed paper; a quarter of bhmsds "
            "that was not fitted on; trainer/data/calibration.py",
            "share_without_a_digit": 0.0 if pool is None else {"clean": CLEAN_OTHERS_SHARE, "other": OTHERS_SHARE},
            "rows_left_out_for_wrong_labels": list(WRONG_LABELS),
            "num_readings": calibrated.num_readings,
        },
        **gate,
    }
