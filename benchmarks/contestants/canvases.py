"""The least that every contestant does with an upload: decode it, and make it 28 x 28."""

import io
import os

import numpy as np
from numpy.typing import NDArray
from PIL import Image

MODEL_DIR_VARIABLE = "BENCHMARK_MODEL_DIR"
PORT_VARIABLE = "BENCHMARK_PORT"
SIGNATURE = "serving_default"

MAX_BATCH_SIZE = 32
MAX_WAIT_S = 0.002


def canvas_of(data: bytes) -> NDArray[np.uint8]:
    """Decode a dark-on-light picture: uint8 (28, 28, 1), paper 0 and ink 255.

    Far less than the service does to find the ink; the others are not to lose by that.
    """
    with Image.open(io.BytesIO(data)) as image:
        return canvas_of_image(image)


def canvas_of_image(image: Image.Image) -> NDArray[np.uint8]:
    """The same from a picture that a server has opened already."""
    gray = image.convert("L")
    if gray.size != (28, 28):
        gray = gray.resize((28, 28), Image.Resampling.HAMMING)
    return 255 - np.asarray(gray)[:, :, np.newaxis]


def model_dir() -> str:
    """The SavedModel that all contestants share."""
    return os.environ[MODEL_DIR_VARIABLE]


def port() -> int:
    """Where to listen."""
    return int(os.environ[PORT_VARIABLE])
