"""From a trained reader to a model folder that describes itself."""

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from service.recognition.alphabet import SYMBOLS
from service.recognition.line_canvas import LINE_HEIGHT_PX, LINE_PREPROCESSING_ID, LINE_WIDTHS_PX
from service.recognition.manifest import (
    MANIFEST_FILE,
    SEQUENCE_READER,
    Manifest,
    Metric,
    hash_files,
)
from service.recognition.members import SecondLookRule
from service.recognition.policy import CalibrationTable
from service.runtime.litert_network import INT8_FILE, LiteRtNetwork
from service.runtime.loading import open_network
from service.runtime.network import Network
from service.runtime.saved_model import SavedModel
from trainer.data.lines.golden import golden_lines
from trainer.data.mnist import Mnist
from trainer.errors import TrainerError
from trainer.export import CARD_FILE, GOLDEN_FILE, refuse_existing, unfinished_folder
from trainer.graphs import LOGITS_TOLERANCE, save_graph
from trainer.provenance import RANDOM_REMAINDER, git_commit, library_versions
from trainer.reader.calibrate import CalibratedReader, calibrate_reader
from trainer.reader.config import Head, ReaderConfig
from trainer.reader.evaluate import NumberScore
from trainer.reader.helpers import newest_classifier, newest_peer
from trainer.reader.network import build_reader
from trainer.reader.readings import SLANTS
from trainer.runs import Run

INPUT_SHAPE = (LINE_HEIGHT_PX, None, 1)


@contextmanager
def exported_reader(run: Run, config: ReaderConfig, *, head: Head | None = None) -> Iterator[Path]:
    """The trained network with one of its heads as a SavedModel in a temporary folder.

    The graph is float32, takes uint8 canvases (n, 32, width, 1), scales them inside and returns float32 logits
    (n, width / 2, 12).

    Args:
        run: finished.
        config: of the run.
        head: the one that serves where none is given.

    Raises:
        TrainerError: the run is not finished, Keras runs on another backend than TensorFlow, or the logits are not
            those that the training noted.
    """
    weights = run.require_weights()
    if keras.backend.backend() != "tensorflow":
        raise TrainerError(
            f"Models are exported from TensorFlow; Keras runs on {keras.backend.backend()}. Any backend may train: run "
            "this command with KERAS_BACKEND=tensorflow."
        )
    with_all_heads = build_reader(config.heads)
    with_all_heads.load_weights(weights)
    delivered = head or config.serves
    with tempfile.TemporaryDirectory(prefix="digits-export-") as parent:
        folder = Path(parent) / "graph"
        export_graph(with_all_heads, delivered, folder)
        if delivered == config.serves:
            _check_logits(SavedModel(folder, input_shape=INPUT_SHAPE), run)
        yield folder


def export_graph(model: keras.Model, head: Head, folder: Path) -> None:
    """Write a network with one of its heads as a SavedModel."""
    save_graph(keras.Model(model.inputs, model.output[head]), folder, input_shape=INPUT_SHAPE)


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
        card = _card(what, calibrated)
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
            peer=calibrated.peer and calibrated.peer.rule,
            slants=SLANTS,
        )
        (folder / MANIFEST_FILE).write_text(manifest.to_json(), encoding="utf-8")
    return models_dir / what.name / str(what.version)


def _golden(folder: Path) -> dict[str, NDArray[Any]]:
    """Lines of every width, and what each form of the network in a folder says to them."""
    forms: dict[str, Network] = {"logits": SavedModel(folder, input_shape=INPUT_SHAPE)}
    if (folder / INT8_FILE).exists():
        forms["logits_int8"] = LiteRtNetwork(folder / INT8_FILE, input_shape=INPUT_SHAPE)
    golden = {}
    for width, canvases in golden_lines().items():
        golden[f"canvases_{width}"] = canvases
        golden.update({f"{name}_{width}": network.logits(canvases) for name, network in forms.items()})
    return golden


def _check_logits(model: SavedModel, run: Run) -> None:
    with np.load(run.golden_path) as golden:
        for noted_at in sorted(name for name in golden.files if name.startswith("logits_")):
            width = noted_at.removeprefix("logits_")
            found, noted = model.logits(golden[f"canvases_{width}"]), golden[noted_at]
            difference = float(np.abs(found - noted).max())
            if difference > LOGITS_TOLERANCE:
                raise TrainerError(
                    f"The exported {run.config.name!r} answers golden lines of width {width} otherwise than the "
                    f"trained one: logits differ by {difference:.2g}, at most {LOGITS_TOLERANCE:.0e} is allowed. Were "
                    f"the files in {run.folder} mixed up?"
                )


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


def _card(what: ReaderExport, calibrated: CalibratedReader) -> str:
    """`card.md`: what a person wants to know before using the model."""
    lines = [
        f"# {what.name}, version {what.version}",
        "",
        "Reads a number of any length from a line canvas: uint8 (32, width, 1), paper 0 and ink 255, placed by "
        f"`{LINE_PREPROCESSING_ID}`; the answer is two frames of twelve logits for every four columns: CTC's "
        "blank, the ten digits, and a mark that stands where a digit might and is none. Dots, commas and dashes are "
        "not read.",
        "",
        "Trained on composed numbers, none of which was ever a real one: "
        + ", ".join(s["name"] for s in what.sources)
        + ".",
        "",
        "| data, none of it fitted on | numbers right | accuracy | 95 % interval |",
        "|---|---|---|---|",
    ]
    for item in what.scores:
        low, high = item.interval
        lines.append(
            f"| {item.dataset} | {item.num_right} of {item.num_samples} | {100 * item.accuracy:.2f} % "
            f"| {100 * low:.2f} to {100 * high:.2f} |"
        )
    second, served = calibrated.second, calibrated.served
    if second is not None:
        lines += [
            "",
            f"Takes a second look: every digit is cut out and shown to `{second.member.name}`, version "
            f"{second.member.version}, whose answer counts {second.weight:g} times beside the reader's own. "
            "Temperature and table were measured so.",
        ]
    if calibrated.peer is not None:
        rule = calibrated.peer.rule
        lines += [
            "",
            f"Where its confidence in a clean line is below {rule.sure_from:g}, it asks `{rule.reader.name}`, version "
            f"{rule.reader.version}, and the probability of a number is the mean of what both say.",
        ]
    lines += [
        "",
        f"A line that is not clean is seen in {len(SLANTS) + 1} views, as it stands and slanted by "
        f"{' and '.join(f'{slant:+g}' for slant in SLANTS)}; what they say about a number is averaged.",
        "",
        f"Confidence: CTC's sum over all paths of the number, frame logits divided by {served.temperature:.3f}. The "
        "tables were measured on composed numbers of writers whom the weights never saw; error bounds are one-sided, "
        "95 %. The first is of lines on paper, from tidy to hard, the second of clean lines.",
        *_table_lines(served.table),
        *_table_lines(calibrated.clean_table),
    ]
    return "\n".join(lines) + "\n"


def _table_lines(table: CalibrationTable) -> list[str]:
    return [
        "",
        "| accepted from | coverage | wrong | error at most |",
        "|---|---|---|---|",
        *(
            f"| {row.threshold} | {100 * row.coverage:.1f} % | {row.num_wrong} of {row.num_accepted} "
            f"| {100 * row.error_upper_bound:.3f} % |"
            for row in table.rows
        ),
    ]
