"""A reader as plain operations, its batch normalizations worked into its convolutions for lines of any width.

Normalization stands after the ReLU, and what `trainer.operations.folding` says of its factor holds here: it goes back
through the ReLU into the convolution before. Its shift goes on into the next convolution, but beyond the edge of a map
is 0, not the shift, so what the shift adds there depends on the place; and a line has no fixed width for which that
could be computed beforehand. So every map carries one channel more, which is the same everywhere on the map, and is
padded as all channels are. In the kernel of the next convolution, that channel stands for the shifts of all others:

    conv(pad(z + shift), K) = conv(pad(z), K) + conv(pad(1), sum over channels of shift * K)

Maps are two-dimensional from end to end: layers along the line become convolutions over a map of one row.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from service.recognition.alphabet import NUM_CLASSES
from trainer.operations.graph import INPUT, Graph, Node, Shape, UnknownOperation

CARRIER = 10.0  # of the channel that carries the shifts: as large as others get, so that eight bits round it as little

Kernel = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Map:
    """What stands for one of Keras' tensors, which is `scale * (value + shift)`.

    Attributes:
        value: its name in the graph; (-1, rows, -1, channels), the carrier last where there is one.
        rows: how many there are; Keras may have laid them into its channels.
        shift: float64 (channels,), the carrier not among them.
        carrier: what stands everywhere in the last channel; 0 where there is no such channel.
        scale: of a picture's values.
    """

    value: str
    rows: int
    shift: NDArray[np.float64]
    carrier: float = 0.0
    scale: float = 1.0


def folded_reader(reader: keras.Model) -> Graph:
    """The operations of a reader with a single head.

    Returns:
        A graph from uint8 canvases (n, 32, width, 1) to float32 logits (n, width / 2, 12).

    Raises:
        UnknownOperation: it has a layer that cannot be worked in, such as a recurrent one.
    """
    return _Folder(reader).graph()


class _Folder:
    def __init__(self, reader: keras.Model) -> None:
        self._reader = reader
        self._nodes: list[Node] = []
        self._constants: dict[str, NDArray[np.float32]] = {}
        self._shapes: dict[str, Shape] = {}
        self._maps: dict[int, _Map] = {}  # by the identity of Keras' tensor

    def graph(self) -> Graph:
        for layer in self._reader.layers:
            fold = _FOLDS.get(type(layer))
            if fold is None:
                raise UnknownOperation(f"A {type(layer).__name__} ({layer.name}) cannot be written in eight bits.")
            self._maps[id(layer.output)] = fold(self, layer)
        (output,) = self._reader.outputs
        return Graph(tuple(self._nodes), self._constants, self._shapes, self._maps[id(output)].value)

    def input(self, layer: Any) -> _Map:
        _, rows, _, channels = layer.output.shape
        self._shapes[INPUT] = (-1, rows, -1, channels)
        return _Map(self._add("cast", (INPUT,), rows, channels), rows, np.zeros(channels))

    def rescaling(self, layer: Any) -> _Map:
        return replace(self._of(layer.input), scale=float(layer.scale))

    def along(self, layer: Any) -> _Map:
        """A convolution along a map of one row."""
        return self._convolve(layer, _array(layer.kernel)[np.newaxis], layer.padding.upper())

    def over(self, layer: Any) -> _Map:
        return self._convolve(layer, _array(layer.kernel), layer.padding.upper())

    def dense(self, layer: Any) -> _Map:
        """A layer that looks at the whole height: no padding is needed."""
        before = self._of(layer.input)
        kernel = _array(layer.kernel)
        return self._convolve(layer, kernel.reshape(before.rows, 1, -1, kernel.shape[-1]), "VALID")

    def pool(self, layer: Any) -> _Map:
        before = self._of(layer.input)
        height, width = layer.pool_size
        attributes = {"size": (height, width), "strides": (height, width), "padding": layer.padding.upper()}
        rows, channels = before.rows // height, self._shapes[before.value][-1]
        return replace(before, value=self._add("max_pool", (before.value,), rows, channels, attributes), rows=rows)

    def add(self, layer: Any) -> _Map:
        one, other = (self._of(tensor) for tensor in layer.input)
        value = self._add("add", (one.value, other.value), one.rows, self._shapes[one.value][-1])
        return _Map(value, one.rows, one.shift + other.shift, one.carrier + other.carrier)

    def reshape(self, layer: Any) -> _Map:
        before = self._of(layer.input)
        if layer.target_shape[-1] != NUM_CLASSES:
            return before  # rows laid into the channels, for the dense layer that comes next
        name = f"reshape_{len(self._nodes)}"
        self._nodes.append(Node("reshape", (before.value,), name))
        self._shapes[name] = (-1, -1, NUM_CLASSES)
        return replace(before, value=name)

    def same(self, layer: Any) -> _Map:
        """What changes nothing, or has been worked into the layer before."""
        return self._of(layer.input)

    def _of(self, tensor: Any) -> _Map:
        return self._maps[id(tensor)]

    def _convolve(self, layer: Any, kernel: Kernel, padding: str) -> _Map:
        """A layer with weights, the ReLU after it and the normalization after that."""
        before = self._of(layer.input)
        of_shift = np.einsum("hwio,i->hwo", kernel, before.shift)
        kernel, bias = kernel * before.scale, _array(layer.bias)
        if before.carrier:
            carried = np.zeros_like(of_shift) if padding == "VALID" else of_shift / before.carrier
            kernel = np.concatenate([kernel, carried[:, :, np.newaxis]], axis=2)
        if padding == "VALID":
            bias = bias + of_shift.sum(axis=(0, 1))
        rows = before.rows - kernel.shape[0] + 1 if padding == "VALID" else before.rows
        if layer.activation is keras.activations.linear:
            return _Map(self._add_convolution(before.value, kernel, bias, padding, rows), rows, np.zeros(len(bias)))
        if layer.activation is not keras.activations.relu:
            raise UnknownOperation(f"{layer.name} has an activation that cannot be written in eight bits.")
        factor, shift = self._normalization_after(layer, len(bias))
        if (factor <= 0).any():
            raise UnknownOperation(
                f"The normalization after {layer.name} turns a channel around, which no ReLU lets by."
            )
        kernel, bias = kernel * factor, bias * factor
        kernel = np.concatenate([kernel, np.zeros((*kernel.shape[:3], 1))], axis=3)
        convolved = self._add_convolution(before.value, kernel, np.append(bias, CARRIER), padding, rows)
        return _Map(self._add("relu", (convolved,), rows, len(bias) + 1), rows, shift, CARRIER)

    def _normalization_after(self, layer: Any, num_channels: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Factor and shift, float64 (channels,) each; 1 and 0 where there is none."""
        consumers = [one for one in self._reader.layers if any(tensor is layer.output for tensor in _inputs(one))]
        if len(consumers) != 1 or not isinstance(consumers[0], keras.layers.BatchNormalization):
            return np.ones(num_channels), np.zeros(num_channels)
        (norm,) = consumers
        factor = _array(norm.gamma) / np.sqrt(_array(norm.moving_variance) + norm.epsilon)
        return factor, _array(norm.beta) - _array(norm.moving_mean) * factor

    def _add_convolution(self, value: str, kernel: Kernel, bias: NDArray[np.float64], padding: str, rows: int) -> str:
        names = f"kernel_{len(self._nodes)}", f"bias_{len(self._nodes)}"
        self._constants[names[0]], self._constants[names[1]] = kernel.astype(np.float32), bias.astype(np.float32)
        return self._add("conv", (value, *names), rows, len(bias), {"strides": (1, 1), "padding": padding})

    def _add(
        self, op: str, inputs: tuple[str, ...], rows: int, channels: int, attributes: dict[str, Any] | None = None
    ) -> str:
        name = f"{op}_{len(self._nodes)}"
        self._nodes.append(Node(op, inputs, name, attributes or {}))
        self._shapes[name] = (-1, rows, -1, channels)
        return name


_FOLDS: dict[type, Callable[[_Folder, Any], _Map]] = {
    keras.layers.InputLayer: _Folder.input,
    keras.layers.Rescaling: _Folder.rescaling,
    keras.layers.Conv2D: _Folder.over,
    keras.layers.Conv1D: _Folder.along,
    keras.layers.Dense: _Folder.dense,
    keras.layers.MaxPooling2D: _Folder.pool,
    keras.layers.Add: _Folder.add,
    keras.layers.Reshape: _Folder.reshape,
    keras.layers.BatchNormalization: _Folder.same,
    keras.layers.Permute: _Folder.same,  # rows behind columns, to be laid into the channels
    keras.layers.Dropout: _Folder.same,
    keras.layers.Activation: _Folder.same,  # linear, to change the dtype
}


def _inputs(layer: Any) -> list[Any]:
    if isinstance(layer, keras.layers.InputLayer):
        return []
    return layer.input if isinstance(layer.input, list) else [layer.input]


def _array(variable: Any) -> NDArray[np.float64]:
    return np.asarray(keras.ops.convert_to_numpy(variable), np.float64)
