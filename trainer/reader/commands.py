"""What the commands of `python -m trainer` do with a config of a reader."""

import shutil
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from service.recognition.errors import InvalidModel
from service.recognition.image import GrayImage
from service.recognition.manifest import MANIFEST_FILE, SEQUENCE_READER, load_manifest
from service.runtime.loading import open_network
from service.runtime.saved_model import SavedModel
from trainer.config import load_config
from trainer.data.lines.hands import calibration_hands
from trainer.data.lines.style import HARD
from trainer.data.mnist import Mnist, load_mnist
from trainer.errors import TrainerError
from trainer.finetune.exported import newest_version, read_manifest
from trainer.model_folder import CARD_FILE, GOLDEN_FILE, refuse_existing
from trainer.provenance import describe_training, require_splits_of
from trainer.reader.batches import Batch, LineBatches
from trainer.reader.calibrate import calibrate_reader, calibration_parts, chosen_second_look
from trainer.reader.config import ReaderConfig
from trainer.reader.evaluate import NumberScore, measure_reader
from trainer.reader.export import ReaderExport, write_reader
from trainer.reader.first_weights import read_first_weights
from trainer.reader.graph import INPUT_SHAPE, exported_reader
from trainer.reader.helpers import newest_classifier, newest_peer
from trainer.reader.int8 import write_int8
from trainer.reader.train import train_reader
from trainer.runs import Run, read_sittings, write_json

# Of a network, whoever it is calibrated beside.
_REMARKS = ("int8", "first_weights", "splits", "training", "finetuned_from", "finetuning")
_NUM_FOR_WEIGHT = 1_000  # numbers of each style that the weight of the second look is chosen on where nothing else is
SOURCES: list[dict[str, Any]] = [
    {"name": "mnist", "licence": "CC BY-SA 3.0; writers from QMNIST's labels, BSD", "part": "training writers"},
    {"name": "bhmsds", "licence": "MIT", "part": "every second digit and letter of each class"},
    {"name": "printed", "licence": "drawn by the trainer from fonts of matplotlib and OpenCV", "part": "all"},
    {"name": "penned", "licence": "drawn by the trainer", "part": "all"},
    {"name": "nist_letters", "licence": "US Government", "part": "every second A, C, E, H and K, as what is no digit"},
]


def train(
    config: ReaderConfig, data_dir: Path, output_dir: Path, *, models_dir: Path, first_weights: Path | None = None
) -> Path:
    """Train, or go on; see `train_reader`."""
    return train_reader(config, data_dir, Run(output_dir, config), first_weights=first_weights)


def evaluate(config: ReaderConfig, data_dir: Path, output_dir: Path, *, models_dir: Path) -> list[NumberScore]:
    """Measure every head of a trained reader on numbers that it was not fitted on, as it would be served."""
    run = Run(output_dir, config)
    run.require_weights()
    mnist = load_mnist(data_dir)
    classifier, peer = newest_classifier(models_dir), newest_peer(config.peer, models_dir)
    scores = []
    for head in config.heads:
        with exported_reader(run, config, head=head) as graph:
            model = SavedModel(graph, input_shape=INPUT_SHAPE)
            second = None
            if classifier is not None:
                parts = calibration_parts(model, mnist, data_dir, classifier, most=_NUM_FOR_WEIGHT)
                second = chosen_second_look(parts, classifier)
            found = measure_reader(model, mnist, data_dir, second=second, peer=peer if second else None)
        weight = 0.0 if second is None else second.weight
        print(f"{head}, with a second look of weight {weight:g}:", *found, sep="\n")
        write_json(run.folder / f"evaluation-{head}.json", [score.to_dict() for score in found])
        scores += found
    return scores


def export(config: ReaderConfig, data_dir: Path, output_dir: Path, *, models_dir: Path, version: int) -> Path:
    """Calibrate, measure and write the model folder."""
    run = Run(output_dir, config)
    refuse_existing(models_dir, config.name, version)
    run.require_weights()
    mnist = load_mnist(data_dir)
    sittings = read_sittings(run.folder)
    require_splits_of(sittings, mnist)
    with exported_reader(run, config) as graph:
        in_int8 = write_int8(graph, config.serves, calibration_hands(mnist, data_dir))
        first_weights = read_first_weights(run)
        remarks = {
            "int8": in_int8,
            **({"first_weights": first_weights} if first_weights else {}),
            **describe_training(sittings),
        }
        return _write(
            ReaderExport(graph, config.name, version, config, SOURCES, (), remarks),
            mnist,
            data_dir,
            models_dir=models_dir,
        )


def recalibrate(name: str, data_dir: Path, *, models_dir: Path) -> Path:
    """Export the newest version of a reader once more, as it reads beside the models that there are now.

    Its network stays as it is; temperatures and tables, the weight of its second look and when it asks its peer are
    found anew, and what it reads right is measured.

    Raises:
        TrainerError: there is no such reader, or its folder is damaged.
    """
    before = newest_version(models_dir, name)
    config = config_of(before)
    manifest = read_manifest(before)
    kept = {key: manifest.provenance[key] for key in _REMARKS if key in manifest.provenance}
    with tempfile.TemporaryDirectory(prefix="digits-recalibrate-") as parent:
        graph = Path(parent) / "graph"
        shutil.copytree(before, graph, ignore=shutil.ignore_patterns(MANIFEST_FILE, GOLDEN_FILE, CARD_FILE))
        remarks = {**kept, "recalibrated_from": manifest.version}
        version = manifest.version + 1
        what = ReaderExport(graph, name, version, config, manifest.provenance["data"], (), remarks)
        return _write(what, load_mnist(data_dir), data_dir, models_dir=models_dir)


def _write(what: ReaderExport, mnist: Mnist, data_dir: Path, *, models_dir: Path) -> Path:
    """Calibrate a network in the form that the service runs, measure it, and write the model folder."""
    model = open_network(what.graph, input_shape=INPUT_SHAPE)
    classifier, peer = newest_classifier(models_dir), newest_peer(what.config.peer, models_dir)
    calibrated = calibrate_reader(model, mnist, data_dir, classifier, peer)
    scores = measure_reader(
        model,
        mnist,
        data_dir,
        second=calibrated.second,
        peer=calibrated.peer,
        temperature=calibrated.served.temperature,
    )
    return write_reader(replace(what, scores=scores), mnist, data_dir, models_dir=models_dir, calibrated=calibrated)


def rehearsal_batches(config: ReaderConfig, data_dir: Path, *, num_numbers: int) -> list[Batch]:
    """Composed numbers, all in the hard style, to be learned from beside a person's own pictures."""
    short = replace(config, numbers_per_epoch=num_numbers, num_epochs=1, first_style=HARD, seed=config.seed + 999)
    composed = LineBatches(short, data_dir)
    try:
        return composed.epoch(0)
    finally:
        composed.close()


def config_of(folder: Path) -> ReaderConfig:
    """The config behind an exported reader.

    One that was taught a person's hand asks no peer, which was not.

    Raises:
        TrainerError: the folder holds no reader that was trained here.
    """
    try:
        manifest = load_manifest(folder)
    except InvalidModel as error:
        raise TrainerError(str(error)) from error
    if manifest.kind != SEQUENCE_READER:
        raise TrainerError(f"{folder} is a {manifest.kind}; numbers are read by a {SEQUENCE_READER}.")
    config = load_config(manifest.provenance["config"]["name"])
    if not isinstance(config, ReaderConfig):
        raise TrainerError(f"{folder} was trained with {config.name!r}, which is no config of a reader.")
    return replace(config, peer=None) if "finetuned_from" in manifest.provenance else config


def folds(pictures: Sequence[GrayImage], num_folds: int, *, seed: int = 17) -> list[list[int]]:
    """Rows dealt into folds at random, each row into one; pictures that are the same come into the same fold."""
    same: dict[tuple[tuple[int, ...], bytes], list[int]] = defaultdict(list)
    for row, picture in enumerate(pictures):
        same[picture.shape, picture.tobytes()].append(row)
    groups = list(same.values())
    order = np.random.default_rng(seed).permutation(len(groups))
    return [[row for group in order[fold::num_folds] for row in groups[group]] for fold in range(num_folds)]
