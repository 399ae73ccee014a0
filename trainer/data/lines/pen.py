"""A pen: strokes through points become ink, each time a little otherwise."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Points = tuple[tuple[float, float], ...]
Shape = tuple[Points, ...]
"""Strokes through points (x, y) of a box one high, y downwards; a point that is named twice is a corner."""

_MARGIN_PX = 4
_SCALE = 4  # drawn this much larger than it is kept
_SAMPLES = 12  # of each piece of a curve


@dataclass(frozen=True, slots=True)
class Pen:
    """How strokes are drawn.

    Attributes:
        slant: as shapes per height to the left going down; 0 is upright.
        width: of what is drawn, relative to its shape.
        breadth_px: of a stroke.
        wobble: how far points stray (standard deviation, in heights).
        roundness: of the way from point to point; 0 is straight.
    """

    slant: float
    width: float
    breadth_px: float
    wobble: float
    roundness: float


def draw_shape(shape: Shape, pen: Pen, rng: np.random.Generator, *, size_px: int) -> NDArray[np.uint8]:
    """Ink on black, uint8 (size_px + 8, size_px + 8), in the middle, its longer side `size_px`."""
    shift = rng.normal(0, pen.wobble, 2)
    strokes = []
    for points in shape:
        wobbling = np.array(points) + rng.normal(0, pen.wobble, (len(points), 2)) + shift * rng.random()
        # Corners stay corners: a point that is named twice is moved once.
        for index in range(1, len(points)):
            if points[index] == points[index - 1]:
                wobbling[index] = wobbling[index - 1]
        curve = _curve(wobbling, pen.roundness)
        curve[:, 0] = (curve[:, 0] - pen.slant * (curve[:, 1] - 0.5)) * pen.width
        strokes.append(curve)
    everything = np.concatenate(strokes)
    low, high = everything.min(axis=0), everything.max(axis=0)
    breadth = pen.breadth_px * rng.uniform(0.85, 1.15) * _SCALE
    scale = (size_px * _SCALE - breadth) / float((high - low).max())
    canvas_px = size_px + 2 * _MARGIN_PX
    middle = canvas_px * _SCALE / 2
    picture = np.zeros((canvas_px * _SCALE,) * 2, np.uint8)
    for curve in strokes:
        placed = (curve - (low + high) / 2) * scale + middle
        # OpenCV takes whole numbers with this many bits behind the point.
        cv2.polylines(
            picture, [np.rint(placed * 16).astype(np.int32)], False, 255, max(1, round(breadth)), cv2.LINE_AA, shift=4
        )
    return np.asarray(cv2.resize(picture, (canvas_px, canvas_px), interpolation=cv2.INTER_AREA), np.uint8)


def _curve(points: NDArray[np.float64], roundness: float) -> NDArray[np.float64]:
    """A cardinal spline through the points; float64 (n, 2)."""
    padded = np.concatenate([points[:1], points, points[-1:]])
    steps = np.linspace(0, 1, _SAMPLES)[:, None]
    pieces = []
    for index in range(len(points) - 1):
        before, start, end, after = padded[index : index + 4]
        leaving, arriving = roundness * (end - before) / 2, roundness * (after - start) / 2
        pieces.append(
            (2 * steps**3 - 3 * steps**2 + 1) * start
            + (steps**3 - 2 * steps**2 + steps) * leaving
            + (3 * steps**2 - 2 * steps**3) * end
            + (steps**3 - steps**2) * arriving
        )
    return np.concatenate(pieces)
