"""A network as a list of plain operations, read out of a TensorFlow function.

What is read here is brought down to operations that every runtime has, so one list serves for the graph that is
exported, with what can be computed beforehand computed, and for LiteRT, ONNX and pruning, which start from the exported
one: what is compressed is what was shipped.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from trainer.errors import TrainerError

Shape: TypeAlias = tuple[int, ...]
"""Of a value, the batch first as -1; the width of a line, which may be any, is -1 too."""

INPUT = "canvases"
# By TensorFlow's name. What is not in here has no counterpart in `onnx_file.py` and `in_tensorflow.py`.
_SAME_EVERYWHERE = {
    "Add": "add", "AddV2": "add", "BiasAdd": "add", "Sub": "sub", "Mul": "mul", "Minimum": "minimum", "Relu": "relu",
    "Tanh": "tanh", "Conv2D": "conv", "MatMul": "dense", "MaxPool": "max_pool", "AvgPool": "average_pool",
    "Reshape": "reshape", "ConcatV2": "concat", "LogSoftmax": "log_softmax", "StridedSlice": "slice",
    "ArgMax": "arg_max", "OneHot": "one_hot", "Sum": "sum", "Cast": "cast",
}  # fmt: skip
_MEANINGLESS = {"Identity", "NoOp"}


@dataclass(frozen=True, slots=True)
class Node:
    """One operation.

    Attributes:
        op: `conv` and `dense` take a value, a kernel and a bias; all others what their names say.
        inputs: names of values or constants.
        output: name of what it makes.
        attributes: `strides` and `padding` of conv; `strides`, `padding` and `size` of pools; `axis` of concat and
            sum; `begin` and `end`, along the last axis, of slice; `depth` of one_hot.
    """

    op: str
    inputs: tuple[str, ...]
    output: str
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Graph:
    """Operations in the order in which they can be run.

    Attributes:
        nodes: none of them makes what another one makes.
        constants: by name; float32. Kernels of conv are (height, width, channels in, channels out), of dense (in, out).
        shapes: of every value that a node makes, and of `INPUT`. Pictures are (-1, height, width, channels).
        output: name of the logits.
    """

    nodes: tuple[Node, ...]
    constants: Mapping[str, NDArray[np.float32]]
    shapes: Mapping[str, Shape]
    output: str

    @property
    def head(self) -> set[str]:
        """Values that no further layer with weights looks at: a few numbers to a canvas, and they decide."""
        seen: set[str] = set()  # by a layer with weights, directly or not
        for node in reversed(self.nodes):
            if node.op in ("conv", "dense") or node.output in seen:
                seen.update(node.inputs)
        return {node.output for node in self.nodes} - seen

    @property
    def num_weights(self) -> int:
        """Numbers in all kernels, biases and factors."""
        return sum(constant.size for constant in self.constants.values())

    @property
    def decided_by(self) -> list[str]:
        """Values that a decision inside the network is taken from: a rounding there may turn an answer."""
        return [node.inputs[0] for node in self.nodes if node.op == "arg_max"]


class UnknownOperation(TrainerError):
    """A network contains an operation that other runtimes do not have."""


def read_graph(folder: Path) -> Graph:
    """The network of a SavedModel.

    Args:
        folder: holds `saved_model.pb`, with one signature from uint8 canvases (n, 28, 28, 1) to float32 logits.

    Raises:
        UnknownOperation: it contains an operation that other runtimes do not have.
    """
    import tensorflow as tf

    loaded = tf.saved_model.load(str(folder))  # holds the variables that its signature looks at
    (signature,) = loaded.signatures.values()
    return graph_of(signature)


def graph_of(function: Any) -> Graph:
    """The network of a concrete function from uint8 canvases (n, 28, 28, 1) to float32 logits.

    Raises:
        UnknownOperation: as `read_graph`.
    """
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    frozen = convert_variables_to_constants_v2(function)
    (output,) = frozen.outputs
    (canvases,) = (one for one in frozen.inputs if one.dtype == tf.uint8)
    operations = frozen.graph.get_operations()
    varying = {canvases.op.name}
    for operation in operations:
        if any(tensor.op.name in varying for tensor in operation.inputs):
            varying.add(operation.name)
    with tf.compat.v1.Session(graph=frozen.graph) as session:
        reader = _Reader(varying, session, {canvases.name: INPUT}, {INPUT: _shape(canvases)})
        name = reader.value(output)
    return Graph(tuple(reader.nodes), reader.constants, reader.shapes, name)


def prepared(graph: Graph, nodes: Sequence[Node], constants: Mapping[str, NDArray[np.float32]]) -> Graph:
    """The graph with other nodes and constants, less what no one needs any more."""
    needed, kept = {graph.output}, []
    for node in reversed(nodes):
        if node.output in needed:
            needed.update(node.inputs)
            kept.append(node)
    return Graph(
        tuple(reversed(kept)),
        {name: value for name, value in constants.items() if name in needed},
        graph.shapes,
        graph.output,
    )


class _Reader:
    """Walks back from the output to the canvases; what does not depend on these is computed and kept as a constant."""

    def __init__(self, varying: set[str], session: Any, names: dict[str, str], shapes: dict[str, Shape]) -> None:
        self._varying = varying
        self._session = session
        self._names = names
        self.nodes: list[Node] = []
        self.constants: dict[str, NDArray[np.float32]] = {}
        self.shapes = shapes

    def value(self, tensor: Any) -> str:
        """Name of what a tensor becomes."""
        if tensor.name not in self._names:
            self._names[tensor.name] = self._read(tensor)
        return self._names[tensor.name]

    def _read(self, tensor: Any) -> str:
        operation = tensor.op
        if operation.name not in self._varying:
            return self._constant(tensor)
        if operation.type in _MEANINGLESS or _is_between_integers(operation):
            return self.value(operation.inputs[0])
        op = _SAME_EVERYWHERE.get(operation.type)
        if op is None:
            raise UnknownOperation(
                f"The network contains {operation.type} ({operation.name}), which is not among the operations that can "
                f"be written for other runtimes: {', '.join(sorted(_SAME_EVERYWHERE))}."
            )
        inputs = [self.value(one) for one in _meaningful_inputs(operation)]
        if op in ("add", "mul") and inputs[0] in self.constants:
            inputs.reverse()  # the constant second, wherever it stood
        if op in ("conv", "dense"):
            inputs.append(self._zeros(tensor.shape[-1]))
        name = f"{op}_{len(self.nodes)}"
        self.nodes.append(Node(op, tuple(inputs), name, self._attributes(op, operation)))
        self.shapes[name] = _shape(tensor)
        return name

    def _constant(self, tensor: Any) -> str:
        value = self._session.run(tensor)
        return self._keep(np.asarray(value, dtype=np.float32))

    def _zeros(self, num_channels: int) -> str:
        return self._keep(np.zeros(int(num_channels), np.float32))

    def _keep(self, value: NDArray[np.float32]) -> str:
        name = f"constant_{len(self.constants)}"
        self.constants[name] = value
        return name

    def _attributes(self, op: str, operation: Any) -> dict[str, Any]:
        if op in ("conv", "max_pool", "average_pool"):
            if operation.get_attr("data_format") != b"NHWC":
                raise TrainerError(f"{operation.name} keeps channels first; only channels last are read.")
            found = {
                "strides": tuple(operation.get_attr("strides")[1:3]),
                "padding": operation.get_attr("padding").decode(),
            }
            return found if op == "conv" else {**found, "size": tuple(operation.get_attr("ksize")[1:3])}
        if op == "concat":
            return {"axis": int(self._session.run(operation.inputs[-1]))}
        if op == "sum":
            return {"axis": int(np.ravel(self._session.run(operation.inputs[1]))[0])}
        if op == "one_hot":
            return {"depth": int(self._session.run(operation.inputs[1]))}
        if op == "slice":
            return self._slice(operation)
        return {}

    def _slice(self, operation: Any) -> dict[str, Any]:
        begin, end = (int(np.ravel(self._session.run(operation.inputs[index]))[-1]) for index in (1, 2))
        last, width = 1 << (len(operation.inputs[0].shape) - 1), int(operation.inputs[0].shape[-1])
        # `...` or `:` stands for every axis but the last one, in the masks of TensorFlow.
        begin = 0 if operation.get_attr("begin_mask") & last else begin
        end = width if operation.get_attr("end_mask") & last or end == 0 else end
        return {"begin": begin, "end": end}


def _meaningful_inputs(operation: Any) -> list[Any]:
    """Those that are values; the others become attributes."""
    inputs = list(operation.inputs)
    if operation.type in ("Reshape", "StridedSlice", "Sum", "OneHot"):
        return inputs[:1]
    if operation.type == "ConcatV2":
        return inputs[:-1]
    if operation.type == "ArgMax":
        # Keras tells -0.0 from 0.0 by their bits, with operations that no other runtime has; readings never need that.
        (source,) = inputs[:1]
        return [source.op.inputs[2] if source.op.type == "SelectV2" else source]
    return inputs


def _is_between_integers(operation: Any) -> bool:
    return operation.type == "Cast" and all(one.dtype.is_integer for one in (operation.inputs[0], operation.outputs[0]))


def _shape(tensor: Any) -> Shape:
    return tuple(-1 if size is None else int(size) for size in tensor.shape)
