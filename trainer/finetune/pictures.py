"""A person's own pictures on disk: `labels.csv`, and files in any format that the service reads.

DIR/
├── labels.csv      columns `file` and `label`
└── *.png, *.jpg    in DIR or in DIR/images
"""

import csv
from collections.abc import Sequence
from pathlib import Path

from service.recognition.errors import RequestError
from service.recognition.image import GrayImage, decode_image
from trainer.errors import TrainerError

LABELS_FILE = "labels.csv"
LEAST_PICTURES = 10  # to learn from
MAX_PIXELS = 25_000_000  # as the service takes
_SUFFIXES = {".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff"}
_MOST_NAMED = 5  # of the pictures that are at fault; more do not help


def require_folder(folder: Path, needed: str) -> None:
    """Pass where there is such a folder.

    Raises:
        TrainerError: there is none; says what it should hold.
    """
    if not folder.is_dir():
        raise TrainerError(f"{folder} is not a folder. Pass one that holds {needed} with --images.")


def require_pictures(num_learned: int) -> None:
    """Pass where there are enough to learn from.

    Raises:
        TrainerError: there are too few.
    """
    if num_learned < LEAST_PICTURES:
        raise TrainerError(
            f"There are {num_learned} pictures to learn from, beside those held back to measure by; at least "
            f"{LEAST_PICTURES} are needed."
        )


def read_label_rows(path: Path) -> dict[int, dict[str, str]]:
    """The rows of `labels.csv`, each with at least `file` and `label`, by the number of their (last) line.

    Raises:
        TrainerError: the file is missing or is no CSV, lacks a column, or has no rows.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:  # spreadsheets put a byte order mark first
            reader = csv.DictReader(file)
            rows = {}
            for row in reader:
                rows[reader.line_num] = row
    except FileNotFoundError as error:
        raise TrainerError(
            f"{path} does not exist. It says what is written on each picture, in columns `file` and `label`."
        ) from error
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise TrainerError(f"{path} cannot be read as CSV: {error}.") from error
    if not {"file", "label"} <= set(reader.fieldnames or ()):
        in_one = (reader.fieldnames or [""])[0]
        hint = " Is it separated by semicolons? Use commas." if ";" in in_one else ""
        raise TrainerError(f"{path} has the columns {reader.fieldnames}; `file` and `label` are needed.{hint}")
    if not rows:
        raise TrainerError(f"{path} names no picture.")
    return rows


def find_picture(folder: Path, name: str) -> Path:
    """The file that a row of `labels.csv` names, in the folder or in its `images/`.

    Raises:
        TrainerError: there is none.
    """
    for path in (folder / name, folder / "images" / name):
        if path.is_file():
            return path
    raise TrainerError(f"{folder / name} does not exist, but {LABELS_FILE} names it.")


def refuse_unnamed(folder: Path, named: Sequence[Path]) -> None:
    """Pass where `labels.csv` names every picture in the folder and in its `images/`; hidden files are left alone.

    Raises:
        TrainerError: it does not; names those.
    """
    known = {path.resolve() for path in named}
    files = [path for place in (folder, folder / "images") if place.is_dir() for path in sorted(place.iterdir())]
    refuse_faulty(
        [
            f"{path} has no row in {LABELS_FILE}. Add one, or move it away."
            for path in files
            if path.suffix.lower() in _SUFFIXES and not path.name.startswith(".") and path.resolve() not in known
        ]
    )


def read_pictures(paths: Sequence[Path]) -> list[GrayImage]:
    """All of them, decoded as the service decodes: uint8 (height, width) each.

    Raises:
        TrainerError: some cannot be read; names them, so that one look mends them all.
    """
    pictures, faults = [], []
    for path in paths:
        try:
            pictures.append(decode_image(path.read_bytes(), max_pixels=MAX_PIXELS))
        except RequestError as error:
            faults.append(f"{path} cannot be read: {error}")
        except OSError as error:
            faults.append(f"{path} cannot be read: {error.strerror}.")
    refuse_faulty(faults)
    return pictures


def refuse_faulty(faults: Sequence[str]) -> None:
    """Pass where there are none.

    Raises:
        TrainerError: with the first of these sentences, and how many more there are.
    """
    if not faults:
        return
    more = len(faults) - _MOST_NAMED
    rest = f" And {more} more." if more > 0 else ""
    raise TrainerError(" ".join(faults[:_MOST_NAMED]) + rest)
