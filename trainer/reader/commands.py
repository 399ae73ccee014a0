"""What the commands of `python -m trainer` do with a config of a reader."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from service.recognition.errors import InvalidModel
from service.recognition.manifest import SEQUENCE_READER, load_manifest
from service.runtime.loading import open_network
from service.runtime.saved_model import SavedModel
from trainer.config import load_config
from trainer.data.lines.hands import calibration_hands
from trainer.data.lines.style import HARD
from trainer.data.mnist import load_mnist
from trainer.errors import TrainerError
from trainer.reader.batches import Batch, LineBatches
from trainer.reader.calibrate import STYLES, calibrate_reader, calibration_parts, chosen_second_reader
from trainer.reader.config import ReaderConfig
from trainer.reader.evaluate import NumberScore, measure_reader
from trainer.reader.export import INPUT_SHAPE, ReaderExport, exported_reader, write_reader
from trainer.reader.int8 import write_int8
from trainer.reader.readings import newest_classifier
from trainer.reader.train import read_first_weights, train_reader
from trainer.runs import Run, write_json

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
    mnist = load_mnist(data_dir)
    classifier = newest_classifier(models_dir)
    scores = []
    for head in config.heads:
        with exported_reader(run, config, head=head) as graph:
            model = SavedModel(graph, input_shape=INPUT_SHAPE)
            second = None
            if classifier is not None:
                parts = calibration_parts(
                    model, mnist, data_dir, classifier, styles=tuple(STYLES), num_numbers=_NUM_FOR_WEIGHT
                )
                second = chosen_second_reader(parts, classifier)
            found = measure_reader(model, mnist, data_dir, second=second)
        weight = 0.0 if second is None else second.weight
        print(f"{head}, with a second look of weight {weight:g}:", *found, sep="\n")
        write_json(run.folder / f"evaluation-{head}.json", [score.to_dict() for score in found])
        scores += found
    return scores


def export(config: ReaderConfig, data_dir: Path, output_dir: Path, *, models_dir: Path, version: int) -> Path:
    """Calibrate, measure and write the model folder."""
    run = Run(output_dir, config)
    mnist = load_mnist(data_dir)
    with exported_reader(run, config) as graph:
        in_int8 = write_int8(graph, config.serves, calibration_hands(mnist, data_dir))
        model = open_network(graph, input_shape=INPUT_SHAPE)  # in the form that the service runs
        calibrated = calibrate_reader(model, mnist, data_dir, newest_classifier(models_dir))
        scores = measure_reader(
            model, mnist, data_dir, second=calibrated.second, temperature=calibrated.served.temperature
        )
        first_weights = read_first_weights(run)
        remarks = {"int8": in_int8, **({"first_weights": first_weights} if first_weights else {})}
        what = ReaderExport(graph, config.name, version, config, SOURCES, scores, remarks)
        return write_reader(what, mnist, data_dir, models_dir=models_dir, calibrated=calibrated)


def rehearsal_batches(config: ReaderConfig, data_dir: Path, *, num_numbers: int) -> list[Batch]:
    """Composed numbers as in the training, to be learned from beside a person's own pictures."""
    short = replace(config, numbers_per_epoch=num_numbers, num_epochs=2, first_style=HARD, seed=config.seed + 999)
    composed = LineBatches(short, data_dir)
    try:
        return composed.epoch(0)
    finally:
        composed.close()


def config_of(folder: Path) -> ReaderConfig:
    """The config behind an exported reader.

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
    return config


def folds(num_rows: int, num_folds: int, *, seed: int = 17) -> list[list[int]]:
    """Rows dealt into folds at random, each row into one."""
    order = np.random.default_rng(seed).permutation(num_rows)
    return [order[fold::num_folds].tolist() for fold in range(num_folds)]
