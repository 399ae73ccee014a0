"""From trained weights to the graph that is served, and the check that it answers as the training noted."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import keras
import numpy as np

from service.recognition.manifest import InputShape
from service.runtime.graph_session import SIGNATURE
from service.runtime.saved_model import SavedModel
from trainer.architectures.gate import Pool, build_gated
from trainer.architectures.registry import CANVAS_SHAPE, build_model
from trainer.calibrate_digits import CalibrationCanvases, Opinions, fit_pool
from trainer.config import Config, Experiment
from trainer.errors import TrainerError
from trainer.gate import load_gate
from trainer.operations.folding import folded
from trainer.operations.graph import UnknownOperation, graph_of
from trainer.runs import Run

LOGITS_TOLERANCE = 1e-4  # between backends, and between the Keras model and its export


@contextmanager
def exported_graph(run: Run[Config]) -> Iterator[Path]:
    """The trained network, without a gate, as a SavedModel in a temporary folder.

    The graph is float32, takes uint8 canvases (n, 28, 28, 1), scales them inside and returns float32 logits (n, 10),
    or (n, num_classes) of characters.

    Raises:
        TrainerError: the run is not finished, Keras runs on another backend than TensorFlow, or the logits are not
            those that the training noted.
    """
    weights = exportable_weights(run)
    model = build_model(run.config.architecture, num_classes=len(run.config.alphabet))
    model.load_weights(weights)
    with _saved(model) as folder:
        _check_logits(SavedModel(folder, input_shape=CANVAS_SHAPE), run)
        yield folder


@contextmanager
def exported_gated_graph(run: Run[Config], calibration: CalibrationCanvases) -> Iterator[tuple[Path, Pool]]:
    """The trained network with its gate as a SavedModel in a temporary folder, and how the two are pooled.

    The graph is as that of `exported_graph`, with logits (n, 12).

    Raises:
        TrainerError: as `exported_graph`.
    """
    exportable_weights(run)
    networks = load_gate(run)
    pool = fit_pool(Opinions(networks), calibration)
    model = build_gated(networks, pool)
    with np.load(run.golden_path) as golden:
        canvases = golden["canvases"]
        check_repeated(np.asarray(networks.body(canvases)), golden["logits"], run)
    with _saved(model) as folder:
        exported = SavedModel(folder, input_shape=CANVAS_SHAPE).logits(canvases)
        check_repeated(exported, np.asarray(model(canvases)), run)
        yield folder, pool


def require_tensorflow() -> None:
    """Pass where Keras runs on the backend that models are exported from.

    Raises:
        TrainerError: it runs on another one.
    """
    if keras.backend.backend() != "tensorflow":
        raise TrainerError(
            f"Models are exported from TensorFlow; Keras runs on {keras.backend.backend()}. Any backend may train: run "
            "this command with KERAS_BACKEND=tensorflow."
        )


def exportable_weights(run: Run[Experiment]) -> Path:
    """The weights of a run that can be exported.

    Raises:
        TrainerError: the run is not finished, or Keras runs on another backend than TensorFlow.
    """
    weights = run.require_weights()
    require_tensorflow()
    return weights


@contextmanager
def _saved(model: keras.Model) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="digits-export-") as parent:
        folder = Path(parent) / "graph"
        save_graph(model, folder)
        yield folder


def save_graph(
    model: keras.Model, folder: Path, *, input_shape: InputShape = CANVAS_SHAPE, may_be_trained: bool = True
) -> None:
    """Write a network as a SavedModel with one signature: uint8 canvases in, float32 logits out.

    The signature of a digit network is a folded one, of fewer operations than were trained (`trainer.operations`); the
    weights as they were trained are stored beside it, for who wants to go on training.

    Args:
        model: from canvases to logits.
        folder: to be written.
        input_shape: of a canvas.
        may_be_trained: whether anybody may want to; a folded signature alone has half the size.
    """
    import tensorflow as tf

    trained = serving_function_of(model, input_shape=input_shape)
    serve = trained if None in input_shape else _folded(trained)
    module = tf.Module()
    if may_be_trained or serve is trained:
        module.weights = [variable.value for variable in model.variables]
    tf.saved_model.save(module, str(folder), signatures={SIGNATURE: serve})


def serving_function_of(model: keras.Model, *, input_shape: InputShape = CANVAS_SHAPE) -> Any:
    """A network as a `tf.function` from uint8 canvases (n, *input_shape) to its float32 logits."""
    import tensorflow as tf

    canvases = tf.TensorSpec((None, *input_shape), tf.uint8, name="canvases")
    return tf.function(lambda canvases: model(canvases, training=False), input_signature=[canvases], autograph=False)


def _folded(serve: Any) -> Any:
    """The same function from fewer operations; as it is, where it contains one that is not known how to fold."""
    from trainer.operations.in_tensorflow import serving_function

    try:
        return serving_function(folded(graph_of(serve.get_concrete_function())))
    except UnknownOperation:
        return serve


def check_repeated(found: np.ndarray, expected: np.ndarray, run: Run[Experiment]) -> None:
    """Compare what a network answers to golden canvases with what it has to.

    Args:
        found: float32 (n, num_classes), logits.
        expected: the same, as the training noted them.
        run: for the message.

    Raises:
        TrainerError: a logit is further off than `LOGITS_TOLERANCE`.
    """
    difference = float(np.abs(found - expected).max())
    if difference > LOGITS_TOLERANCE:
        raise TrainerError(
            f"The exported {run.config.name!r} answers the golden canvases otherwise than the trained one: logits "
            f"differ by {difference:.2g}, at most {LOGITS_TOLERANCE:.0e} is allowed. "
            f"Were the files in {run.folder} mixed up?"
        )


def _check_logits(model: SavedModel, run: Run[Config]) -> None:
    with np.load(run.golden_path) as golden:
        check_repeated(model.logits(golden["canvases"]), golden["logits"], run)
