"""Beginning a training with what another reader has learned."""

import hashlib
import json
import tempfile
import warnings
from pathlib import Path
from typing import Any

import keras
import numpy as np

from service.recognition.errors import InvalidModel
from service.recognition.manifest import SEQUENCE_READER, Manifest, load_manifest, manifest_sha256
from trainer.errors import TrainerError
from trainer.reader.config import ReaderConfig
from trainer.runs import Run, write_json

_NOTE_FILE = "first_weights.json"


def begin_with(model: keras.Model, source: Path, run: Run[ReaderConfig]) -> None:
    """Take over the layers of another reader that agree in place and shape, and note where they come from.

    Args:
        model: as it is built.
        source: a run's `model.weights.h5`, or the folder of an exported version.
        run: that begins.

    Raises:
        TrainerError: the weights cannot be read, or fit nowhere.
    """
    try:
        note = _note(source)
        num_taken = _take_over(model, source)
    except (OSError, ValueError) as error:
        raise TrainerError(
            f"{source} cannot be started with: {error}. Name a run's model.weights.h5 or models/NAME/VERSION."
        ) from error
    if not num_taken:
        raise TrainerError(f"{source} cannot be started with: none of its arrays fits. Name a reader's.")
    print(f"{num_taken} of {len(model.weights)} arrays are taken over from {source}.")
    write_json(run.folder / _NOTE_FILE, note)


def read_first_weights(run: Run[ReaderConfig]) -> dict[str, Any] | None:
    """Whose weights a run began with, for the manifest; None where it began afresh."""
    path = run.folder / _NOTE_FILE
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def require_begun_with(source: Path, run: Run[ReaderConfig]) -> None:
    """Pass where a run that is gone on with began with these weights.

    Raises:
        TrainerError: it began with others, or they cannot be read.
    """
    noted = read_first_weights(run)
    try:
        found = _note(source)
    except OSError as error:
        raise TrainerError(f"{source} cannot be read: {error.strerror}.") from error
    if noted is None or noted["sha256"] != found["sha256"]:
        began = "from chance" if noted is None else f"with other weights, of {noted['run']}"
        raise TrainerError(
            f"{run.folder} began {began}; {source} would not be used. Leave --first-weights out to go on, or remove "
            "the folder to begin again."
        )


def _note(source: Path) -> dict[str, Any]:
    """Who they are, and a hash: of the file, or of the manifest, which holds those of all other files."""
    if source.is_dir():
        manifest = _reader_manifest(source)
        return {"run": f"{manifest.name}/{manifest.version}", "sha256": manifest_sha256(source)}
    return {"run": source.parent.name, "sha256": hashlib.sha256(source.read_bytes()).hexdigest()}


def _take_over(model: keras.Model, source: Path) -> int:
    """Load what agrees in place and shape; how many arrays that were."""
    if not source.is_dir():
        return _load_what_fits(model, source)
    from trainer.reader.trained import reader_from  # needs TensorFlow, which trainings with JAX go without

    exported = reader_from(source, _reader_manifest(source).provenance["config"]["serves"])
    with tempfile.TemporaryDirectory(prefix="digits-first-weights-") as folder:
        weights = Path(folder) / "model.weights.h5"
        exported.save_weights(weights)
        return _load_what_fits(model, weights)


def _reader_manifest(source: Path) -> Manifest:
    try:
        manifest = load_manifest(source)
    except InvalidModel as error:
        raise TrainerError(f"{source} cannot be started with: {error}") from error
    if manifest.kind != SEQUENCE_READER:
        raise TrainerError(f"{source} cannot be started with: it is a {manifest.kind}. Name a {SEQUENCE_READER}.")
    return manifest


def _load_what_fits(model: keras.Model, weights: Path) -> int:
    drawn = [np.array(variable) for variable in model.weights]
    for variable in model.weights:
        variable.assign(np.full(variable.shape, np.nan))  # Keras does not say what it loads: what is no longer NaN
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Keras prints every array that does not fit
        model.load_weights(weights, skip_mismatch=True)
    num_taken = 0
    for variable, was in zip(model.weights, drawn, strict=True):
        if np.isnan(np.array(variable)).all():
            variable.assign(was)
        else:
            num_taken += 1
    return num_taken
