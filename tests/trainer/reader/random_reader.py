"""A reader of random weights whose normalizations have something to do."""

import keras
import numpy as np

from trainer.reader.config import Head
from trainer.reader.network import build_reader


def random_reader(head: Head = "convolutional") -> keras.Model:
    """As one that has been trained: factors above 0, and shifts."""
    keras.utils.set_random_seed(4)
    rng = np.random.default_rng(4)
    reader = build_reader((head,))
    for layer in reader.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            shape = layer.gamma.shape
            layer.gamma.assign(rng.uniform(0.5, 1.5, shape))
            layer.moving_variance.assign(rng.uniform(0.5, 1.5, shape))
            layer.beta.assign(rng.normal(0, 0.3, shape))
            layer.moving_mean.assign(rng.normal(0, 0.3, shape))
    return reader
