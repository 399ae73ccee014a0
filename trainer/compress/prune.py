"""A network with most of its weights zero, taught to answer as it did before.

The smallest weights of every layer are set to zero, a few more after every few steps, while the others learn to make up
for them. They learn from the network's own answers to bent digits and to pieces and heaps of digits, so that what it
thinks of things that are no digits is kept as well, and no labels are needed.

Sources: Zhu and Gupta 2017, "To prune, or not to prune", arXiv 1710.01878 (the schedule); Hinton, Vinyals and Dean
2015, "Distilling the Knowledge in a Neural Network", arXiv 1503.02531; Beyer et al. 2022, "Knowledge distillation: A
good teacher is patient and consistent", arXiv 2106.05237 (both look at the same bent canvas).
"""

import math
import sys
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from trainer.augment import augment
from trainer.config import Augmentation
from trainer.data.digits import Digits
from trainer.operations.graph import Graph
from trainer.operations.in_tensorflow import run_graph

LEAST_WEIGHTS = 1_000  # in a kernel; in smaller ones there is nothing to gain
_RAMP_SHARE = 0.6  # of the steps, in which weights are taken away; in the rest they recover
_STEPS_BETWEEN = 10
_TEMPERATURE = 3.0  # of the answers that are compared, so that the unlikely classes count too
_PIECES_SHARE = 0.25  # of a batch that is no single digit

BENDING = Augmentation(
    rotation_deg=12, zoom=0.12, shift=0.06, shear=0.12, thickness_chance=0.25, bold_chance=0.1, resolution_chance=0.15
)


@dataclass(frozen=True, slots=True)
class PruneOptions:
    """How far, and how long it may take.

    Attributes:
        sparsity: share of the weights of every large kernel that becomes zero, 0 to 1.
        num_steps: batches that are learned from.
        learning_rate: at the start; down to zero along a cosine.
        seed: of order, bending and pieces.
    """

    sparsity: float = 0.7
    num_steps: int = 200
    batch_size: int = 256
    learning_rate: float = 1e-3
    seed: int = 11


def pruned(graph: Graph, digits: Digits, options: PruneOptions) -> Graph:
    """The graph with sparse kernels.

    Args:
        graph: from `folded`.
        digits: to learn from; their labels are not looked at.
        options: how far.
    """
    keras.utils.set_random_seed(options.seed)
    layer = _Trainable(graph)
    canvases = keras.Input(graph.shapes["canvases"][1:], dtype="uint8")
    student = keras.Model(canvases, layer(canvases))
    widths = [graph.shapes[name][-1] for name in _answers(graph)]
    student.compile(
        optimizer=keras.optimizers.Adam(
            keras.optimizers.schedules.CosineDecay(options.learning_rate, options.num_steps), clipnorm=1.0
        ),
        loss=lambda wanted, given: _distance(wanted, given, widths),
        jit_compile=False,
    )
    student.fit(
        _Lessons(graph, digits, options),
        epochs=1,
        shuffle=False,
        callbacks=[KeepZero(layer.kernels, options)],
        verbose=1 if sys.stdout.isatty() else 2,
    )
    learned = {name: np.asarray(variable.value) for name, variable in layer.variables_by_name.items()}
    return replace(graph, constants={**graph.constants, **learned})


def sparsity_of(graph: Graph) -> float:
    """Share of all weights that are zero."""
    return sum(int((constant == 0).sum()) for constant in graph.constants.values()) / graph.num_weights


def sparsity_at(step: int, options: PruneOptions) -> float:
    """Share of weights that are zero after a step: rising to `sparsity` along a cubic, first fast, then slowly."""
    progress = min(1.0, (step + 1) / max(1.0, _RAMP_SHARE * options.num_steps))
    return options.sparsity * (1 - (1 - progress) ** 3)


def mask_of(kernel: NDArray[np.float32], sparsity: float) -> NDArray[np.float32]:
    """1 for the largest weights of a kernel, 0 for this share of smallest ones; float32 of its shape."""
    num_zero = math.floor(sparsity * kernel.size)
    mask = np.ones(kernel.size, np.float32)
    mask[np.argsort(np.abs(kernel), axis=None, kind="stable")[:num_zero]] = 0
    return mask.reshape(kernel.shape)


class KeepZero(keras.callbacks.Callback):
    """Chooses what becomes zero, and sets it back to zero after every step."""

    def __init__(self, kernels: list[keras.Variable], options: PruneOptions) -> None:
        super().__init__()
        self._kernels = kernels
        self._options = options
        self._masks: list[Any] = []

    def on_train_batch_begin(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Every few steps, and before the last stretch, a few more."""
        if batch % _STEPS_BETWEEN == 0 or not self._masks:
            sparsity = sparsity_at(batch, self._options)
            self._masks = [mask_of(np.asarray(kernel.value), sparsity) for kernel in self._kernels]
            self._apply()

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """What the optimizer has moved from zero goes back."""
        self._apply()

    def on_train_end(self, logs: dict[str, float] | None = None) -> None:
        """The full sparsity, also after so few steps that it was not reached on the way."""
        self._masks = [mask_of(np.asarray(kernel.value), self._options.sparsity) for kernel in self._kernels]
        self._apply()

    def _apply(self) -> None:
        for kernel, mask in zip(self._kernels, self._masks, strict=True):
            kernel.assign(kernel.value * mask)


class _Trainable(keras.layers.Layer):
    """The graph with its kernels and biases as variables; its output is `_answers` side by side."""

    def __init__(self, graph: Graph) -> None:
        super().__init__()
        self._graph = graph
        self.variables_by_name: dict[str, keras.Variable] = {}
        self.kernels: list[keras.Variable] = []
        for node in graph.nodes:
            if node.op not in ("conv", "dense"):
                continue
            for name in node.inputs[1:]:
                value = graph.constants[name]
                variable = self.add_weight(shape=value.shape, initializer="zeros", name=name)
                variable.assign(value)
                self.variables_by_name[name] = variable
                if value.ndim > 1 and value.size >= LEAST_WEIGHTS:
                    self.kernels.append(variable)

    def call(self, canvases: Any) -> Any:
        """uint8 (n, 28, 28, 1) to float32 (n, sum of the widths of the answers)."""
        weights = {name: variable.value for name, variable in self.variables_by_name.items()}
        values = run_graph(self._graph, canvases, weights)
        return tf.concat([values[name] for name in _answers(self._graph)], axis=-1)


class _Lessons(keras.utils.PyDataset):
    """Canvases with what the network answered to them before it was pruned."""

    def __init__(self, graph: Graph, digits: Digits, options: PruneOptions) -> None:
        super().__init__()
        self._digits = digits
        self._options = options
        self._teach = tf.function(
            lambda canvases: tf.concat([run_graph(graph, canvases)[name] for name in _answers(graph)], axis=-1),
            input_signature=[tf.TensorSpec((None, *graph.shapes["canvases"][1:]), tf.uint8)],
            autograph=False,
        )

    def __len__(self) -> int:
        return self._options.num_steps

    def __getitem__(self, index: int) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """Batch `index`: uint8 (batch, 28, 28, 1) and float32 (batch, sum of the widths of the answers)."""
        rng = np.random.default_rng([self._options.seed, index])
        rows = rng.integers(0, len(self._digits), self._options.batch_size)
        canvases = augment(self._digits.canvases[rows], BENDING, rng)
        num_pieces = round(_PIECES_SHARE * len(canvases))
        canvases[:num_pieces] = pieces(canvases, num_pieces, rng)
        return canvases, self._teach(tf.constant(canvases)).numpy()


def pieces(canvases: NDArray[np.uint8], num_pieces: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Things that are no digit, or several: halves of two digits put together, and digits on top of each other.

    Args:
        canvases: uint8 (n, 28, 28, 1), at least one.
        num_pieces: number wanted.
        rng: where chance comes from.

    Returns:
        uint8 (num_pieces, 28, 28, 1).
    """
    first, second = (canvases[rng.integers(0, len(canvases), num_pieces)] for _ in range(2))
    second = np.where(rng.random((num_pieces, 1, 1, 1)) < 0.5, second, second[:, ::-1, ::-1])
    shift = int(rng.integers(2, 10))
    heaps = np.maximum(np.roll(first, -shift, axis=2), np.roll(second, shift, axis=2))
    rows = np.arange(canvases.shape[1])[:, np.newaxis, np.newaxis]
    halves = np.where(rows < rng.integers(8, 20, (num_pieces, 1, 1, 1)), first, second)
    return np.where(rng.random((num_pieces, 1, 1, 1)) < 0.5, heaps, halves)


def _answers(graph: Graph) -> list[str]:
    """The logits, and what is decided from within the network: `cnn` takes its digit from scores of its own."""
    return [*dict.fromkeys([graph.output, *graph.decided_by])]


def _distance(wanted: Any, given: Any, widths: list[int]) -> Any:
    """Kullback-Leibler divergence of each answer, in nats at the temperature, summed."""
    distance = 0.0
    for one, other in zip(tf.split(wanted, widths, axis=-1), tf.split(given, widths, axis=-1), strict=True):
        log_wanted = tf.nn.log_softmax(one / _TEMPERATURE)
        log_given = tf.nn.log_softmax(other / _TEMPERATURE)
        distance += _TEMPERATURE**2 * tf.reduce_sum(tf.exp(log_wanted) * (log_wanted - log_given), axis=-1)
    return distance
