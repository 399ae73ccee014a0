"""The SavedModel as a program without a service would call it."""

from collections.abc import Callable

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from benchmarks.contestants.canvases import MAX_BATCH_SIZE, SIGNATURE, model_dir

Network = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
"""uint8 (n, 28, 28, 1) to logits, float32 (n, 10)."""


def load_network() -> Network:
    """The exported signature, called directly; every batch size has run once, so that nobody pays for it later."""
    tf.config.threading.set_intra_op_parallelism_threads(1)  # as the service has it by default
    loaded = tf.saved_model.load(model_dir())
    signature = loaded.signatures[SIGNATURE]
    (input_name,) = signature.structured_input_signature[1]
    (output_name,) = signature.structured_outputs

    def network(canvases: NDArray[np.uint8]) -> NDArray[np.float32]:
        logits: NDArray[np.float32] = signature(**{input_name: tf.constant(canvases)})[output_name].numpy()
        return logits

    network.loaded = loaded  # type: ignore[attr-defined]  # kept: the signature refers to its variables weakly
    for size in range(1, MAX_BATCH_SIZE + 1):
        network(np.zeros((size, 28, 28, 1), np.uint8))
    return network
