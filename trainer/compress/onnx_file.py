"""A graph as an `.onnx` file, which ONNX Runtime and many others run.

ONNX keeps channels before rows and columns. A picture is turned once, at the first convolution, and turned back only
where it is flattened.
"""

import logging
from collections.abc import Iterator
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from service.recognition.probability import Logits
from trainer.errors import TrainerError
from trainer.operations.graph import INPUT, Graph, Node

OUTPUT = "logits"
_OPSET = 17
_IR_VERSION = 8  # of 2021, with that opset: runtimes that are some years old read it
_BATCH = "n"
_SIMPLE = {
    "add": "Add", "sub": "Sub", "mul": "Mul", "minimum": "Min", "relu": "Relu", "tanh": "Tanh", "dense": "Gemm",
}  # fmt: skip
_KEEPS_LAYOUT = {"add", "sub", "mul", "minimum", "relu", "tanh", "conv", "max_pool", "average_pool"}


def to_onnx(graph: Graph, *, name: str) -> onnx.ModelProto:
    """The graph as an ONNX model: uint8 canvases (n, 28, 28, 1) in, float32 logits out.

    Args:
        graph: what to write.
        name: of the model.

    Raises:
        TrainerError: it contains an operation that has no counterpart.
    """
    writer = _Writer(graph)
    for node in graph.nodes:
        writer.write(node)
    writer.add("Identity", [writer.value(graph.output)], OUTPUT)
    made = helper.make_graph(
        writer.nodes,
        name,
        [helper.make_tensor_value_info(INPUT, TensorProto.UINT8, [_BATCH, *graph.shapes[INPUT][1:]])],
        [helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, [_BATCH, *graph.shapes[graph.output][1:]])],
        writer.initializers,
    )
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR_VERSION)
    model = onnx.shape_inference.infer_shapes(model, strict_mode=True)
    onnx.checker.check_model(model)
    return model


def quantize(source: Path, target: Path, representative: NDArray[np.uint8], *, head: set[str]) -> None:
    """Write an int8 version of an `.onnx` file: weights and maps of convolutions and dense layers, all else in float32.

    Args:
        source: from `to_onnx`.
        head: of the graph; stays float32.
        target: to be written.
        representative: uint8 (m, 28, 28, 1), to measure the range of every map with.
    """
    from onnxruntime.quantization import CalibrationDataReader, QuantType, quantize_static

    class Canvases(CalibrationDataReader):
        """The representative canvases, one after another."""

        def __init__(self) -> None:
            self._rest: Iterator[dict[str, NDArray[np.uint8]]] = (
                {INPUT: representative[start : start + 100]} for start in range(0, len(representative), 100)
            )

        def get_next(self) -> dict[str, NDArray[np.uint8]] | None:
            return next(self._rest, None)

    logging.disable(logging.WARNING)  # it recommends a preparation that does nothing here: shapes are known
    try:
        quantize_static(
            source,
            target,
            Canvases(),
            op_types_to_quantize=["Conv", "Gemm"],
            nodes_to_exclude=sorted(head),  # nodes are named as what they make
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
        )
    finally:
        logging.disable(logging.NOTSET)


class OnnxNetwork:
    """An `.onnx` file that scores canvases, on one core."""

    def __init__(self, path: Path) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])

    def logits(self, canvases: NDArray[np.uint8]) -> Logits:
        """uint8 (n, 28, 28, 1) to float32 (n, num_classes)."""
        (logits,) = self._session.run([OUTPUT], {INPUT: canvases})
        return logits


class _Writer:
    """Collects ONNX nodes, and knows of every value whether its channels come first."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._is_turned: dict[str, bool] = {}  # channels first
        self._known: set[str] = set()
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []

    def write(self, node: Node) -> None:
        """Write one operation of the graph."""
        pictures = [name for name in node.inputs if self._is_picture(name)]
        turned = node.op in ("conv", "max_pool", "average_pool") or (
            node.op in _KEEPS_LAYOUT and any(self._is_turned.get(name, False) for name in pictures)
        )
        self._is_turned[node.output] = turned
        inputs = [self._input(name, node, is_turned=turned) for name in node.inputs]
        if node.op in _SIMPLE:
            self.add(_SIMPLE[node.op], inputs, node.output)
        elif node.op == "conv":
            self.add("Conv", inputs, node.output, strides=node.attributes["strides"], pads=self._pads(node))
        elif node.op in ("max_pool", "average_pool"):
            kind = "MaxPool" if node.op == "max_pool" else "AveragePool"
            strides, size = node.attributes["strides"], node.attributes["size"]
            self.add(kind, inputs, node.output, kernel_shape=size, strides=strides, pads=self._pads(node))
        elif node.op == "cast":
            self.add("Cast", inputs, node.output, to=TensorProto.FLOAT)
        elif node.op == "reshape":
            shape = self._integers(f"shape_of_{node.output}", self._graph.shapes[node.output])
            self.add("Reshape", [*inputs, shape], node.output)
        elif node.op == "concat":
            self.add("Concat", inputs, node.output, axis=node.attributes["axis"])
        elif node.op == "log_softmax":
            self.add("LogSoftmax", inputs, node.output, axis=-1)
        elif node.op == "slice":
            begin, end = node.attributes["begin"], node.attributes["end"]
            bounds = [self._integers(f"{node.output}_{key}", [n]) for key, n in (("from", begin), ("to", end))]
            self.add("Slice", [*inputs, *bounds, self._integers("last_axis", [-1])], node.output)
        elif node.op == "sum":
            keeps = int(len(self._graph.shapes[node.output]) > 1)
            axes = self._integers(f"axes_of_{node.output}", [node.attributes["axis"]])
            self.add("ReduceSum", [*inputs, axes], node.output, keepdims=keeps)
        elif node.op == "arg_max":
            self.add("ArgMax", inputs, node.output, axis=-1, keepdims=0)
        elif node.op == "one_hot":
            depth = self._integers(f"depth_of_{node.output}", [node.attributes["depth"]])
            off_on = self._constant("off_and_on", np.array([0, 1], np.float32))
            self.add("OneHot", [*inputs, depth, off_on], node.output, axis=-1)
        else:
            raise TrainerError(f"There is no ONNX operation for {node.op!r}.")

    def add(self, op: str, inputs: list[str], output: str, **attributes: Any) -> str:
        """Add an ONNX node; returns its output."""
        self.nodes.append(helper.make_node(op, inputs, [output], name=output, **attributes))
        return output

    def value(self, name: str) -> str:
        """Name of a value with its channels last."""
        return self._laid_out(name, is_turned=False)

    def _input(self, name: str, node: Node, *, is_turned: bool) -> str:
        constants = self._graph.constants
        if name not in constants:
            return self._laid_out(name, is_turned=is_turned)
        constant = constants[name]
        if node.op == "conv":
            # (height, width, in, out) -> (out, in, height, width)
            return self._constant(name, constant.transpose(3, 2, 0, 1) if constant.ndim == 4 else constant)
        if is_turned and constant.size > 1:
            # (height, width, channels) or (channels,) -> (channels, height, width) or (channels, 1, 1)
            picture = constant.reshape((1,) * (3 - constant.ndim) + constant.shape[-3:])
            return self._constant(f"{name}_turned", picture.transpose(2, 0, 1))
        return self._constant(name, constant)

    def _laid_out(self, name: str, *, is_turned: bool) -> str:
        if not self._is_picture(name) or self._is_turned.get(name, False) == is_turned:
            return name
        other = f"{name}_{'channels_first' if is_turned else 'channels_last'}"
        if other not in self._known:
            self._known.add(other)
            self.add("Transpose", [name], other, perm=[0, 3, 1, 2] if is_turned else [0, 2, 3, 1])
        return other

    def _is_picture(self, name: str) -> bool:
        return name not in self._graph.constants and len(self._graph.shapes[name]) == 4

    def _pads(self, node: Node) -> list[int]:
        """Rows and columns of padding: at the top and the left, then at the bottom and the right."""
        if node.attributes["padding"] == "VALID":
            return [0, 0, 0, 0]
        sides = self._graph.shapes[node.inputs[0]][1:3]
        size = node.attributes.get("size") or self._graph.constants[node.inputs[1]].shape[:2]
        both = [
            max(0, (ceil(side / stride) - 1) * stride + extent - side)
            for side, extent, stride in zip(sides, size, node.attributes["strides"], strict=True)
        ]
        # As TensorFlow does: the odd one goes to the bottom and the right.
        return [*(pad // 2 for pad in both), *(pad - pad // 2 for pad in both)]

    def _integers(self, name: str, values: Any) -> str:
        return self._constant(name, np.array(values, np.int64))

    def _constant(self, name: str, value: NDArray[Any]) -> str:
        if name not in self._known:
            self._known.add(name)
            self.initializers.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name
