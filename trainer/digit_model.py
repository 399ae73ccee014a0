"""From the graph of a digit classifier to a model folder that describes itself."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from service.recognition.alphabet import DIGITS
from service.recognition.canvas import PREPROCESSING_ID
from service.recognition.manifest import (
    CHARACTER_CLASSIFIER,
    DIGIT_CLASSIFIER,
    MANIFEST_FILE,
    Manifest,
    hash_files,
)
from service.recognition.prediction import GATED_DIGITS, refuse
from service.recognition.probability import softmax
from service.runtime.litert_network import INT8_FILE, LiteRtNetwork
from service.runtime.loading import open_network
from service.runtime.network import Network
from service.runtime.saved_model import SavedModel
from trainer.architectures.registry import CANVAS_SHAPE
from trainer.calibrate_digits import CalibratedDigits, CalibrationCanvases, calibrate_digits
from trainer.card import digit_card
from trainer.config import EMNIST_ALPHABETS, Benchmark
from trainer.data.calibration import CLEAN_OTHERS_SHARE, OTHERS_SHARE, WRONG_LABELS
from trainer.data.digits import Digits
from trainer.evaluate import Score, score
from trainer.golden import golden_canvases
from trainer.int8 import write_int8
from trainer.model_folder import CARD_FILE, GOLDEN_FILE, unfinished_folder
from trainer.provenance import RANDOM_REMAINDER, git_commit, library_versions
from trainer.readings import score_seen, see


@dataclass(frozen=True, slots=True)
class DigitExport:
    """What the folder of a digit classifier is made from.

    Attributes:
        graph: its SavedModel.
        name: of the model.
        version: of the model.
        rejects: whether it has outputs for what is no digit and for several.
        num_parameters: weights in it.
        sets: digits to measure it on, by name; it was fitted on none of them.
        learned_from: for the card, in a sentence.
        provenance: what the manifest says of its making, but for versions, commit and calibration.
        benchmark: whose calibration split it is calibrated on: `mnist`, or a part of EMNIST, which also says what
            characters its classes are.
    """

    graph: Path
    name: str
    version: int
    rejects: bool
    num_parameters: int
    sets: Mapping[str, Digits]
    learned_from: str
    provenance: Mapping[str, Any]
    benchmark: Benchmark = "mnist"

    @property
    def alphabet(self) -> str:
        """Characters that it reads, in the order of its classes; those that reject come after them."""
        return DIGITS if self.benchmark == "mnist" else EMNIST_ALPHABETS[self.benchmark]


def write_digit_model(what: DigitExport, calibration: CalibrationCanvases, *, models_dir: Path) -> Path:
    """Calibrate and measure a graph, and write `models_dir/<name>/<version>/`, whole or not at all.

    Args:
        what: see `DigitExport`.
        calibration: with pictures that show no one digit only where `what` rejects such.
        models_dir: folder of the models.
    """
    with unfinished_folder(models_dir, what.name, what.version) as folder:
        shutil.copytree(what.graph, folder, dirs_exist_ok=True)
        is_served = what.alphabet == DIGITS
        in_int8 = write_int8(folder, calibration) if is_served else None
        model = open_network(folder, input_shape=CANVAS_SHAPE)  # in the form that the service runs
        calibrated = calibrate_digits(model, calibration, num_symbols=len(what.alphabet))
        scores = _measure_answers(model, what.sets, calibrated, num_symbols=len(what.alphabet))
        np.savez(folder / GOLDEN_FILE, **_golden_outputs(folder))
        title = f"{what.name}, version {what.version}"
        card = digit_card(title, what.learned_from, scores, calibrated, rejects=what.rejects, alphabet=what.alphabet)
        (folder / CARD_FILE).write_text(card, encoding="utf-8")
        manifest = Manifest(
            name=what.name,
            version=what.version,
            kind=DIGIT_CLASSIFIER if is_served else CHARACTER_CLASSIFIER,
            input_shape=CANVAS_SHAPE,
            preprocessing_id=PREPROCESSING_ID,
            alphabet=GATED_DIGITS if what.rejects else what.alphabet,
            num_parameters=what.num_parameters,
            temperature=calibrated.temperature,
            calibration=calibrated.table,
            clean_temperature=calibrated.clean_temperature,
            clean_calibration=calibrated.clean_table,
            metrics=tuple(item.to_metric() for item in scores),
            provenance={
                **what.provenance,
                "commit": git_commit(),
                "stays_random": RANDOM_REMAINDER,
                "versions": library_versions(),
                "calibration": describe_calibration(what.benchmark, calibrated.num_readings, rejects=what.rejects),
                **({} if in_int8 is None else {"int8": in_int8}),
            },
            files=hash_files(folder),
        )
        (folder / MANIFEST_FILE).write_text(manifest.to_json(), encoding="utf-8")
    return models_dir / what.name / str(what.version)


def describe_calibration(benchmark: Benchmark, num_readings: int, *, rejects: bool) -> dict[str, Any]:
    """For a manifest: what a model was calibrated on."""
    if benchmark != "mnist":
        return {"on": f"calibration images of {benchmark}, clean and photographed", "num_readings": num_readings}
    return {
        "on": "calibration writers of MNIST clean, photographed, coarse and on printed paper; a quarter of bhmsds "
        "that was not fitted on; trainer/data/calibration.py",
        "share_without_a_digit": {"clean": CLEAN_OTHERS_SHARE, "other": OTHERS_SHARE} if rejects else 0.0,
        "rows_left_out_for_wrong_labels": list(WRONG_LABELS),
        "num_readings": num_readings,
    }


def _golden_outputs(folder: Path) -> dict[str, Any]:
    """Arrays by name: what `golden.npz` is to hold of a digit classifier."""
    canvases = golden_canvases()
    golden = {"canvases": canvases, "logits": SavedModel(folder, input_shape=CANVAS_SHAPE).logits(canvases)}
    if (folder / INT8_FILE).exists():
        golden["logits_int8"] = LiteRtNetwork(folder / INT8_FILE, input_shape=CANVAS_SHAPE).logits(canvases)
    return golden


def _measure_answers(
    model: Network, sets: Mapping[str, Digits], calibrated: CalibratedDigits, *, num_symbols: int
) -> list[Score]:
    """Scores of what the service answers: a digit that it takes for none was not read right."""
    scores = []
    for name, digits in sets.items():
        scored = score_seen(model, see([*digits.canvases[..., 0]]))
        is_refused = scored.is_blank.copy()
        for rows, temperature in (
            (scored.is_clean, calibrated.clean_temperature),
            (~scored.is_clean, calibrated.temperature),
        ):
            probs = softmax(scored.logits[rows], temperature=temperature)
            is_refused[rows] |= np.array([refuse(row) is not None for row in probs[:, num_symbols:]], dtype=bool)
        scores.append(score(name, scored.logits[:, :num_symbols], digits.labels, is_refused=is_refused))
    return scores
