"""An exported network as a session of TensorFlow's: how it is called on the processor.

A function of TensorFlow 2 is handed to threads of TensorFlow's own and waited for, two changes of thread with every
call, and hands over each of the network's variables in Python, which holds the lock that the event loop needs. A
session told to use no thread but the caller's computes right there, without the lock: for one canvas that halves the
time (docs/benchmarks.md). It is the older interface, and a smaller one; sessions cannot trace anything.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.recognition.manifest import InputShape

SIGNATURE = "serving_default"
CALLERS_THREAD = -1
"""Number of threads between operations that stands for the caller's own (TensorFlow's config.proto)."""


class GraphSession:
    """Runs the graph as it was exported, on the thread that asks.

    Args:
        folder: of the SavedModel.
        input_shape: of one canvas, (height, width, channels); the width is None where any will do.
        num_threads: that compute one operation; 0 leaves it to TensorFlow, which takes one per core.

    Raises:
        OSError, ValueError, KeyError, RuntimeError, tf.errors.OpError: it cannot be loaded, or takes other canvases.
    """

    num_traces = 1  # the one that was exported

    def __init__(self, folder: Path, *, input_shape: InputShape, num_threads: int = 0) -> None:
        import tensorflow as tf

        graph = tf.Graph()
        config = tf.compat.v1.ConfigProto(
            device_count={"GPU": 0},
            intra_op_parallelism_threads=num_threads,
            inter_op_parallelism_threads=CALLERS_THREAD,
        )
        with graph.as_default(), _without_notice(tf):
            session = tf.compat.v1.Session(graph=graph, config=config)
            exported = tf.compat.v1.saved_model.load(session, [tf.saved_model.SERVING], str(folder))
        signature = exported.signature_def[SIGNATURE]
        (canvases,), (logits,) = signature.inputs.values(), signature.outputs.values()
        _check(canvases, input_shape, tf)
        self._session = session  # or it would be closed
        self._run: Callable[[NDArray[np.uint8]], NDArray[np.float32]] = session.make_callable(
            logits.name, feed_list=[canvases.name]
        )

    def run(self, canvases: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Run the network; see `Network.logits`."""
        return self._run(canvases)


def _check(canvases: Any, input_shape: InputShape, tf: Any) -> None:
    """Compare what a signature takes with what it is to be given, since a graph would only notice when it runs.

    Raises:
        ValueError: it takes another dtype or another shape.
    """
    takes = tf.TensorShape(canvases.tensor_shape)
    if canvases.dtype != tf.uint8.as_datatype_enum or not takes.is_compatible_with((None, *input_shape)):
        raise ValueError(f"its input is {tf.as_dtype(canvases.dtype).name} {takes}")


@contextmanager
def _without_notice(tf: Any) -> Iterator[None]:
    """Keep the notice that the older interface is old out of the log."""
    logger = tf.get_logger()
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)
