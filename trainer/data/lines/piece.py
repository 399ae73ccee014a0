"""What a composed number is put together from: pieces in ink, and what the pieces of one number have in common."""

from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from trainer.data.lines.style import LineStyle

Picture: TypeAlias = NDArray[np.uint8]
"""uint8 (height, width), paper 0 and ink 255."""

HEIGHT_PX = 28  # of a digit of usual size


@dataclass(slots=True)
class Piece:
    """A digit, a mark or what else stands in a number, before it has a place on the line.

    Attributes:
        picture: cropped to its ink.
        rise: of its bottom above the baseline, in pixels.
        class_index: of the reader; None for marks that are not read.
        is_joined: written in one go with the piece before.
    """

    picture: Picture
    rise: float
    class_index: int | None
    is_joined: bool = False


@dataclass(frozen=True, slots=True)
class Manner:
    """How the pieces of one number are written.

    Attributes:
        slant: pixels sideways per pixel of height, to the left going down.
        stretch: of widths, relative; 1 leaves them.
        pen_change: pixels that are added along the edges of digits; below 0 they are taken away.
        pen: width of the strokes that are drawn, in pixels.
    """

    slant: float
    stretch: float
    pen_change: int
    pen: int


def draw_manner(style: LineStyle, rng: np.random.Generator) -> Manner:
    """Chance within what a style allows."""
    slant = float(np.clip(rng.normal(0, style.slant / 2), -style.slant, style.slant))
    stretch = 1 + rng.uniform(-style.stretch, style.stretch)
    pen_change = int(rng.choice([-1, 1, 1, 2])) if rng.random() < style.thickness_chance else 0
    return Manner(slant, stretch, pen_change, pen=int(rng.integers(2, 5)))


def cropped(picture: Picture) -> Picture:
    """The part with ink, at least one pixel of it."""
    x, y, width, height = cv2.boundingRect((picture >= 24).astype(np.uint8))
    return np.ascontiguousarray(picture[y : y + max(1, height), x : x + max(1, width)])
