"""A graph as a `.tflite` file, which LiteRT runs: on the service's processor, on phones and on small computers.

Source: Jacob et al. 2018, "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only
Inference", arXiv 1712.05877.
"""

import warnings
from collections.abc import Collection
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from trainer.operations.graph import Graph
from trainer.operations.in_tensorflow import HEAD, serving_function


def to_litert(graph: Graph, *, representative: Collection[NDArray[np.uint8]] | None = None) -> bytes:
    """The bytes of a `.tflite` file: uint8 canvases in, (n, 28, 28, 1) or as `graph` has them, float32 logits out.

    Args:
        graph: what to write.
        representative: uint8 (28, 28, 1) each, or as `graph` has them, to measure the range of every map with; then
            weights and maps are int8, but for `Graph.head`, which stays float32.
    """
    converter = _converter(graph)
    if representative is None:
        return bytes(converter.convert())
    float_file = converter.convert()
    interpreter = _interpreter(float_file)
    names = [detail["name"] for detail in interpreter.get_tensor_details()]
    # What the signature gives back is called Identity, whatever made it.
    head = [name for name in names if HEAD in name or name.startswith("Identity")]
    converter = _converter(graph)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([canvas[np.newaxis]] for canvas in representative)
    with warnings.catch_warnings():
        # It warns of statistics that are measured here, and of an interpreter that it uses itself.
        warnings.simplefilter("ignore", UserWarning)
        # The converter has no option to leave operations out; its debugger has.
        debugger = tf.lite.experimental.QuantizationDebugger(
            converter=converter,
            debug_dataset=converter.representative_dataset,
            debug_options=tf.lite.experimental.QuantizationDebugOptions(denylisted_nodes=head),
        )
        return bytes(debugger.get_nondebug_quantized_model())


def _converter(graph: Graph) -> tf.lite.TFLiteConverter:
    function = serving_function(graph)
    return tf.lite.TFLiteConverter.from_concrete_functions([function.get_concrete_function()], function)


def _interpreter(content: bytes) -> Any:
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=content, num_threads=1)
    interpreter.allocate_tensors()
    return interpreter
