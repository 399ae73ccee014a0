"""The first convolutional network that read checks."""

from keras import KerasTensor
from keras.layers import AveragePooling2D, Conv2D, Dense, Flatten


def lenet5(canvases: KerasTensor) -> KerasTensor:
    """LeNet-5, with `same` padding in place of the paper's 32 x 32 input, full C3 and a softmax head.

    Source: LeCun et al. 1998, "Gradient-Based Learning Applied to Document Recognition", section II.B.
    """
    x = Conv2D(6, 5, padding="same", activation="tanh")(canvases)
    x = AveragePooling2D(2)(x)
    x = Conv2D(16, 5, activation="tanh")(x)
    x = AveragePooling2D(2)(x)
    x = Flatten()(x)  # (B, 5, 5, 16) -> (B, 400)
    x = Dense(120, activation="tanh")(x)
    return Dense(84, activation="tanh")(x)
