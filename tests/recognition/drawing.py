"""Pictures that the tests draw themselves: a digit on paper, and what happens to it on the way here."""

import cv2
import numpy as np

PAPER, PEN = 235, 40


def seven(size: int = 280, *, paper: int = PAPER, pen: int = PEN, thickness: int | None = None) -> np.ndarray:
    """A seven with straight strokes, dark on light and off centre; uint8 (size, size)."""
    picture = np.full((size, size), paper, np.uint8)
    corners = np.array([(0.45, 0.30), (0.80, 0.30), (0.55, 0.85)]) * size
    width = thickness or max(1, size // 16)
    cv2.polylines(picture, [np.rint(corners).astype(np.int32)], isClosed=False, color=pen, thickness=width)
    return picture


def in_shadow(picture: np.ndarray, *, depth: float = 0.5) -> np.ndarray:
    """The same picture with its right half in a shadow with a hard edge, and light falling off downwards."""
    height, width = picture.shape
    light = np.linspace(1.0, 0.8, height)[:, np.newaxis] * np.where(np.arange(width) > 0.6 * width, 1 - depth, 1.0)
    return np.rint(picture * light).astype(np.uint8)


def with_grain(picture: np.ndarray, *, deviation: float = 4.0, seed: int = 7) -> np.ndarray:
    """The same picture with normally distributed noise."""
    noise = np.random.default_rng(seed).normal(0.0, deviation, picture.shape)
    return np.clip(np.rint(picture + noise), 0, 255).astype(np.uint8)


def in_cell(picture: np.ndarray, *, pen: int = 30) -> np.ndarray:
    """The same picture with a heavy line at the bottom and a thin one on the left, as cut from a table."""
    framed = picture.copy()
    height, width = framed.shape
    cv2.line(framed, (0, height - 4), (width - 1, height - 6), pen, 7)
    cv2.line(framed, (8, 0), (6, height - 1), pen, 2)
    return framed


def stroke_overlap(found: np.ndarray, expected: np.ndarray) -> float:
    """Intersection over union of two digit canvases at the best shift by a pixel, counting pixels from 128 on."""
    first, second = found[:, :, 0] >= 128, expected[:, :, 0] >= 128
    shifted = [np.roll(first, (rows, columns), (0, 1)) for rows in (-1, 0, 1) for columns in (-1, 0, 1)]
    return max(float((shift & second).sum() / (shift | second).sum()) for shift in shifted)
