"""A person's own pictures of numbers, with what is written on each.

DIR/
├── labels.csv      columns `file` and `label`; a label is digits alone, or empty where nothing is to be read
└── *.png, *.jpg    in DIR or in DIR/images; any format that the service reads
"""

import csv
from dataclasses import dataclass
from pathlib import Path

from service.recognition.errors import RequestError
from service.recognition.image import GrayImage, decode_image
from trainer.errors import TrainerError

LABELS_FILE = "labels.csv"
MAX_DIGITS = 32
MAX_PIXELS = 25_000_000


@dataclass(frozen=True, slots=True)
class OwnPictures:
    """Pictures with their numbers.

    Attributes:
        pictures: uint8 (height, width) each.
        texts: digits.
    """

    pictures: list[GrayImage]
    texts: list[str]

    def __len__(self) -> int:
        return len(self.texts)

    def take(self, rows: list[int]) -> "OwnPictures":
        """The pictures of these rows."""
        return OwnPictures([self.pictures[row] for row in rows], [self.texts[row] for row in rows])


def load_own_pictures(folder: Path) -> OwnPictures:
    """All pictures that `labels.csv` names.

    Raises:
        TrainerError: the folder, the labels or a picture is missing or cannot be read; says which.
    """
    if not folder.is_dir():
        raise TrainerError(f"{folder} is not a folder. Pass one that holds {LABELS_FILE} and the pictures.")
    rows = _read_labels(folder / LABELS_FILE)
    pictures = [_read_picture(folder, row["file"]) for row in rows]
    return OwnPictures(pictures, [row["label"].strip() for row in rows])


def _read_labels(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            rows = list(reader)
    except FileNotFoundError as error:
        raise TrainerError(
            f"{path} does not exist. It says what is written on each picture, in columns `file` and `label`."
        ) from error
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise TrainerError(f"{path} cannot be read as CSV: {error}.") from error
    if not {"file", "label"} <= set(reader.fieldnames or ()):
        raise TrainerError(f"{path} has the columns {reader.fieldnames}; `file` and `label` are needed.")
    if not rows:
        raise TrainerError(f"{path} names no picture.")
    for number, row in enumerate(rows, start=2):
        label = (row["label"] or "").strip()
        if not row["file"] or (label and not (label.isascii() and label.isdigit())) or len(label) > MAX_DIGITS:
            raise TrainerError(
                f"{path}, line {number}: the label of {row['file']!r} is {label!r}; it has to be at most {MAX_DIGITS} "
                "digits, without points, spaces or signs."
            )
    return rows


def _read_picture(folder: Path, name: str) -> GrayImage:
    for path in (folder / name, folder / "images" / name):
        if path.is_file():
            try:
                return decode_image(path.read_bytes(), max_pixels=MAX_PIXELS)
            except RequestError as error:
                raise TrainerError(f"{path} cannot be read: {error}") from error
    raise TrainerError(f"{folder / name} does not exist, but {LABELS_FILE} names it.")
