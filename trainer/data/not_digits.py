"""Handwriting that is no digit: letters, symbols, characters of other scripts, drawings.

Which of them digit classifiers learn to reject is fixed here, before anything was measured. The others are unseen: what
is said about their rejection is said of those. Some letters and symbols can fairly be read as digits; digit classifiers
do not learn to reject them, and they are reported apart. Readers of numbers learn from a list of their own,
`CLEAR_LETTERS` of `trainer/data/lines/marks.py`, which crosses this one: A and K are on it and M is not. So what is
unseen here is not unseen to a reader; of these letters F and R alone are on neither list.

Files, each where it exists: `not_digits/letters.npz` (NIST, US Government), `bhmsds.npz` (MIT),
`not_digits/omniglot.npz` (MIT), `not_digits/doodles.npz` (Quick, Draw!, CC BY 4.0).
"""

import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from trainer.data.bhmsds import FILE as BHMSDS_FILE
from trainer.errors import TrainerError

LETTERS_FILE = "not_digits/letters.npz"
OMNIGLOT_FILE = "not_digits/omniglot.npz"
DOODLES_FILE = "not_digits/doodles.npz"

TRAINED_LETTERS = ("C", "E", "H", "M")
UNSEEN_LETTERS = ("F", "K", "R")
DIGIT_LIKE_LETTERS = ("A", "B", "D")  # a written like 9 or 0, b like 6, B like 8, D like 0
TRAINED_SYMBOLS = ("minus", "plus", "w")
UNSEEN_SYMBOLS = ("dot", "x", "y")
DIGIT_LIKE_SYMBOLS = ("slash", "z")  # like 1, like 2

FIT, CALIBRATION = "fit", "calibration"
_CALIBRATION_EVERY = 5  # every fifth picture of what is learned from is kept out of the fit

Role = Literal["trained", "unseen", "digit_like"]


@dataclass(frozen=True, slots=True)
class Family:
    """Pictures of one kind that are no digits.

    Attributes:
        name: as reports call it.
        role: `trained` (its like was learned from), `unseen`, or `digit_like` (can fairly be read as a digit).
        pictures: uint8 (n, height, width), as they are in their file.
    """

    name: str
    role: Role
    pictures: NDArray[np.uint8]


def trained_pictures(data_dir: Path, part: Literal["fit", "calibration"]) -> list[NDArray[np.uint8]]:
    """Letters, then symbols, that are learned from; each uint8 (n, 28, 28), bright or dark as in its file.

    Raises:
        TrainerError: a file is missing or damaged.
    """
    letters = _of_classes(data_dir / LETTERS_FILE, TRAINED_LETTERS, part=part)
    symbols = _of_classes(data_dir / BHMSDS_FILE, TRAINED_SYMBOLS, part=part)
    return [letters, symbols]


def judged_families(data_dir: Path) -> list[Family]:
    """All families that rejection is judged on, those whose file is there; none of these pictures was learned from."""
    families = []
    if (data_dir / LETTERS_FILE).exists():
        path = data_dir / LETTERS_FILE
        families += [
            Family("letters_trained", "trained", _of_classes(path, TRAINED_LETTERS, part=CALIBRATION)),
            Family("letters_unseen", "unseen", _of_classes(path, UNSEEN_LETTERS)),
            Family("letters_digit_like", "digit_like", _of_classes(path, DIGIT_LIKE_LETTERS)),
        ]
    if (data_dir / BHMSDS_FILE).exists():
        path = data_dir / BHMSDS_FILE
        families += [
            Family("symbols_trained", "trained", _of_classes(path, TRAINED_SYMBOLS, part=CALIBRATION)),
            Family("symbols_unseen", "unseen", _of_classes(path, UNSEEN_SYMBOLS)),
            Family("symbols_digit_like", "digit_like", _of_classes(path, DIGIT_LIKE_SYMBOLS)),
        ]
    for name, file in (("omniglot", OMNIGLOT_FILE), ("doodles", DOODLES_FILE)):
        if (data_dir / file).exists():
            families.append(Family(name, "unseen", _load(data_dir / file)["images"]))
    return families


def _of_classes(path: Path, names: tuple[str, ...], *, part: str | None = None) -> NDArray[np.uint8]:
    arrays = _load(path)
    rows = []
    for name in names:
        of_class = np.flatnonzero(arrays["labels"] == name)
        is_kept_out = np.arange(len(of_class)) % _CALIBRATION_EVERY == 0
        rows.append(of_class if part is None else of_class[is_kept_out if part == CALIBRATION else ~is_kept_out])
    return arrays["images"][np.concatenate(rows)]


def _load(path: Path) -> dict[str, NDArray[Any]]:
    try:
        # Opened here: of a damaged archive NumPy leaves the file open.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            return dict(arrays)
    except FileNotFoundError as error:
        raise TrainerError(f"{path} does not exist. Put it there, or export without learning to reject.") from error
    except (OSError, ValueError, BadZipFile, zlib.error) as error:
        raise TrainerError(f"{path} cannot be read as an archive of arrays: {error}.") from error
