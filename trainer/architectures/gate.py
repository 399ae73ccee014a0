"""A second opinion beside a trained digit network: is this one digit at all, and which?

The digit network stays as it is. A small trunk looks at its early feature map, which still shows strokes of any kind,
and at its last features, and scores twelve classes: ten digits, a mark that is no digit, several digits. The exported
network adds the two opinions, so what only one of them believes is believed less. The digit network has the last word
about which digit it is; the gate may doubt that, and refuse.
"""

from dataclasses import dataclass

import keras
import numpy as np
from keras import KerasTensor
from keras.layers import BatchNormalization, Concatenate, Conv2D, Dense, Dropout, Flatten

from trainer.architectures.registry import CANVAS_SHAPE, NUM_CLASSES, build_model, dtype_policy
from trainer.errors import TrainerError

NUM_GATED_CLASSES = NUM_CLASSES + 2
LEAST_LEAD = 0.01  # by which the score of the digit network's digit is above those of the others
_EARLY_MAP_PX = (10, 14)  # sides that the early map may have; in `strided_cnn` it is 12 x 12 x 32


@dataclass(frozen=True, slots=True)
class GateNetworks:
    """A digit network that is not trained any more, and a gate on it.

    Attributes:
        body: the digit network, for its weights to be loaded into.
        gate: from uint8 canvases (batch, 28, 28, 1) to float32 logits (batch, 12), through the body; what it has beyond
            the body's weights is to be trained.
        trunk: that part of the gate, from the body's early map and last features to the logits.
        taps: the body, from canvases to its early map, its last features and its logits.
    """

    body: keras.Model
    gate: keras.Model
    trunk: keras.Model
    taps: keras.Model


def build_gate(architecture: str, *, precision: str = "float32") -> GateNetworks:
    """The networks of a gate, with fresh weights.

    Args:
        architecture: of the digit network, a key of `BUILDERS` with a feature map of 10 to 14 px a side.
        precision: dtype policy of the hidden layers.

    Raises:
        TrainerError: the architecture has no such feature map.
    """
    with dtype_policy(precision):
        body = build_model(architecture, precision=precision)
        body.trainable = False
        seen = [_early_map(body), body.get_layer("logits").input]
        taps = keras.Model(body.input, seen, name="taps")
        canvases = keras.Input(CANVAS_SHAPE, dtype="uint8", name="canvases")
        # Called as at serving: without dropout, and with the batch statistics that it has.
        early, late = taps(canvases, training=False)
        scores = _trunk(early, late)
    return GateNetworks(
        body=body,
        gate=keras.Model(canvases, scores, name="gate"),
        trunk=keras.Model([early, late], scores, name="trunk"),
        taps=keras.Model(body.input, [*seen, body.output], name="taps_and_logits"),
    )


@dataclass(frozen=True, slots=True)
class Pool:
    """How the two opinions are put together.

    Attributes:
        trust: weight of the digit network's log-probabilities, 0 or more.
        rejection_shift: added to the scores of no digit and of several digits. The gate has learned from nearly as
            many of these as of digits; people send them more rarely.

    Source: a logarithmic opinion pool; Genest and Zidek 1986, "Combining Probability Distributions".
    """

    trust: float
    rejection_shift: float


def build_gated(networks: GateNetworks, pool: Pool) -> keras.Model:
    """The network that is exported, from uint8 canvases (batch, 28, 28, 1) to float32 logits (batch, 12)."""
    canvases = keras.Input(CANVAS_SHAPE, dtype="uint8", name="canvases")
    # The body runs once; through `gate` it would run a second time.
    early, late, digit_logits = networks.taps(canvases, training=False)
    log_probs = keras.ops.log_softmax(digit_logits)
    scores = folded(networks.trunk)([early, late], training=False)
    digits = scores[:, :NUM_CLASSES] + pool.trust * log_probs
    is_best = keras.ops.one_hot(keras.ops.argmax(log_probs, axis=-1), NUM_CLASSES)
    of_best = keras.ops.sum(digits * is_best, axis=-1, keepdims=True)
    digits = is_best * digits + (1 - is_best) * keras.ops.minimum(digits, of_best - LEAST_LEAD)
    logits = Concatenate(dtype="float32", name="pooled")([digits, scores[:, NUM_CLASSES:] + pool.rejection_shift])
    return keras.Model(canvases, logits, name=f"gated_{networks.body.name}")


def folded(trunk: keras.Model) -> keras.Model:
    """The trunk with its batch normalizations worked into the convolutions before them: the same scores, sooner."""
    early, late = (keras.Input(shape.shape[1:]) for shape in trunk.input)
    copy = keras.Model([early, late], _trunk(early, late, is_folded=True), name="trunk")
    convolutions, norms, denses = (
        [layer for layer in trunk.layers if isinstance(layer, kind)] for kind in (Conv2D, BatchNormalization, Dense)
    )
    for target, convolution, norm in zip(
        [layer for layer in copy.layers if isinstance(layer, Conv2D)], convolutions, norms, strict=True
    ):
        gamma, beta, mean, variance = norm.get_weights()
        scale = gamma / np.sqrt(variance + norm.epsilon)
        target.set_weights([convolution.get_weights()[0] * scale, beta - mean * scale])
    for target, dense in zip([layer for layer in copy.layers if isinstance(layer, Dense)], denses, strict=True):
        target.set_weights(dense.get_weights())
    return copy


def _early_map(body: keras.Model) -> KerasTensor:
    low, high = _EARLY_MAP_PX
    for layer in body.layers:
        shape = layer.output.shape
        if len(shape) == 4 and low <= shape[1] <= high and isinstance(layer, BatchNormalization):
            return layer.output
    raise TrainerError(
        f"The architecture {body.name!r} has no feature map of {low} to {high} px a side after a batch normalization, "
        "so no gate can be put on it. Use strided_cnn."
    )


def _trunk(early: KerasTensor, late: KerasTensor, *, is_folded: bool = False) -> KerasTensor:
    """2.2 M multiplications, a seventh of what the digit network takes."""
    x = early
    for num_filters, strides in ((48, 1), (48, 2), (64, 1)):
        padding = "same" if strides == 2 else "valid"
        if is_folded:
            x = Conv2D(num_filters, 3, strides=strides, padding=padding, activation="relu")(x)
            continue
        x = Conv2D(num_filters, 3, strides=strides, padding=padding, use_bias=False)(x)
        x = BatchNormalization()(x)
        x = keras.layers.ReLU()(x)
    x = Flatten()(x)  # (B, 3, 3, 64) -> (B, 576)
    x = Concatenate()([Dropout(0.3)(x), Dropout(0.3)(late)])
    x = Dense(128, activation="relu")(x)
    return Dense(NUM_GATED_CLASSES, dtype="float32", name="gate_logits")(Dropout(0.3)(x))
