"""A network that LiteRT runs: on a processor, and in eight bits, three to five times as fast as TensorFlow."""

from pathlib import Path
from typing import Any

import numpy as np

from service.recognition.errors import InvalidModel
from service.recognition.manifest import InputShape
from service.recognition.probability import Logits
from service.runtime.chatter import without_chatter
from service.runtime.device import CPU, Device
from service.runtime.network import Canvases, check_canvases

INT8_FILE = "int8.tflite"
_LARGEST_BATCH = 64  # more do not get faster, and memory is held for each size


class LiteRtNetwork:
    """A `.tflite` file; calls come one at a time, from whatever thread, and are computed without Python's lock.

    An interpreter is laid out for one shape of batch. So each batch size has its own, made when it is first asked for;
    they share the file's bytes. Canvases of another width are laid out anew, which takes a twentieth of what they take
    to compute: an interpreter for every width as well would hold a gigabyte.

    Args:
        path: the file, verified before.
        input_shape: of one canvas, (height, width, channels); the width is None where any will do.
        num_threads: that compute one batch.

    Raises:
        InvalidModel: LiteRT cannot load it, or it does not take such canvases.
    """

    device: Device = CPU
    num_traces = 1  # nothing is ever traced: the operations are in the file

    def __init__(self, path: Path, *, input_shape: InputShape, num_threads: int = 1) -> None:
        self._input_shape = input_shape
        self._num_threads = num_threads
        self._interpreters: dict[int, _Interpreter] = {}
        try:
            self._content = path.read_bytes()
            self._interpreter_for(1)
        except (OSError, ValueError, RuntimeError) as error:
            raise InvalidModel(f"{path} cannot be loaded with input uint8 {(None, *input_shape)}: {error}") from error

    def logits(self, canvases: Canvases) -> Logits:
        """See `Network.logits`."""
        check_canvases(canvases, self._input_shape)
        starts = range(0, len(canvases), _LARGEST_BATCH)
        batches = [canvases[start : start + _LARGEST_BATCH] for start in starts]
        logits = [self._interpreter_for(len(batch)).run(batch) for batch in batches]
        return logits[0] if len(logits) == 1 else np.concatenate(logits)

    def _interpreter_for(self, size: int) -> "_Interpreter":
        if size not in self._interpreters:
            self._interpreters[size] = _Interpreter(self._content, self._input_shape, self._num_threads)
        return self._interpreters[size]


class _Interpreter:
    """LiteRT's interpreter of one network, laid out for the shape of the batch that it has last computed."""

    def __init__(self, content: bytes, input_shape: InputShape, num_threads: int) -> None:
        from ai_edge_litert.interpreter import Interpreter

        with without_chatter():
            self._interpreter: Any = Interpreter(model_content=content, num_threads=num_threads)
            self._interpreter.allocate_tensors()
        (canvases,) = self._interpreter.get_input_details()
        (logits,) = self._interpreter.get_output_details()
        taken = tuple(None if size == -1 else int(size) for size in canvases["shape_signature"])
        if canvases["dtype"] != np.uint8 or taken != (None, *input_shape):
            raise ValueError(f"its input is {np.dtype(canvases['dtype']).name} {taken}")
        self._canvases: int = canvases["index"]
        self._logits: int = logits["index"]
        self._shape: tuple[int, ...] | None = None

    def run(self, canvases: Canvases) -> Logits:
        if canvases.shape != self._shape:
            self._interpreter.resize_tensor_input(self._canvases, canvases.shape, strict=True)
            self._interpreter.allocate_tensors()
            self._shape = canvases.shape
        self._interpreter.set_tensor(self._canvases, canvases)
        self._interpreter.invoke()
        logits: Logits = self._interpreter.get_tensor(self._logits)  # a copy
        return logits
