"""From trained weights to a model folder that describes itself."""

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.recognition.alphabet import DIGITS
from service.recognition.canvas import PREPROCESSING_ID
from service.recognition.manifest import (
    CHARACTER_CLASSIFIER,
    DIGIT_CLASSIFIER,
    MANIFEST_FILE,
    Manifest,
    hash_files,
)
from service.recognition.prediction import GATED_DIGITS, NUM_DIGITS, refuse
from service.recognition.probability import softmax
from service.runtime.litert_network import INT8_FILE, LiteRtNetwork
from service.runtime.loading import open_network
from service.runtime.network import Network
from service.runtime.saved_model import SavedModel
from trainer.architectures.gate import Pool
from trainer.architectures.registry import CANVAS_SHAPE, build_model
from trainer.calibrate_digits import (
    CalibratedDigits,
    CalibrationCanvases,
    calibrate_digits,
    see_calibration,
)
from trainer.card import digit_card
from trainer.config import EMNIST_ALPHABETS, Config
from trainer.data.calibration import CLEAN_OTHERS_SHARE, OTHERS_SHARE, WRONG_LABELS, load_calibration
from trainer.data.digits import Digits
from trainer.data.emnist import SHARED_WRITERS
from trainer.data.emnist_calibration import load_emnist_calibration
from trainer.data.sources import TrainingData
from trainer.errors import TrainerError
from trainer.evaluate import Score, evaluation_sets, read_logits, score
from trainer.gate import RECORD_FILE, load_gate
from trainer.golden import golden_canvases
from trainer.graphs import exported_gated_graph, exported_graph
from trainer.int8 import write_int8
from trainer.provenance import (
    RANDOM_REMAINDER,
    describe_splits,
    describe_training,
    git_commit,
    library_versions,
    require_splits_of,
)
from trainer.readings import score_seen, see
from trainer.runs import Run, read_sittings

GOLDEN_FILE = "golden.npz"
CARD_FILE = "card.md"


def measure(run: Run, data: TrainingData, data_dir: Path | None) -> list[Score]:
    """Scores of the exported network on everything that it was not fitted on."""
    with exported_graph(run) as graph:
        sets = evaluation_sets(run.config, data.mnist, data_dir)
        model = SavedModel(graph, input_shape=CANVAS_SHAPE)
        return _measure(model, sets, num_symbols=len(run.config.alphabet))


def export(
    run: Run,
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
    benchmark: str = "mnist"

    @property
    def alphabet(self) -> str:
        """Characters that it reads, in the order of its classes; those that reject come after them."""
        return EMNIST_ALPHABETS.get(self.benchmark, DIGITS)


def refuse_existing(models_dir: Path, name: str, version: int) -> None:
    """Pass where this version of a model is still to be written.

    Raises:
        TrainerError: it exists.
    """
    target = models_dir / name / str(version)
    if target.exists():
        raise TrainerError(f"{target} exists, and a version never changes. Choose another one with --version.")


def refuse_among_served(models_dir: Path, name: str) -> None:
    """Pass where a model that reads letters stands in no service's way.

    Raises:
        TrainerError: the folder holds models that are served, and a service does not start beside letters.
    """
    others = sorted({path.parent.parent.name for path in models_dir.glob(f"*/*/{MANIFEST_FILE}")} - {name})
    if others:
        raise TrainerError(
            f"{models_dir} holds {', '.join(others)}. The service answers with digits and refuses to start beside a "
            "model that reads letters. Choose another folder with --models."
        )


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


@contextmanager
def unfinished_folder(models_dir: Path, name: str, version: int) -> Iterator[Path]:
    """A folder to write a model into; it becomes `models_dir/<name>/<version>/` when the block ends without an error.

    It lies beside its target, so that the last step is a rename within one file system.
    """
    target = models_dir / name / str(version)
    folder = target.parent / f".{version}.unfinished"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield folder
        folder.rename(target)
    except BaseException:  # whatever it is, half a model is of no use to anyone
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _golden_outputs(folder: Path) -> dict[str, NDArray[Any]]:
    """What `golden.npz` is to hold of a digit classifier."""
    canvases = golden_canvases()
    golden = {"canvases": canvases, "logits": SavedModel(folder, input_shape=CANVAS_SHAPE).logits(canvases)}
    if (folder / INT8_FILE).exists():
        golden["logits_int8"] = LiteRtNetwork(folder / INT8_FILE, input_shape=CANVAS_SHAPE).logits(canvases)
    return golden


def _measure(model: Network, sets: Mapping[str, Digits], *, num_symbols: int = NUM_DIGITS) -> list[Score]:
    return [score(name, read_logits(model, digits)[:, :num_symbols], digits.labels) for name, digits in sets.items()]


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


def _num_parameters(run: Run) -> int:
    if run.has_gate:
        networks = load_gate(run)
        return int(networks.body.count_params() + networks.trunk.count_params())
    return int(build_model(run.config.architecture, num_classes=len(run.config.alphabet)).count_params())


def _learned_from(config: Config) -> str:
    splits = f"Trained on {', '.join(config.data)}; splits for the fit: {', '.join(config.fit_on)}."
    return splits if config.emnist is None else f"{splits} {SHARED_WRITERS}"


def describe_gate(run: Run, pool: Pool) -> dict[str, Any]:
    """For a manifest: what the gate of a run learned from, and how it is pooled with its digit network."""
    return {**json.loads((run.folder / RECORD_FILE).read_text()), **asdict(pool)}


def describe_calibration(benchmark: str, num_readings: int, *, rejects: bool) -> dict[str, Any]:
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
