"""Pen digits of bhmsds: European shapes, such as a 1 with an upstroke and a crossed 7, that MNIST hardly has.

`bhmsds.npz` holds `images` uint8 (n, 28, 28), dark on light, the ink filling the box, and `labels`, strings;
only those that are digits are used. Of each class, rows at even positions (0, 2, 4, ... in the file's order)
are for training; rows at odd positions are held back to measure.

Licence: MIT.
"""

import zlib
from pathlib import Path
from typing import Literal
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from service.recognition.canvas import digit_canvas
from service.recognition.ink import find_ink
from trainer.data.digits import Digits
from trainer.errors import TrainerError

FILE = "bhmsds.npz"


def bhmsds_pictures(data_dir: Path, half: Literal["train", "held_back"]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """The pictures of one half as they are in the file, uint8 (n, 28, 28), and their labels, int64 (n,).

    Raises:
        TrainerError: `bhmsds.npz` does not lie in `data_dir`, or is not what it should be.
    """
    path = data_dir / FILE
    try:
        # Opened here: of a damaged archive NumPy leaves the file open.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            images, names = arrays["images"], arrays["labels"]
    except FileNotFoundError as error:
        raise TrainerError(f"{path} does not exist. Put it there, or train a config that uses MNIST alone.") from error
    except (OSError, ValueError, KeyError, BadZipFile, zlib.error) as error:
        raise TrainerError(f"{path} cannot be read as an archive with `images` and `labels`: {error}.") from error
    offset = 0 if half == "train" else 1
    rows = np.sort(np.concatenate([np.flatnonzero(names == str(digit))[offset::2] for digit in range(10)]))
    return images[rows], names[rows].astype(np.int64)


def load_bhmsds(data_dir: Path, half: Literal["train", "held_back"]) -> Digits:
    """One half of the digits, through the same ink finding and canvas as a served picture.

    Raises:
        TrainerError: as `bhmsds_pictures`.
    """
    pictures, labels = bhmsds_pictures(data_dir, half)
    return Digits(np.stack([digit_canvas(find_ink(picture).image) for picture in pictures]), labels)
