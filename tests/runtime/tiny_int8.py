"""The tiny model with a form in eight bits beside it, as the trainer writes one."""

import shutil
from pathlib import Path

import numpy as np
import tensorflow as tf

from service.runtime.litert_network import INT8_FILE, LiteRtNetwork
from tests.runtime.tiny_model import write_manifest
from trainer.operations.folding import folded
from trainer.operations.graph import graph_of
from trainer.operations.in_litert import to_litert


def make_tiny_int8(tiny_model: Path, folder: Path) -> Path:
    """A copy of the tiny model as `folder` (models/name/version), with `int8.tflite` and its golden logits.

    Args:
        tiny_model: see `make_tiny_model`.
        folder: is made.
    """
    shutil.copytree(tiny_model, folder)
    with np.load(folder / "golden.npz") as golden:
        arrays = dict(golden)
    exported = tf.saved_model.load(str(folder))  # holds the variables that its signatures look at
    graph = folded(graph_of(exported.signatures["serving_default"]))
    content = to_litert(graph, representative=arrays["canvases"])
    (folder / INT8_FILE).write_bytes(content)
    logits = LiteRtNetwork(folder / INT8_FILE, input_shape=(28, 28, 1)).logits(arrays["canvases"])
    change_golden(folder, logits_int8=logits)
    return folder


def change_golden(folder: Path, **changes: np.ndarray) -> None:
    """Put other arrays into `golden.npz`; the manifest's hashes hold."""
    with np.load(folder / "golden.npz") as golden:
        arrays = dict(golden)
    np.savez(folder / "golden.npz", **{**arrays, **changes})
    write_manifest(folder)
