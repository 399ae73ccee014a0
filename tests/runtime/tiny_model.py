"""A model folder like those of the trainer, small enough to be made for every run of the tests."""

from dataclasses import replace
from pathlib import Path

import keras
import numpy as np

from service.recognition.alphabet import NUM_CLASSES
from service.recognition.line_canvas import FRAME_PX, LINE_WIDTHS_PX
from service.recognition.manifest import (
    DIGIT_CLASSIFIER,
    MANIFEST_FILE,
    SEQUENCE_READER,
    hash_files,
    manifest_sha256,
)
from service.recognition.members import Member
from tests.runtime.fakes import cascade_of, manifest_of


def make_tiny_model(folder: Path, **changes: object) -> Path:
    """Export a small dense network of random weights as `folder` (models/name/version), with its manifest.

    Args:
        folder: is made.
        changes: fields of the manifest that are to be other than right.
    """
    keras.utils.set_random_seed(1)
    network = keras.Sequential(
        [
            keras.Input((28, 28, 1), dtype="uint8"),
            keras.layers.Rescaling(1 / 255),
            keras.layers.Flatten(),
            keras.layers.Dense(8, activation="relu"),
            keras.layers.Dense(10),
        ]
    )
    canvases = np.random.default_rng(1).integers(0, 256, (5, 28, 28, 1), dtype=np.uint8)
    network.export(
        folder,
        format="tf_saved_model",
        verbose=False,
        input_signature=[keras.InputSpec(shape=(None, 28, 28, 1), dtype="uint8")],
    )
    np.savez(folder / "golden.npz", canvases=canvases, logits=np.asarray(network(canvases)))
    write_manifest(folder, **changes)
    return folder


def make_tiny_reader(folder: Path, **changes: object) -> Path:
    """Export a small sequence reader of random weights as `folder` (models/name/version), with its manifest.

    Args:
        folder: is made.
        changes: fields of the manifest that are to be other than right.
    """
    keras.utils.set_random_seed(1)
    network = keras.Sequential(
        [
            keras.Input((32, None, 1), dtype="uint8"),
            keras.layers.Rescaling(1 / 255),
            keras.layers.Conv2D(4, 5, strides=FRAME_PX, padding="same", activation="relu"),
            keras.layers.Permute((2, 1, 3)),  # (n, height, frames, 4) -> (n, frames, height, 4): columns become frames
            keras.layers.Reshape((-1, 32 // FRAME_PX * 4)),
            keras.layers.Conv1D(8, 5, padding="same", activation="relu"),  # along the line
            keras.layers.Dense(NUM_CLASSES),
        ]
    )
    network.export(
        folder,
        format="tf_saved_model",
        verbose=False,
        input_signature=[keras.InputSpec(shape=(None, 32, None, 1), dtype="uint8")],
    )
    random = np.random.default_rng(1)
    golden = {}
    for width in LINE_WIDTHS_PX:
        canvases = random.integers(0, 256, (2, 32, width, 1), dtype=np.uint8)
        golden |= {f"canvases_{width}": canvases, f"logits_{width}": np.asarray(network(canvases))}
    np.savez(folder / "golden.npz", **golden)
    write_manifest(folder, kind=SEQUENCE_READER, **changes)
    return folder


def make_cascade(models_dir: Path, *, sure_from: float) -> Path:
    """Write `models_dir/auto/1`, a cascade of `cnn/1` and `ensemble/1`, which are there already.

    Args:
        sure_from: sureness of `cnn` from which on it answers.
    """
    small, large = (Member(name, 1, manifest_sha256(models_dir / name / "1")) for name in ("cnn", "ensemble"))
    folder = models_dir / "auto" / "1"
    folder.mkdir(parents=True)
    manifest = cascade_of(small, large, sure_from=sure_from, clean_sure_from=sure_from)
    (folder / MANIFEST_FILE).write_text(manifest.to_json(), encoding="utf-8")
    return folder


def write_manifest(folder: Path, *, kind: str = DIGIT_CLASSIFIER, **changes: object) -> None:
    """Write the manifest of the folder as it is now; its hashes hold."""
    fields = {"files": hash_files(folder), **changes}
    manifest = replace(manifest_of(folder.parent.name, int(folder.name), kind=kind), **fields)
    (folder / MANIFEST_FILE).write_text(manifest.to_json(), encoding="utf-8")
