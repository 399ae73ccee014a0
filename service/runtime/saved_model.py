"""An exported network, ready to be called."""

from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from service.recognition.errors import InvalidModel
from service.recognition.manifest import InputShape
from service.recognition.probability import Logits
from service.runtime.device import CPU, Device

Canvases: TypeAlias = NDArray[np.uint8]
"""uint8 (num_canvases, height, width, channels)."""

SIGNATURE = "serving_default"


class SavedModel:
    """A SavedModel on the process's device; every call comes from one and the same thread.

    The exported signature is called through one graph whose input shape is fixed but for the batch and, for a
    sequence reader, the width. So it is traced once, here; a call that does not fit fails instead of being traced
    again.

    Args:
        folder: holds `saved_model.pb`. A SavedModel is a program: its files have been verified before.
        input_shape: of one canvas, (height, width, channels); the width is None where any will do.
        device: where its weights lie and it runs.

    Raises:
        InvalidModel: TensorFlow cannot load it, or it does not take such canvases.
    """

    def __init__(self, folder: Path, *, input_shape: InputShape, device: Device = CPU) -> None:
        import tensorflow as tf

        self._tf = tf
        self.device = device
        self._input_shape = input_shape
        try:
            # Kept: the graph refers to the variables weakly.
            with tf.device(device.tensorflow_name):
                self._loaded = tf.saved_model.load(str(folder))
            self._function = self._trace(self._loaded.signatures[SIGNATURE])
            # The one graph itself: to have it looked up with every call takes longer than a layer.
            self._graph = self._function.get_concrete_function()
        except (OSError, ValueError, TypeError, KeyError, tf.errors.OpError) as error:
            raise InvalidModel(
                f"{folder / 'saved_model.pb'} cannot be loaded with input uint8 {(None, *input_shape)}: {error}"
            ) from error

    def logits(self, canvases: Canvases) -> Logits:
        """Run the network.

        Args:
            canvases: uint8 (num_canvases, *input_shape), paper 0 and ink 255.

        Returns:
            float32 (num_canvases, num_classes), or (num_canvases, num_frames, num_classes) of a sequence reader; raw
            scores.

        Raises:
            TypeError: another dtype; TensorFlow would truncate floats to uint8 without a word.
            ValueError: another shape.
        """
        if canvases.dtype != np.uint8:
            raise TypeError(f"canvases are {canvases.dtype}; the network takes uint8")
        if not self._fits(canvases.shape):
            raise ValueError(f"canvases are {canvases.shape}; the network takes {('n', *self._input_shape)}")
        logits: Logits = self._graph(self._tf.constant(canvases)).numpy()
        return logits

    def _fits(self, shape: tuple[int, ...]) -> bool:
        wanted = self._input_shape
        return len(shape) == 4 and shape[1] == wanted[0] and shape[3] == wanted[2] and wanted[1] in (None, shape[2])

    @property
    def num_traces(self) -> int:
        """How often TensorFlow has traced the graph; 1, or something is wrong."""
        return int(self._function.experimental_get_tracing_count())

    def _trace(self, signature: Any) -> Any:
        tf = self._tf
        (input_name,) = signature.structured_input_signature[1]
        (output_name,) = signature.structured_outputs
        canvases = tf.TensorSpec((None, *self._input_shape), tf.uint8)

        def run(batch: Any) -> Any:
            # Inside the graph, where it is said once and not with every call.
            with tf.device(self.device.tensorflow_name):
                return tf.identity(signature(**{input_name: batch})[output_name])

        # Without AutoGraph: there is nothing to rewrite, and it would leave a file behind.
        return tf.function(run, input_signature=[canvases], autograph=False)
