"""An exported network, ready to be called by TensorFlow."""

from pathlib import Path
from typing import Protocol

from service.recognition.errors import InvalidModel
from service.recognition.manifest import InputShape
from service.recognition.probability import Logits
from service.runtime.device import CPU, Device, import_tensorflow
from service.runtime.graph_function import GraphFunction
from service.runtime.graph_session import GraphSession
from service.runtime.network import Canvases, check_canvases


class Graph(Protocol):
    """A network as TensorFlow runs it; `GraphSession` and `GraphFunction` are two ways."""

    @property
    def num_traces(self) -> int:
        """How often the graph has been traced."""

    def run(self, canvases: Canvases) -> Logits:
        """Canvases to logits."""


class SavedModel:
    """A SavedModel on the process's device; every call comes from one and the same thread.

    Args:
        folder: holds `saved_model.pb`. A SavedModel is a program: its files have been verified before.
        input_shape: of one canvas, (height, width, channels); the width is None where any will do.
        device: where its weights lie and it runs.

    Raises:
        InvalidModel: TensorFlow cannot load it, or it does not take such canvases.
    """

    def __init__(self, folder: Path, *, input_shape: InputShape, device: Device = CPU) -> None:
        tf = import_tensorflow()
        self.device = device
        self._input_shape = input_shape
        try:
            self._graph: Graph = (
                GraphSession(folder, input_shape=input_shape, num_threads=device.num_threads)
                if device.is_cpu
                else GraphFunction(folder, input_shape=input_shape, device=device)
            )
        except (OSError, ValueError, TypeError, KeyError, RuntimeError, tf.errors.OpError) as error:
            raise InvalidModel(
                f"{folder / 'saved_model.pb'} cannot be loaded with input uint8 {(None, *input_shape)}: {error}"
            ) from error

    def logits(self, canvases: Canvases) -> Logits:
        """See `Network.logits`."""
        check_canvases(canvases, self._input_shape)
        return self._graph.run(canvases)

    @property
    def num_traces(self) -> int:
        """How often TensorFlow has traced the graph; 1, or something is wrong."""
        return self._graph.num_traces
