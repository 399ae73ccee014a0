"""From the graph of a reader to a model folder that describes itself."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from service.recognition.alphabet import SYMBOLS
from service.recognition.line_canvas import LINE_PREPROCESSING_ID, LINE_WIDTHS_PX
from service.recognition.manifest import (
    MANIFEST_FILE,
    SEQUENCE_READER,
    Manifest,
    Metric,
    hash_files,
)
from service.recognition.members import SecondLookRule
from service.runtime.litert_network import INT8_FILE, LiteRtNetwork
from service.runtime.loading import open_network
from service.runtime.network import Network
from service.runtime.saved_model import SavedModel
from trainer.data.lines.golden import golden_lines
from trainer.data.mnist import Mnist
from trainer.model_folder import CARD_FILE, GOLDEN_FILE, refuse_existing, unfinished_folder
from trainer.provenance import RANDOM_REMAINDER, git_commit, library_versions
from trainer.reader.calibrate import CalibratedReader, calibrate_reader
from trainer.reader.card import reader_card
from trainer.reader.config import ReaderConfig
from trainer.reader.evaluate import NumberScore
from trainer.reader.graph import INPUT_SHAPE
from trainer.reader.helpers import newest_classifier, newest_peer
from trainer.reader.network import build_reader
from trainer.reader.readings import SLANTS


@dataclass(frozen=True, slots=True)
class ReaderExport:
    """What a reader's folder is made from.

    Attributes:
        graph: folder of the SavedModel, and of its form in eight bits, if it has one.
        name: of the model.
        version: of the model.
        config: that it was trained with.
        sources: for the manifest: what it learned from, with licences and counts.
        scores: what it reads right.
        remarks: further facts for the provenance.
    """

    graph: Path
    name: str
    version: int
    config: ReaderConfig
    sources: list[dict[str, Any]]
    scores: Sequence[NumberScore]
    remarks: dict[str, Any]


def write_reader(
    what: ReaderExport,
    mnist: Mnist,
    data_dir: Path,
    *,
    models_dir: Path,
    calibrated: CalibratedReader | None = None,
) -> Path:
    """Write `models_dir/<name>/<version>/`, whole or not at all.

    Args:
        what: the reader.
        mnist: whose calibration writers it is calibrated on.
        data_dir: with what else it is calibrated on.
        models_dir: also holds whom the reader asks, if there is to be anybody.
        calibrated: the reader's calibration, where it has been done before.

    Raises:
        TrainerError: the folder exists.
    """
    refuse_existing(models_dir, what.name, what.version)
    with unfinished_folder(models_dir, what.name, what.version) as folder:
        shutil.copytree(what.graph, folder, dirs_exist_ok=True)
        if calibrated is None:
            model = open_network(folder, input_shape=INPUT_SHAPE)
            peer = newest_peer(what.config.peer, models_dir)
            calibrated = calibrate_reader(model, mnist, data_dir, newest_classifier(models_dir), peer)
        np.savez_compressed(folder / GOLDEN_FILE, **_golden(folder))
        title, learned_from = f"{what.name}, version {what.version}", [source["name"] for source in what.sources]
        card = reader_card(title, learned_from, what.scores, calibrated)
        (folder / CARD_FILE).write_text(card, encoding="utf-8")
        manifest = Manifest(
            name=what.name,
            version=what.version,
            kind=SEQUENCE_READER,
            input_shape=INPUT_SHAPE,
            input_widths=LINE_WIDTHS_PX,
            preprocessing_id=LINE_PREPROCESSING_ID,
            alphabet=SYMBOLS,
            num_parameters=build_reader((what.config.serves,)).count_params(),
            temperature=calibrated.served.temperature,
            calibration=calibrated.served.table,
            clean_calibration=calibrated.clean_table,
            metrics=tuple(
                Metric("text_accuracy", s.dataset, s.accuracy, s.num_samples, s.interval) for s in what.scores
            ),
            provenance={
                "config": what.config.to_dict(),
                "commit": git_commit(),
                "seed": what.config.seed,
                "stays_random": RANDOM_REMAINDER,
                "versions": library_versions(),
                "data": what.sources,
                "splits": {
                    "of": "MNIST train",
                    "unit": mnist.splits.unit,
                    "sha256": mnist.splits.sha256,
                    "fitted_on": ["train"],
                },
                "calibration": {"on": calibrated.description, "num_readings": calibrated.num_readings},
                **what.remarks,
            },
            files=hash_files(folder),
            second_look=_second_look(calibrated),
            peer=None if calibrated.peer is None else calibrated.peer.rule,
            slants=SLANTS,
        )
        (folder / MANIFEST_FILE).write_text(manifest.to_json(), encoding="utf-8")
    return models_dir / what.name / str(what.version)


def _golden(folder: Path) -> dict[str, Any]:
    """Arrays by name: lines of every width, and what each form of the network in a folder says to them."""
    forms: dict[str, Network] = {"logits": SavedModel(folder, input_shape=INPUT_SHAPE)}
    if (folder / INT8_FILE).exists():
        forms["logits_int8"] = LiteRtNetwork(folder / INT8_FILE, input_shape=INPUT_SHAPE)
    golden: dict[str, Any] = {}
    for width, canvases in golden_lines().items():
        golden[f"canvases_{width}"] = canvases
        golden.update({f"{name}_{width}": network.logits(canvases) for name, network in forms.items()})
    return golden


def _second_look(calibrated: CalibratedReader) -> SecondLookRule | None:
    second = calibrated.second
    if second is None:
        return None
    return SecondLookRule(
        classifier=second.member,
        weight=second.weight,
        classifier_temperature=second.classifier.manifest.temperature,
        plain_temperature=calibrated.plain.temperature,
        plain_calibration=calibrated.plain.table,
    )
