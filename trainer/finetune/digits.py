"""A person's own digits, one to a picture.

Either a folder for each digit,           or one folder with `labels.csv`:

DIR/                                      DIR/
├── 0/*.png, *.jpg, ...                   ├── labels.csv      columns `file`, `label`; perhaps `writer`
├── 1/...                                 └── *.png, *.jpg    in DIR or in DIR/images
└── 9/...

Not every digit has to be there. Pictures are decoded, and their ink found and placed, by the service's own code.
"""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from trainer.data.digits import Digits
from trainer.errors import TrainerError
from trainer.finetune.pictures import (
    LABELS_FILE,
    find_picture,
    read_label_rows,
    read_pictures,
    refuse_faulty,
    refuse_unnamed,
    require_folder,
)
from trainer.readings import Seen, see

_DIGITS = tuple("0123456789")
_LAYOUT = f"a folder for each digit (0 to 9), or {LABELS_FILE} and the pictures"


@dataclass(frozen=True, slots=True)
class OwnDigits:
    """Pictures of digits as the service sees them.

    Attributes:
        digits: canvases and labels.
        seen: the same canvases, and which of them come from clean pictures.
        hashes: SHA-256 (hex) of each file; pictures that are the same have the same.
        writers: who wrote each; None where that is not known.
    """

    digits: Digits
    seen: Seen
    hashes: Sequence[str]
    writers: Sequence[str] | None

    def __len__(self) -> int:
        return len(self.digits)

    def take(self, rows: NDArray[np.bool_]) -> "OwnDigits":
        """The pictures of these rows."""
        chosen = np.flatnonzero(rows)
        return OwnDigits(
            self.digits.take(chosen),
            Seen(self.seen.canvases[chosen], self.seen.is_clean[chosen]),
            [self.hashes[row] for row in chosen.tolist()],
            None if self.writers is None else [self.writers[row] for row in chosen.tolist()],
        )


@dataclass(frozen=True, slots=True)
class _Labeled:
    path: Path
    digit: int
    writer: str | None = None


def load_own_digits(folder: Path) -> OwnDigits:
    """All pictures that have a label; by `labels.csv` where there is one.

    Raises:
        TrainerError: the folder is missing, its pictures have no labels or all the same one, or some cannot be read,
            are blank or contradict each other; names them.
    """
    require_folder(folder, _LAYOUT)
    labeled = _by_table(folder) if (folder / LABELS_FILE).exists() else _by_folder(folder)
    found = sorted({one.digit for one in labeled})
    if len(found) == 1:
        raise TrainerError(
            f"All {len(labeled)} pictures in {folder} show a {found[0]}. Whoever learns from one digit alone learns to "
            "say nothing else. Add pictures of at least one other digit."
        )
    seen = see(read_pictures([one.path for one in labeled]))
    refuse_faulty([f"{labeled[row].path} shows no ink." for row in np.flatnonzero(seen.is_blank)])
    hashes = [hashlib.sha256(one.path.read_bytes()).hexdigest() for one in labeled]
    _refuse_contradictions(labeled, hashes)
    labels = np.array([one.digit for one in labeled], dtype=np.int64)
    writers = [one.writer for one in labeled if one.writer is not None]
    return OwnDigits(Digits(seen.canvases, labels), seen, hashes, writers if len(writers) == len(labeled) else None)


def _by_folder(folder: Path) -> list[_Labeled]:
    folders = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    strange = [path.name for path in folders if path.name not in _DIGITS]
    loose = _files(folder)
    if not folders or loose:
        what = f"{loose[0].name} has no label" if loose else "it is empty"
        raise TrainerError(f"{folder} is to hold {_LAYOUT}, but {what}. Put every picture where its label shows.")
    if strange:
        raise TrainerError(
            f"{folder / strange[0]} names no digit: folders are called 0 to 9. Rename it, or move it away; or write "
            f"{LABELS_FILE}."
        )
    labeled = [_Labeled(path, int(one.name)) for one in folders for path in _files(one)]
    if not labeled:
        raise TrainerError(f"The folders in {folder} hold no picture.")
    return labeled


def _by_table(folder: Path) -> list[_Labeled]:
    labeled = []
    table = folder / LABELS_FILE
    for number, row in read_label_rows(table).items():
        label = (row["label"] or "").strip()
        if not row["file"] or label not in _DIGITS:
            raise TrainerError(
                f"{table}, line {number}: the label of {row['file']!r} is {label!r}; it has to be one digit, 0 to 9. "
                "Move away what has none."
            )
        writer = (row.get("writer") or "").strip() or None
        labeled.append(_Labeled(find_picture(folder, row["file"]), int(label), writer))
    refuse_unnamed(folder, [one.path for one in labeled])
    without = [one.path for one in labeled if one.writer is None]
    if 0 < len(without) < len(labeled):
        raise TrainerError(
            f"{table} names a writer for some pictures, but none for {without[0].name}. Name all of them, or none."
        )
    return labeled


def _files(folder: Path) -> list[Path]:
    """What is not hidden; file managers leave hidden files."""
    return sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))


def _refuse_contradictions(labeled: Sequence[_Labeled], hashes: Sequence[str]) -> None:
    same: dict[str, list[_Labeled]] = defaultdict(list)
    for one, digest in zip(labeled, hashes, strict=True):
        same[digest].append(one)
    for group in same.values():
        for other in group[1:]:
            if other.digit != group[0].digit:
                raise TrainerError(
                    f"{group[0].path} and {other.path} are the same picture, but one is labeled {group[0].digit} and "
                    f"the other {other.digit}. Correct one of them."
                )
