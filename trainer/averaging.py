"""The average over the weights of many steps, which reads better than the weights of any one step.

Source: Izmailov et al. 2018, "Averaging Weights Leads to Wider Optima and Better Generalization", arXiv 1803.05407.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import keras

_NUM_STATISTICS_BATCHES = 100  # 25,600 canvases with batches of 256


@contextmanager
def averaged_weights(model: keras.Model) -> Iterator[None]:
    """Within the block, the model has the average of its weights, if its optimizer keeps one."""
    weights = [keras.ops.copy(variable.value) for variable in model.trainable_variables]
    model.optimizer.finalize_variable_values(model.trainable_variables)
    try:
        yield
    finally:
        for variable, value in zip(model.trainable_variables, weights, strict=True):
            variable.assign(value)


def measure_batch_statistics(model: keras.Model, batches: keras.utils.PyDataset) -> None:
    """Set the means and variances of batch normalization to those that the present weights give.

    Training leaves behind those of the weights that were averaged, not of their average. That costs little when the
    rate has gone to zero, and much before: after seven epochs of `cnn`, 95.5 % of MNIST's test digits in place of 99.4.
    """
    layers = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    if not layers:
        return
    for num_seen in range(min(len(batches), _NUM_STATISTICS_BATCHES)):
        # With this momentum, what is there weighs as much as all batches before: the plain mean over batches.
        for layer in layers:
            layer.momentum = num_seen / (num_seen + 1)
        model(batches[num_seen][0], training=True)
