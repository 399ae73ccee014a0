"""From trained weights to a model folder that describes itself."""

import platform
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import keras
import numpy as np

from service.recognition.canvas import PREPROCESSING_ID
from service.recognition.manifest import DIGIT_CLASSIFIER, MANIFEST_FILE, Manifest, hash_files
from service.recognition.policy import CalibrationTable
from service.runtime.saved_model import SIGNATURE, SavedModel
from trainer.architectures.registry import CANVAS_SHAPE, build_model
from trainer.calibrate import calibration_table, fit_temperature
from trainer.config import Config
from trainer.data.digits import join
from trainer.data.sources import TrainingData
from trainer.errors import TrainerError
from trainer.evaluate import Score, evaluation_sets, read_logits, score
from trainer.photograph import photographed_digits
from trainer.runs import Run

ALPHABET = "0123456789"
GOLDEN_FILE = "golden.npz"
CARD_FILE = "card.md"
LOGITS_TOLERANCE = 1e-4  # between backends, and between the Keras model and its export
_PHOTOGRAPH_SEED = 11
_LIBRARIES = ("keras", "tensorflow", "numpy", "opencv-python-headless", "pillow", "scipy", "matplotlib")
_RANDOM_REMAINDER = "Order of rounding in parallel sums; two runs agree closely, not to the last bit."


@contextmanager
def exported_graph(run: Run) -> Iterator[Path]:
    """The trained network as a SavedModel in a temporary folder.

    The graph is float32, takes uint8 canvases (n, 28, 28, 1), scales them inside and returns float32 logits (n, 10).

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
    model = build_model(run.config.architecture)
    model.load_weights(weights)
    with tempfile.TemporaryDirectory(prefix="digits-export-") as parent:
        folder = Path(parent) / "graph"
        # The signature that `export` writes beside `serve`: one uint8 input, one float32 output.
        signature = [keras.InputSpec(dtype="uint8", shape=(None, *CANVAS_SHAPE), name="canvases")]
        model.export(folder, format="tf_saved_model", input_signature=signature, verbose=False)
        _check_logits(SavedModel(folder, input_shape=CANVAS_SHAPE), run)
        yield folder


def measure(run: Run, data: TrainingData, data_dir: Path | None) -> list[Score]:
    """Scores of the exported network on everything that it was not fitted on."""
    with exported_graph(run) as graph:
        return _measure(SavedModel(graph, input_shape=CANVAS_SHAPE), run.config, data, data_dir)


def export(run: Run, data: TrainingData, data_dir: Path | None, *, models_dir: Path, model_version: int) -> Path:
    """Write `models_dir/<name>/<version>/`, whole or not at all.

    Raises:
        TrainerError: the folder exists, or `exported_graph` refuses.
    """
    target = models_dir / run.config.name / str(model_version)
    if target.exists():
        raise TrainerError(f"{target} exists, and a version never changes. Choose another one with --version.")
    # Beside the target, so that the last step is a rename within one file system.
    target.parent.mkdir(parents=True, exist_ok=True)
    folder = target.parent / f".{model_version}.unfinished"
    shutil.rmtree(folder, ignore_errors=True)
    with exported_graph(run) as graph:
        shutil.copytree(graph, folder)
    model = SavedModel(folder, input_shape=CANVAS_SHAPE)
    scores = _measure(model, run.config, data, data_dir)

    clean = data.mnist.train.take(data.mnist.splits.calibration)
    hard = photographed_digits(clean, seed=_PHOTOGRAPH_SEED)
    for name, digits in (("mnist_calibration", clean), ("mnist_calibration_photographed", hard)):
        scores.append(score(name, read_logits(model, digits), digits.labels))
    both = join([clean, hard])
    logits = read_logits(model, both)
    temperature = fit_temperature(logits, both.labels)
    table = calibration_table(logits, both.labels, temperature=temperature)

    with np.load(run.golden_path) as golden:
        canvases = golden["canvases"]
    np.savez(folder / GOLDEN_FILE, canvases=canvases, logits=model.logits(canvases))
    (folder / CARD_FILE).write_text(_card(run.config, model_version, scores, temperature, table), encoding="utf-8")
    manifest = Manifest(
        name=run.config.name,
        version=model_version,
        kind=DIGIT_CLASSIFIER,
        input_shape=CANVAS_SHAPE,
        preprocessing_id=PREPROCESSING_ID,
        alphabet=ALPHABET,
        num_parameters=build_model(run.config.architecture).count_params(),
        temperature=temperature,
        calibration=table,
        metrics=tuple(item.to_metric() for item in scores),
        provenance=_provenance(run.config, data, num_calibration_readings=len(both)),
        files=hash_files(folder),
    )
    (folder / MANIFEST_FILE).write_text(manifest.to_json(), encoding="utf-8")
    folder.rename(target)
    return target


def _measure(model: SavedModel, config: Config, data: TrainingData, data_dir: Path | None) -> list[Score]:
    return [
        score(name, read_logits(model, digits), digits.labels)
        for name, digits in evaluation_sets(config, data.mnist, data_dir).items()
    ]


def _check_logits(model: SavedModel, run: Run) -> None:
    with np.load(run.golden_path) as golden:
        difference = float(np.abs(model.logits(golden["canvases"]) - golden["logits"]).max())
    if difference > LOGITS_TOLERANCE:
        raise TrainerError(
            f"The exported {run.config.name!r} answers the golden canvases otherwise than the trained one: logits "
            f"differ by {difference:.2g}, at most {LOGITS_TOLERANCE:.0e} is allowed. "
            f"Were the files in {run.folder} mixed up?"
        )


def _provenance(config: Config, data: TrainingData, *, num_calibration_readings: int) -> Mapping[str, Any]:
    splits = data.mnist.splits
    return {
        "config": config.to_dict(),
        "commit": _git_commit(),
        "seed": config.seed,
        "stays_random": _RANDOM_REMAINDER,
        "versions": {"python": platform.python_version(), **_library_versions()},
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
            "on": "calibration split, each digit once clean and once as a simulated photograph",
            "num_readings": num_calibration_readings,
        },
    }


def _library_versions() -> dict[str, str]:
    versions = {}
    for name in _LIBRARIES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:  # one may stand in for another, such as opencv-python
            continue
    return versions


def _git_commit() -> str | None:
    """The commit of this checkout; None outside one."""
    command = ["git", "-C", str(Path(__file__).parent), "rev-parse", "HEAD"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603
    except (OSError, subprocess.CalledProcessError):
        return None


def _card(config: Config, model_version: int, scores: list[Score], temperature: float, table: CalibrationTable) -> str:
    """`card.md`: what a person wants to know before using the model."""
    lines = [
        f"# {config.name}, version {model_version}",
        "",
        "Reads one digit, 0 to 9, from a canvas: uint8 (28, 28, 1), paper 0 and ink 255, placed by "
        f"`{PREPROCESSING_ID}`. Signature `{SIGNATURE}`; the answer is ten logits. It was trained on digits alone and "
        "gives letters and scribbles a digit too, often with confidence.",
        "",
        f"Trained on {', '.join(config.data)}; MNIST's splits for the fit: {', '.join(config.fit_on)}.",
        "",
        "| data, none of it fitted on | right | accuracy | 95 % interval |",
        "|---|---|---|---|",
    ]
    for item in scores:
        low, high = item.interval
        lines.append(
            f"| {item.dataset} | {item.num_right} of {item.num_samples} | {100 * item.accuracy:.2f} % "
            f"| {100 * low:.2f} to {100 * high:.2f} |"
        )
    lines += [
        "",
        f"Confidence: softmax at temperature {temperature:.3f}. The table was measured on writers whom the weights "
        "never saw, each digit once as a clean scan and once as a simulated hard photograph; error bounds are "
        "one-sided, 95 %.",
        "",
        "| accepted from | coverage | wrong | error at most |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| {row.threshold} | {100 * row.coverage:.1f} % | {row.num_wrong} of {row.num_accepted} "
        f"| {100 * row.error_upper_bound:.3f} % |"
        for row in table.rows
    ]
    return "\n".join(lines) + "\n"
