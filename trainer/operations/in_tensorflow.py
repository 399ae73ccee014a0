"""The operations of a graph in TensorFlow: to be converted from, and to be trained again."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import tensorflow as tf

from trainer.errors import TrainerError
from trainer.operations.graph import INPUT, Graph, Node

Tensors: TypeAlias = Mapping[str, Any]
HEAD = "head"  # the name scope of `Graph.head`


def run_graph(graph: Graph, canvases: Any, weights: Tensors | None = None) -> dict[str, Any]:
    """Every value of the graph.

    Args:
        graph: to run.
        canvases: tf.uint8 (n, 28, 28, 1).
        weights: variables or tensors in place of constants of these names.
    """
    values: dict[str, Any] = {**graph.constants, **(weights or {}), INPUT: canvases}
    head = graph.head
    for node in graph.nodes:
        inputs = [values[name] for name in node.inputs]
        with tf.name_scope(HEAD if node.output in head else "body"):
            values[node.output] = _run(graph, node, inputs)
    return values


def serving_function(graph: Graph, weights: Tensors | None = None) -> Any:
    """The graph as a `tf.function` from uint8 canvases, (n, 28, 28, 1) or as `graph` has them, to float32 logits."""
    shape = [None if size == -1 else size for size in graph.shapes[INPUT]]
    signature = [tf.TensorSpec(shape, tf.uint8, name=INPUT)]
    return tf.function(
        lambda canvases: run_graph(graph, canvases, weights)[graph.output], input_signature=signature, autograph=False
    )


def _run(graph: Graph, node: Node, inputs: list[Any]) -> Any:
    attributes = node.attributes
    if node.op in _SIMPLE:
        return _SIMPLE[node.op](*inputs)
    if node.op == "conv":
        value, kernel, bias = inputs
        return tf.nn.bias_add(tf.nn.conv2d(value, kernel, attributes["strides"], attributes["padding"]), bias)
    if node.op in ("max_pool", "average_pool"):
        pool = tf.nn.max_pool2d if node.op == "max_pool" else tf.nn.avg_pool2d
        return pool(inputs[0], attributes["size"], attributes["strides"], attributes["padding"])
    if node.op == "reshape":
        batch, *sizes = graph.shapes[node.output]
        # One size may be left open; where that is not the batch's, the batch is as large as it was.
        return tf.reshape(inputs[0], (tf.shape(inputs[0])[0] if -1 in sizes else batch, *sizes))
    if node.op == "concat":
        return tf.concat(inputs, attributes["axis"])
    if node.op == "slice":
        return inputs[0][..., attributes["begin"] : attributes["end"]]
    if node.op == "sum":
        return tf.reduce_sum(inputs[0], attributes["axis"], keepdims=len(graph.shapes[node.output]) > 1)
    if node.op == "one_hot":
        return tf.one_hot(inputs[0], attributes["depth"])
    raise TrainerError(f"There is no TensorFlow operation for {node.op!r}.")


_SIMPLE: dict[str, Callable[..., Any]] = {
    "add": tf.add,
    "sub": tf.subtract,
    "mul": tf.multiply,
    "minimum": tf.minimum,
    "relu": tf.nn.relu,
    "tanh": tf.tanh,
    "log_softmax": tf.nn.log_softmax,
    "cast": lambda value: tf.cast(value, tf.float32),
    "arg_max": lambda value: tf.argmax(value, axis=-1),
    "dense": lambda value, kernel, bias: tf.matmul(value, kernel) + bias,
}
