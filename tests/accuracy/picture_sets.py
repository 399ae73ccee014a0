"""Real handwriting as files that a client would post. None of it was trained on."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from tests.accuracy.colored_scenes import as_bright_as_its_paper, in_colored_cells
from tests.accuracy.scenes import SCENES, Scene, cropped, faxed, on_wood
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


def mnist_in_boxes(data_dir: Path) -> PictureSet:
    """The first 1,000 test digits on photograph-like pages, in a printed box."""
    return _on_printed_paper(data_dir, _draw_box)


def mnist_on_rulings(data_dir: Path) -> PictureSet:
    """The same digits on ruled paper, its lines through the digits."""
    return _on_printed_paper(data_dir, _draw_rulings)


def mnist_on_grids(data_dir: Path) -> PictureSet:
    """The same digits on squared paper."""
    return _on_printed_paper(data_dir, _draw_grid)


def _on_printed_paper(data_dir: Path, draw: Callable[[np.ndarray, np.random.Generator], None]) -> PictureSet:
    """Digits of 110 to 200 px on pages of 280 px with print, falling light, grain and JPEG."""
    rng = np.random.default_rng(3)
    digits = load_mnist(data_dir).test
    files = []
    for canvas in digits.canvases[:1000]:
        side = int(rng.integers(110, 200))
        ink = np.zeros((280, 280), np.float32)
        top, left = rng.integers(10, 270 - side, 2)
        ink[top : top + side, left : left + side] = cv2.resize(canvas[:, :, 0], (side, side)) / 255.0
        lines = np.zeros((280, 280), np.uint8)
        draw(lines, rng)
        printed = cv2.GaussianBlur(lines, (0, 0), 0.7) / 255.0 * rng.uniform(0.25, 0.8)
        light = rng.uniform(190, 245) * np.linspace(1.0, rng.uniform(0.7, 1.0), 280)
        page = light * (1.0 - np.maximum(printed, 0.85 * ink)) + rng.normal(0.0, 3.0, ink.shape)
        files.append(encode(np.clip(page, 0, 255).astype(np.uint8), "JPEG", quality=85))
    return PictureSet(files, digits.labels[:1000])


def _draw_box(lines: np.ndarray, rng: np.random.Generator) -> None:
    margin, thickness = int(rng.integers(2, 30)), int(rng.integers(1, 4))
    cv2.rectangle(lines, (margin, margin), (279 - margin, 279 - margin), 255, thickness)


def _draw_rulings(lines: np.ndarray, rng: np.random.Generator) -> None:
    rise, thickness, spacing = int(rng.integers(-8, 9)), int(rng.integers(1, 4)), int(rng.integers(38, 75))
    for y in range(-280, 560, spacing):
        cv2.line(lines, (0, y), (279, y + rise), 255, thickness)


def _draw_grid(lines: np.ndarray, rng: np.random.Generator) -> None:
    _draw_rulings(lines, rng)
    lines |= lines.T[:, ::-1]


def mnist_in_scene(data_dir: Path, scene: Scene) -> PictureSet:
    """The first 1,000 test digits, 70 to 140 px high, in a scene, 500 where it is a large one; JPEG, but for a fax."""
    rng = np.random.default_rng(4)
    digits = load_mnist(data_dir).test
    num_digits = 500 if scene is on_wood else 1000
    files = []
    for canvas in digits.canvases[:num_digits]:
        picture = scene(cropped(canvas[:, :, 0], height_px=int(rng.integers(70, 140))), rng)
        files.append(png(picture) if scene is faxed else encode(picture, "JPEG", quality=85))
    return PictureSet(files, digits.labels[:num_digits])


COLORED: dict[str, Scene] = {scene.__name__: scene for scene in (as_bright_as_its_paper, in_colored_cells)}
PICTURE_SETS: dict[str, Callable[[Path], PictureSet]] = {
    function.__name__: function
    for function in (
        mnist_test,
        mnist_redrawn,
        optdigits,
        semeion,
        photo_cells,
        bhmsds_held_back,
        mnist_in_boxes,
        mnist_on_rulings,
        mnist_on_grids,
    )
} | {f"mnist_{name}": partial(mnist_in_scene, scene=scene) for name, scene in (SCENES | COLORED).items()}


def blank_cells(data_dir: Path) -> list[bytes]:
    """Cells of the same photographs in which nothing is written."""
    return [path.read_bytes() for path in sorted((data_dir / "photo_cells").glob("blank-*.jpg"))]
