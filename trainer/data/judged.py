"""Real digits that nothing is trained on, as pictures: what a model is judged by.

`optdigits.npz` and `semeion.npz` (UCI, CC BY 4.0), `photo_cells/` (sudoku-scanner, MIT). Each is used where it exists.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from service.recognition.image import GrayImage, decode_image
from trainer.data.bhmsds import FILE as BHMSDS_FILE
from trainer.data.bhmsds import bhmsds_pictures
from trainer.data.digits import Digits
from trainer.data.mnist import Mnist
from trainer.photograph import photograph

_MAX_PIXELS = 25_000_000
PHOTOGRAPH_SEED = 12


@dataclass(frozen=True, slots=True)
class LabeledPictures:
    """Pictures that show one digit each.

    Attributes:
        pictures: uint8 (height, width) each.
        labels: int64 (n,), 0 to 9.
    """

    pictures: list[GrayImage]
    labels: NDArray[np.int64]


def judged_digits(mnist: Mnist, data_dir: Path) -> dict[str, LabeledPictures]:
    """All sets whose file is there, by name; MNIST's test digits first, as they are and as hard photographs."""
    test = mnist.test
    sets = {"mnist_test": _of(test), "mnist_test_photographed": photographed(test, seed=PHOTOGRAPH_SEED)}
    if (data_dir / BHMSDS_FILE).exists():
        sets["bhmsds_quarter"] = bhmsds_quarter(data_dir, is_for_calibration=False)
    if (data_dir / "optdigits.npz").exists():
        with np.load(data_dir / "optdigits.npz") as arrays:
            pictures = [*arrays["train_images"], *arrays["test_images"]]
            labels = np.concatenate([arrays["train_labels"], arrays["test_labels"]]).astype(np.int64)
        sets["optdigits"] = LabeledPictures(pictures, labels)
    if (data_dir / "semeion.npz").exists():
        with np.load(data_dir / "semeion.npz") as arrays:
            sets["semeion"] = LabeledPictures([*arrays["images"]], arrays["labels"].astype(np.int64))
    paths = photo_cell_paths(data_dir, "[0-9]-*.jpg")
    if paths:
        labels = np.array([int(path.name[0]) for path in paths], dtype=np.int64)
        sets["photo_cells"] = LabeledPictures(read_pictures(paths), labels)
    return sets


def bhmsds_quarter(data_dir: Path, *, is_for_calibration: bool) -> LabeledPictures:
    """One half of the held-back half of bhmsds: every second picture is calibrated on, the others are judged by.

    The whole half is called `bhmsds_held_back` in reports; to judge confidence by, it will not do.
    """
    pictures, labels = bhmsds_pictures(data_dir, "held_back")
    rows = slice(0 if is_for_calibration else 1, None, 2)
    return LabeledPictures([*pictures[rows]], labels[rows])


def photographed(digits: Digits, *, seed: int) -> LabeledPictures:
    """A hard photograph of each digit; digit i depends on `seed` and i alone."""
    pictures = [photograph(canvas, np.random.default_rng([seed, row])) for row, canvas in enumerate(digits.canvases)]
    return LabeledPictures(pictures, digits.labels)


def photo_cell_paths(data_dir: Path, pattern: str) -> list[Path]:
    """Files of the photographed cells whose name fits, in their order; none where the folder is missing."""
    return sorted((data_dir / "photo_cells").glob(pattern))


def read_pictures(paths: list[Path]) -> list[GrayImage]:
    """Picture files, decoded as the service decodes them."""
    return [decode_image(path.read_bytes(), max_pixels=_MAX_PIXELS) for path in paths]


def _of(digits: Digits) -> LabeledPictures:
    return LabeledPictures([*digits.canvases[..., 0]], digits.labels)
