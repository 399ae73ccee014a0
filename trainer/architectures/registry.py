"""All architectures by name, and the input and output that they share."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import keras

from trainer.architectures import dense, lenet, small_cnn, strided_cnn
from trainer.errors import TrainerError

CANVAS_SHAPE = (28, 28, 1)
NUM_CLASSES = 10

# Each builder takes scaled canvases (batch, 28, 28, 1) in 0..1 to features (batch, num_features).
BUILDERS: dict[str, Callable[[keras.KerasTensor], keras.KerasTensor]] = {
    "dnn": dense.dnn,
    "mlp": dense.mlp,
    "lenet5": lenet.lenet5,
    "cnn_two": small_cnn.cnn_two,
    "cnn_four": small_cnn.cnn_four,
    "cnn_five": small_cnn.cnn_five,
    "strided_cnn": strided_cnn.strided_cnn,
}


def build_model(architecture: str, *, precision: str = "float32", num_classes: int = NUM_CLASSES) -> keras.Model:
    """A network with fresh weights.

    Args:
        architecture: a key of `BUILDERS`.
        precision: dtype policy of the hidden layers. Scaling and logits stay in float32, where bfloat16's eight
            bits would blur gray levels and the difference between two nearly equal scores.
        num_classes: of what is read; ten digits, or more characters.

    Returns:
        Model from uint8 canvases (batch, 28, 28, 1), paper 0 and ink 255, to float32 logits (batch, num_classes).
    """
    if architecture not in BUILDERS:
        raise TrainerError(f"There is no architecture {architecture!r}. Choose one of: {', '.join(BUILDERS)}.")
    with dtype_policy(precision):
        canvases = keras.Input(CANVAS_SHAPE, dtype="uint8", name="canvases")
        scaled = keras.layers.Rescaling(1 / 255, dtype="float32", name="scale")(canvases)
        features = BUILDERS[architecture](scaled)
        logits = keras.layers.Dense(num_classes, dtype="float32", name="logits")(features)
        return keras.Model(canvases, logits, name=architecture)


@contextmanager
def dtype_policy(name: str) -> Iterator[None]:
    """Layers made inside have this dtype policy."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
