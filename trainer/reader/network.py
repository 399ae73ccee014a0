"""The network of the sequence reader: convolutions over the line, a recurrent layer along it, frames of classes out.

Source: Shi, Bai and Yao 2015, "An End-to-End Trainable Neural Network for Image-based Sequence Recognition", arXiv
1507.05717. A second head on the same features in training follows de Sousa Neto et al. 2020 and Retsinas et
al. 2022, "Best Practices for a Handwritten Text Recognition System", arXiv 2404.11339.
"""

import keras
from keras import KerasTensor
from keras.layers import (
    LSTM,
    Activation,
    Add,
    BatchNormalization,
    Bidirectional,
    Conv1D,
    Conv2D,
    Dense,
    Dropout,
    MaxPooling2D,
    Permute,
    Rescaling,
    Reshape,
)

from service.recognition.alphabet import NUM_CLASSES
from service.recognition.line_canvas import FRAME_PX, LINE_HEIGHT_PX
from trainer.reader.config import Head

STEP_PX = 4  # columns of the canvas behind each step of the recurrent layer
FRAMES_PER_STEP = STEP_PX // FRAME_PX
_NUM_FEATURES = 224  # of a step
_DROPOUT = 0.1  # no number is seen twice, so there is little to guard against


def build_reader(heads: tuple[Head, ...], *, precision: str = "float32") -> keras.Model:
    """A reader with fresh weights.

    Args:
        heads: what may stand between the convolutional features and the classes: an LSTM in both directions, or
            convolutions along the line. Each is an output of its own.
        precision: dtype policy of the convolutions; what decides between classes stays in float32.

    Returns:
        Model from uint8 canvases (batch, 32, width, 1), width a multiple of 4, to a dict: for each head float32
        logits (batch, width / 2, 12).
    """
    canvases = keras.Input((LINE_HEIGHT_PX, None, 1), dtype="uint8", name="canvases")
    x = Rescaling(1 / 255, dtype="float32", name="scale")(canvases)
    policy = keras.DTypePolicy(precision)
    x = _block(x, 24, policy, pool=(2, 2))
    x = _block(x, 48, policy, pool=(2, 2))
    x = _convolution(_convolution(x, 96, policy), 96, policy)
    x = Add(dtype=policy)([x, _convolution(_convolution(x, 96, policy), 96, policy)])
    x = MaxPooling2D((2, 1), dtype=policy)(x)
    x = _block(x, 160, policy, pool=(2, 1))  # (B, 2, W / 4, 160)
    x = Permute((2, 1, 3), dtype=policy)(x)
    # Not TimeDistributed(Flatten()), which exports wrongly where the width is free.
    x = Reshape((-1, 2 * 160), dtype=policy)(x)
    x = Dropout(_DROPOUT, dtype=policy)(x)
    steps = Dense(_NUM_FEATURES, activation="relu", dtype=policy, name="features")(x)
    return keras.Model(canvases, {head: _HEADS[head](steps, policy) for head in heads}, name="reader")


def _recurrent(steps: KerasTensor, policy: keras.DTypePolicy) -> KerasTensor:
    steps = Activation("linear", dtype="float32")(steps)
    along = Bidirectional(LSTM(128, return_sequences=True, dtype="float32"), dtype="float32", name="along")(steps)
    return _frames(along, "recurrent")


def _convolutional(steps: KerasTensor, policy: keras.DTypePolicy) -> KerasTensor:
    for _ in range(4):
        along = Conv1D(_NUM_FEATURES, 5, padding="same", activation="relu", dtype=policy)(steps)
        steps = Add(dtype=policy)([steps, BatchNormalization(dtype=policy)(along)])
    return _frames(Activation("linear", dtype="float32")(steps), "convolutional")


_HEADS = {"recurrent": _recurrent, "convolutional": _convolutional}


def _frames(steps: KerasTensor, name: str) -> KerasTensor:
    """Two frames of classes from every step: a run of narrow digits needs more frames than it needs steps."""
    steps = Dropout(_DROPOUT, dtype="float32")(steps)
    frames = Dense(FRAMES_PER_STEP * NUM_CLASSES, dtype="float32", name=f"{name}_of_steps")(steps)
    return Reshape((-1, NUM_CLASSES), dtype="float32", name=name)(frames)


def _block(x: KerasTensor, num_filters: int, policy: keras.DTypePolicy, *, pool: tuple[int, int]) -> KerasTensor:
    x = _convolution(x, num_filters, policy)
    x = _convolution(x, num_filters, policy)
    return MaxPooling2D(pool, dtype=policy)(x)


def _convolution(x: KerasTensor, num_filters: int, policy: keras.DTypePolicy) -> KerasTensor:
    x = Conv2D(num_filters, 3, padding="same", activation="relu", dtype=policy)(x)
    return BatchNormalization(dtype=policy)(x)
