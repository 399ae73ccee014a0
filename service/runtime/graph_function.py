"""An exported network as a function of TensorFlow 2: how it is called on a GPU."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.recognition.manifest import InputShape
from service.runtime.device import Device
from service.runtime.graph_session import SIGNATURE


class GraphFunction:
    """Calls the exported signature through one graph whose input shape is fixed but for the batch and the width.

    So it is traced once, here; a call that does not fit fails instead of being traced again.

    Args:
        folder: of the SavedModel.
        input_shape: of one canvas, (height, width, channels); the width is None where any will do.
        device: where the weights lie and it runs.

    Raises:
        OSError, ValueError, TypeError, KeyError, tf.errors.OpError: it cannot be loaded, or takes other canvases.
    """

    def __init__(self, folder: Path, *, input_shape: InputShape, device: Device) -> None:
        import tensorflow as tf

        self._tf = tf
        # Kept: the graph refers to the variables weakly.
        with tf.device(device.tensorflow_name):
            self._loaded = tf.saved_model.load(str(folder))
        self._function = self._trace(self._loaded.signatures[SIGNATURE], input_shape, device)
        # The one graph itself: to have it looked up with every call takes longer than a layer.
        self._graph = self._function.get_concrete_function()

    @property
    def num_traces(self) -> int:
        """How often TensorFlow has traced the graph; 1, or something is wrong."""
        return int(self._function.experimental_get_tracing_count())

    def run(self, canvases: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Run the network; see `Network.logits`."""
        logits: NDArray[np.float32] = self._graph(self._tf.constant(canvases)).numpy()
        return logits

    def _trace(self, signature: Any, input_shape: InputShape, device: Device) -> Any:
        tf = self._tf
        (input_name,) = signature.structured_input_signature[1]
        (output_name,) = signature.structured_outputs
        canvases = tf.TensorSpec((None, *input_shape), tf.uint8)

        def run(batch: Any) -> Any:
            # Inside the graph, where it is said once and not with every call.
            with tf.device(device.tensorflow_name):
                return tf.identity(signature(**{input_name: batch})[output_name])

        # Without AutoGraph: there is nothing to rewrite, and it would leave a file behind.
        return tf.function(run, input_signature=[canvases], autograph=False)
