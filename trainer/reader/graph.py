"""From a trained reader to the graph that is served, and the check that it answers as the training noted."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import keras
import numpy as np

from service.recognition.line_canvas import LINE_HEIGHT_PX
from service.runtime.saved_model import SavedModel
from trainer.errors import TrainerError
from trainer.graphs import LOGITS_TOLERANCE, exportable_weights, save_graph
from trainer.reader.config import Head, ReaderConfig
from trainer.reader.network import build_reader
from trainer.runs import Run

INPUT_SHAPE = (LINE_HEIGHT_PX, None, 1)


@contextmanager
def exported_reader(run: Run[ReaderConfig], config: ReaderConfig, *, head: Head | None = None) -> Iterator[Path]:
    """The trained network with one of its heads as a SavedModel in a temporary folder.

    The graph is float32, takes uint8 canvases (n, 32, width, 1), scales them inside and returns float32 logits
    (n, width / 2, 12).

    Args:
        run: finished.
        config: of the run.
        head: the one that serves where none is given.

    Raises:
        TrainerError: the run is not finished, Keras runs on another backend than TensorFlow, or the logits are not
            those that the training noted.
    """
    weights = exportable_weights(run)
    with_all_heads = build_reader(config.heads)
    with_all_heads.load_weights(weights)
    delivered = head or config.serves
    with tempfile.TemporaryDirectory(prefix="digits-export-") as parent:
        folder = Path(parent) / "graph"
        export_graph(with_all_heads, delivered, folder)
        if delivered == config.serves:
            _check_logits(SavedModel(folder, input_shape=INPUT_SHAPE), run)
        yield folder


def export_graph(model: keras.Model, head: Head, folder: Path) -> None:
    """Write a network with one of its heads as a SavedModel."""
    save_graph(keras.Model(model.inputs, model.output[head]), folder, input_shape=INPUT_SHAPE)


def _check_logits(model: SavedModel, run: Run[ReaderConfig]) -> None:
    with np.load(run.golden_path) as golden:
        for noted_at in sorted(name for name in golden.files if name.startswith("logits_")):
            width = noted_at.removeprefix("logits_")
            found, noted = model.logits(golden[f"canvases_{width}"]), golden[noted_at]
            difference = float(np.abs(found - noted).max())
            if difference > LOGITS_TOLERANCE:
                raise TrainerError(
                    f"The exported {run.config.name!r} answers golden lines of width {width} otherwise than the "
                    f"trained one: logits differ by {difference:.2g}, at most {LOGITS_TOLERANCE:.0e} is allowed. Were "
                    f"the files in {run.folder} mixed up?"
                )
