"""A person's own pictures of numbers: a folder as `trainer/finetune/pictures.py` reads it.

A label is what is written on the picture: digits alone, or empty where nothing is to be read.
"""

from dataclasses import dataclass
from pathlib import Path

from service.recognition.image import GrayImage
from trainer.errors import TrainerError
from trainer.finetune.pictures import (
    LABELS_FILE,
    find_picture,
    read_label_rows,
    read_pictures,
    refuse_unnamed,
    require_folder,
)

MAX_DIGITS = 32


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
    require_folder(folder, f"{LABELS_FILE} and the pictures")
    rows = _read_labels(folder / LABELS_FILE)
    paths = [find_picture(folder, row["file"]) for row in rows]
    pictures = read_pictures(paths)
    refuse_unnamed(folder, paths)
    return OwnPictures(pictures, [row["label"].strip() for row in rows])


def _read_labels(path: Path) -> list[dict[str, str]]:
    rows = read_label_rows(path)
    for number, row in rows.items():
        label = (row["label"] or "").strip()
        if not row["file"] or (label and not (label.isascii() and label.isdigit())) or len(label) > MAX_DIGITS:
            raise TrainerError(
                f"{path}, line {number}: the label of {row['file']!r} is {label!r}; it has to be at most {MAX_DIGITS} "
                "digits, without points, spaces or signs."
            )
    return list(rows.values())
