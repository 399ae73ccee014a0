"""A digit network that LiteRT runs: on a processor, and in eight bits, three to five times as fast as TensorFlow."""

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
    """A `.tflite` file; every call comes from one and the same thread, which computes it without Python's lock.

    An interpreter is made for one batch size. So each size has its own, made when it is first asked for; they share
    the file's bytes.

    Args:
        path: the file, verified before.
        input_shape: of one canvas, (height, width, channels).
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
            self._interpreters[size] = _Interpreter(self._content, (size, *self._input_shape), self._num_threads)
        return self._interpreters[size]


class _Interpreter:
    """LiteRT's interpreter of one network for batches of one shape."""

    def __init__(self, content: bytes, shape: tuple[int | None, ...], num_threads: int) -> None:
        from ai_edge_litert.interpreter import Interpreter

        with without_chatter():
            self._interpreter: Any = Interpreter(model_content=content, num_threads=num_threads)
            (canvases,) = self._interpreter.get_input_details()
            self._interpreter.resize_tensor_input(canvases["index"], shape, strict=True)
            self._interpreter.allocate_tensors()
        (canvases,) = self._interpreter.get_input_details()
        (logits,) = self._interpreter.get_output_details()
        if canvases["dtype"] != np.uint8 or tuple(canvases["shape"]) != shape:
            raise ValueError(f"its input is {np.dtype(canvases['dtype']).name} {tuple(canvases['shape'])}")
        self._canvases: int = canvases["index"]
        self._logits: int = logits["index"]

    def run(self, canvases: Canvases) -> Logits:
        self._interpreter.set_tensor(self._canvases, canvases)
        self._interpreter.invoke()
        logits: Logits = self._interpreter.get_tensor(self._logits)  # a copy
        return logits
