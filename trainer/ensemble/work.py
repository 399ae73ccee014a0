"""How much a network computes for a picture."""

from pathlib import Path

from service.runtime.graph_session import SIGNATURE
from trainer.architectures.registry import CANVAS_SHAPE


def float_operations(folder: Path) -> int:
    """Additions and multiplications of a SavedModel for one canvas, uint8 (28, 28, 1), as TensorFlow's profiler counts.

    They are the same on every machine and in every hour, which times are not. Times differ somewhat more between two
    networks than their operations do.
    """
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    loaded = tf.saved_model.load(str(folder))
    signature = loaded.signatures[SIGNATURE]
    (input_name,) = signature.structured_input_signature[1]
    one_canvas = tf.TensorSpec((1, *CANVAS_SHAPE), tf.uint8)
    function = tf.function(lambda canvas: signature(**{input_name: canvas}), input_signature=[one_canvas])
    # Made constants, because that lays all functions open for the profiler to look into.
    graph = convert_variables_to_constants_v2(function.get_concrete_function()).graph
    profiler = tf.compat.v1.profiler
    options = profiler.ProfileOptionBuilder(profiler.ProfileOptionBuilder.float_operation()).with_empty_output().build()
    return int(profiler.profile(graph, options=options).total_float_ops)
