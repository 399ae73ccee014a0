"""Networks without convolutions."""

from keras import KerasTensor
from keras.layers import Dense, Dropout, Flatten


def dnn(canvases: KerasTensor) -> KerasTensor:
    """784-128-64-10 with dropout 0.2 after each hidden layer: the network of many first tutorials."""
    x = Flatten()(canvases)
    for num_units in (128, 64):
        x = Dense(num_units, activation="relu")(x)
        x = Dropout(0.2)(x)
    return x


def mlp(canvases: KerasTensor) -> KerasTensor:
    """784-512-512-10 with dropout 0.2: the multilayer perceptron of the Keras examples (`mnist_mlp`)."""
    x = Flatten()(canvases)
    for num_units in (512, 512):
        x = Dense(num_units, activation="relu")(x)
        x = Dropout(0.2)(x)
    return x
