"""A model folder like those of the trainer, small enough to be made for every run of the tests."""

from dataclasses import replace
from pathlib import Path

import keras
import numpy as np

from service.recognition.manifest import MANIFEST_FILE, hash_files
from tests.runtime.fakes import manifest_of


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


def write_manifest(folder: Path, **changes: object) -> None:
    """Write the manifest of the folder as it is now; its hashes hold."""
    fields = {"files": hash_files(folder), **changes}
    manifest = replace(manifest_of(folder.parent.name, int(folder.name)), **fields)
    (folder / MANIFEST_FILE).write_text(manifest.to_json(), encoding="utf-8")
