"""What people do before a picture is taken, and what is around the paper when it is: scenes drawn around handwriting.

A scene takes the ink of a digit or a number, float32 (height, width), 0 to 1, cropped to it, and a generator of chance;
it gives a photograph, uint8, or what a fax has made of one.
"""

from collections.abc import Callable
from typing import TypeAlias

import cv2
import numpy as np
from PIL import Image

Scene: TypeAlias = Callable[[np.ndarray, np.random.Generator], np.ndarray]

PAPER, PEN, DESK = 235.0, 50.0, 65.0


def circled(ink: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A circle drawn by hand, its ends one over the other, goes around the ink and does not touch it."""
    height, width = ink.shape
    page = with_margin(ink, 0.9)
    middle = (page.shape[1] // 2, page.shape[0] // 2)
    # Through the corners of the ink's box goes an ellipse of the square root of two times its axes.
    axes = [round(0.5 * 2**0.5 * side + rng.uniform(0.08, 0.2) * height) for side in (width, height)]
    start = int(rng.integers(0, 360))
    pen_px = max(2, height // 20)
    cv2.ellipse(page, middle, axes, float(rng.uniform(-4, 4)), start, start + 370, 1.0, pen_px, cv2.LINE_AA)
    return photographed(_on_paper(page), rng)


def on_a_desk(ink: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A note lies askew on a dark desk, which takes a good part of the picture."""
    note = _on_paper(with_margin(ink, 0.6))
    height, width = note.shape
    room = round(0.35 * height)
    size = (width + 2 * room, height + 2 * room)
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), float(rng.uniform(-8, 8)), 1.0)
    turn[:, 2] += room + rng.uniform(-0.3, 0.3, 2) * room
    is_note = cv2.warpAffine(np.ones_like(note), turn, size) > 0.9
    desk = DESK + rng.normal(0.0, 8.0, size[::-1])
    return photographed(np.where(is_note, cv2.warpAffine(note, turn, size), desk), rng)


def on_wood(ink: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A note lies askew on a wooden table, and takes a sixth to a half of the picture's height."""
    note = _on_paper(with_margin(ink, 0.6))
    height, width = note.shape
    room = round(rng.uniform(0.5, 2.5) * height)
    size = (width + 2 * room, height + 2 * room)
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), float(rng.uniform(-8, 8)), 1.0)
    turn[:, 2] += room + rng.uniform(-0.6, 0.6, 2) * room
    is_note = cv2.warpAffine(np.ones_like(note), turn, size) > 0.9
    coarse = cv2.GaussianBlur(rng.normal(0.0, 1.0, (size[1] // 4, size[0] // 4)), (0, 0), sigmaX=6.0, sigmaY=0.8)
    fibers = cv2.resize(coarse / coarse.std(), size)
    wood = rng.uniform(60, 130) + rng.uniform(8, 16) * fibers
    return photographed(np.where(is_note, cv2.warpAffine(note, turn, size), wood), rng)


def under_a_hand(ink: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The shadow of a hand, half as bright as the paper, lies on a part of it."""
    page = _on_paper(with_margin(ink, 0.5))
    height, width = page.shape
    light = np.ones_like(page)
    middle = (int(rng.uniform(0.2, 0.8) * width), int(rng.uniform(0.55, 1.0) * height))
    axes = (int(rng.uniform(0.3, 0.5) * height), int(rng.uniform(0.2, 0.3) * height))
    cv2.ellipse(light, middle, axes, float(rng.uniform(0, 180)), 0, 360, 0.5, -1)
    return photographed(page * cv2.GaussianBlur(light, (0, 0), 0.03 * height), rng)


def faxed(ink: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Gray paper in falling light, which the machine sends as black dots on white."""
    page = _on_paper(with_margin(ink, 0.5))
    page *= np.linspace(0.95, rng.uniform(0.75, 0.9), page.shape[1])
    return np.asarray(Image.fromarray(page.astype(np.uint8)).convert("1").convert("L"))


def in_pale_pencil(ink: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A pencil that takes an eighth of the paper's light at the most, and a twelfth at the least."""
    return photographed(PAPER * (1.0 - rng.uniform(1 / 12, 1 / 8) * with_margin(ink, 0.5)), rng)


def in_a_table(ink: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A cell cut out of a page, seldom along its lines: on most sides a part of its neighbor is in view.

    The same is written in every cell. Of a neighbor at most two thirds are in view, and of a wide one as much as the
    ink is high.
    """
    margins = [round(rng.uniform(low, 0.45) * ink.shape[0]) for low in (0.15, 0.25)]
    cell = np.pad(ink, [(margin, margin) for margin in margins])
    largest = [min(2 * side // 3, ink.shape[0]) for side in cell.shape]
    shown = [[round(rng.uniform(0.2, 1.0) * px) if rng.random() < 0.8 else 0 for _ in range(2)] for px in largest]
    (top, bottom), (left, right) = shown
    height, width = cell.shape
    page = np.tile(cell, (3, 3))[height - top : 2 * height + bottom, width - left : 2 * width + right]
    lines, line_px = np.zeros(page.shape, np.float32), max(1, round(rng.uniform(0.02, 0.06) * ink.shape[0]))
    for y in ([top] if top else []) + ([top + height] if bottom else []):
        cv2.line(lines, (0, y), (page.shape[1], y), 1.0, line_px)
    for x in ([left] if left else []) + ([left + width] if right else []):
        cv2.line(lines, (x, 0), (x, page.shape[0]), 1.0, line_px)
    return photographed(_on_paper(page) * (1.0 - rng.uniform(0.4, 0.7) * lines), rng)


def photographed_paper(ink: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Nothing but paper around the ink."""
    return photographed(_on_paper(with_margin(ink, 0.5)), rng)


def on_white(ink: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """As a tablet draws it."""
    return np.rint(255 * (1.0 - with_margin(ink, 0.5))).astype(np.uint8)


def with_margin(ink: np.ndarray, share: float) -> np.ndarray:
    """Ink with room all around, so many times as wide as the ink is high; float32 (height, width)."""
    return np.pad(ink, round(share * ink.shape[0])).astype(np.float32)


def _on_paper(ink: np.ndarray) -> np.ndarray:
    return PAPER - (PAPER - PEN) * ink


def photographed(scene: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A scene, gray or in color, with falling light, a little blur, and grain; uint8."""
    light = np.linspace(1.0, rng.uniform(0.75, 1.0), scene.shape[1]).reshape(1, -1, *(1,) * (scene.ndim - 2))
    blurred = cv2.GaussianBlur((scene * light).astype(np.float32), (0, 0), 0.8)
    return np.clip(blurred + rng.normal(0.0, 3.0, scene.shape), 0, 255).astype(np.uint8)


SCENES: dict[str, Scene] = {
    scene.__name__: scene for scene in (circled, on_a_desk, on_wood, under_a_hand, faxed, in_pale_pencil, in_a_table)
}


def cropped(picture: np.ndarray, *, height_px: int) -> np.ndarray:
    """The ink of a picture on flat paper, uint8 with paper 0, as a scene takes it; so high."""
    x, y, width, height = cv2.boundingRect((picture >= 24).astype(np.uint8))
    size = (max(2, round(width * height_px / height)), height_px)
    ink = cv2.resize(picture[y : y + height, x : x + width], size, interpolation=cv2.INTER_CUBIC)
    return ink.astype(np.float32) / 255.0
