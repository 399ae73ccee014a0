"""Real handwriting as files that a client would post. None of it was trained on."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from tests.pictures import encode, png
from trainer.data.bhmsds import bhmsds_pictures
from trainer.data.mnist import load_mnist


@dataclass(frozen=True, slots=True)
class PictureSet:
    """Picture files with the digit that each shows.

    Attributes:
        files: as they are posted.
        labels: int64 (n,), 0 to 9.
    """

    files: list[bytes]
    labels: np.ndarray


def mnist_test(data_dir: Path) -> PictureSet:
    """MNIST's 10,000 test digits as they are: 28 x 28 px, light on dark, PNG."""
    digits = load_mnist(data_dir).test
    return PictureSet([png(canvas[:, :, 0]) for canvas in digits.canvases], digits.labels)


def mnist_redrawn(data_dir: Path) -> PictureSet:
    """The same digits dark on light on 280 x 280 px, smaller than the page and off its center, as JPEG."""
    rng = np.random.default_rng(2)
    digits = load_mnist(data_dir).test
    files = []
    for canvas in digits.canvases:
        side = int(rng.integers(120, 220))
        enlarged = cv2.resize(255 - canvas[:, :, 0], (side, side), interpolation=cv2.INTER_CUBIC)
        page = np.full((280, 280), 255, np.uint8)
        top, left = rng.integers(0, 280 - side, 2)
        page[top : top + side, left : left + side] = enlarged
        files.append(encode(page, "JPEG", quality=85))
    return PictureSet(files, digits.labels)


def optdigits(data_dir: Path) -> PictureSet:
    """Both parts of UCI's optdigits, 32 x 32 px, light on dark."""
    with np.load(data_dir / "optdigits.npz") as arrays:
        pictures = np.concatenate([arrays["train_images"], arrays["test_images"]])
        labels = np.concatenate([arrays["train_labels"], arrays["test_labels"]])
    return PictureSet([png(picture) for picture in pictures], labels)


def semeion(data_dir: Path) -> PictureSet:
    """UCI's semeion: 16 x 16 px, light on dark, every digit stretched until it touches all four edges."""
    with np.load(data_dir / "semeion.npz") as arrays:
        return PictureSet([png(picture) for picture in arrays["images"]], arrays["labels"])


def photo_cells(data_dir: Path) -> PictureSet:
    """Cells with one digit, printed or by hand, from photographs of puzzles; JPEG, as they were cut out."""
    paths = sorted((data_dir / "photo_cells").glob("[0-9]-*.jpg"))
    return PictureSet([path.read_bytes() for path in paths], np.array([int(path.name[0]) for path in paths]))


def bhmsds_held_back(data_dir: Path) -> PictureSet:
    """The half of bhmsds' pen digits that no model is trained on: European shapes, dark on light, 28 x 28 px."""
    pictures, labels = bhmsds_pictures(data_dir, "held_back")
    return PictureSet([png(picture) for picture in pictures], labels)


PICTURE_SETS: dict[str, Callable[[Path], PictureSet]] = {
    function.__name__: function
    for function in (mnist_test, mnist_redrawn, optdigits, semeion, photo_cells, bhmsds_held_back)
}


def blank_cells(data_dir: Path) -> list[bytes]:
    """Cells of the same photographs in which nothing is written."""
    return [path.read_bytes() for path in sorted((data_dir / "photo_cells").glob("blank-*.jpg"))]
