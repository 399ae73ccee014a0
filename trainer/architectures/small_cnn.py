"""Convolutions and max pooling, as most published MNIST comparisons have them."""

from keras import KerasTensor
from keras.layers import BatchNormalization, Conv2D, Dense, Dropout, Flatten, MaxPooling2D


def cnn_two(canvases: KerasTensor) -> KerasTensor:
    """Two convolutions (32, 64), each followed by pooling, and a dense layer of 128."""
    x = Conv2D(32, 3, activation="relu")(canvases)
    x = MaxPooling2D()(x)
    x = Conv2D(64, 3, activation="relu")(x)
    x = MaxPooling2D()(x)
    x = Flatten()(x)  # (B, 5, 5, 64) -> (B, 1600)
    x = Dense(128, activation="relu")(x)
    return Dropout(0.5)(x)


def cnn_four(canvases: KerasTensor) -> KerasTensor:
    """Four convolutions (32, 32, 64, 64), batch normalization after each pair, and a dense layer of 256."""
    x = canvases
    for num_filters in (32, 64):
        x = Conv2D(num_filters, 3, activation="relu")(x)
        x = Conv2D(num_filters, 3, activation="relu")(x)
        x = BatchNormalization()(x)
        x = MaxPooling2D()(x)
        x = Dropout(0.25)(x)
    x = Flatten()(x)  # (B, 4, 4, 64) -> (B, 1024)
    x = Dense(256, activation="relu")(x)
    return Dropout(0.5)(x)


def cnn_five(canvases: KerasTensor) -> KerasTensor:
    """Five convolutions (32, 32, 64, 64, 128), each with batch normalization, and a dense layer of 128."""
    x = canvases
    for block in ((32, 32), (64, 64), (128,)):
        for num_filters in block:
            x = Conv2D(num_filters, 3, padding="same", activation="relu")(x)
            x = BatchNormalization()(x)
        x = MaxPooling2D()(x)
        x = Dropout(0.25)(x)
    x = Flatten()(x)  # (B, 3, 3, 128) -> (B, 1152)
    x = Dense(128, activation="relu")(x)
    return Dropout(0.5)(x)
