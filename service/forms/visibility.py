"""Whether print can be seen where it should be: in glare, under a finger or a fold, ink could not be seen either.

A cell in which nothing is seen is empty only if its frame is there. How dark print comes out is measured on the page
itself, for a copy loses much of its print everywhere, and thin lines before thick ones.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from service.forms.page import PageRect
from service.recognition.image import GrayImage

SMOOTH_PX = 15  # of the canvas: print that is a millimeter off, or blurred, is the same print
STRENGTHS = tuple(pairwise((10, 18, 30, 50, 80, 256)))  # of 255: smoothed print is compared with such that is as dark
LEAST_PIXELS = 20  # of print, that tell whether it is seen
LEAST_TILES = 8  # that tell how dark print comes out on a page
LEAST_GAIN = 0.15  # of its darkness; print that is paler than that everywhere tells nothing
LEAST_SEEN = 0.3  # of its usual darkness; hard photographs and faxes stay above, what glare hides below
BESIDE_PX = 4  # around a cell, where its frame is


@dataclass(frozen=True, slots=True)
class Surroundings:
    """A part of a page, as it is and as it was printed.

    Attributes:
        rect: of the part, on the page's canvas.
        seen: uint8 (height, width), how dark the picture is, smoothed.
        expected: uint8 (height, width), how dark the blank page is, smoothed.
    """

    rect: PageRect
    seen: GrayImage
    expected: GrayImage

    @classmethod
    def of(cls, rect: PageRect, ink: GrayImage, page_print: GrayImage) -> "Surroundings":
        """Both uint8 (height, width), of the size of `rect`."""
        size = (SMOOTH_PX, SMOOTH_PX)
        return cls(rect, np.asarray(cv2.blur(ink, size), np.uint8), np.asarray(cv2.blur(page_print, size), np.uint8))

    def tiles(self, cell: PageRect) -> Iterator[tuple[slice, slice]]:
        """Rows and columns of the parts of a cell and its frame: half as high as it is, and about as wide as high."""
        around = cell.widened(BESIDE_PX)
        num_columns = max(2, round(2 * (around.right - around.left) / max(1, around.bottom - around.top)))
        rows = np.linspace(around.top, around.bottom, 3).round().astype(int) - self.rect.top
        columns = np.linspace(around.left, around.right, num_columns + 1).round().astype(int) - self.rect.left
        for top, bottom in pairwise(rows.clip(min=0)):
            for left, right in pairwise(columns.clip(min=0)):
                yield slice(top, bottom), slice(left, right)


class PrintGauge:
    """How dark the print of a page comes out in its picture.

    Args:
        parts: of the page, with the cells in each.
    """

    def __init__(self, parts: Sequence[tuple[Surroundings, Sequence[PageRect]]]) -> None:
        tiles = [
            (part.seen[tile], part.expected[tile])
            for part, cells in parts
            for cell in cells
            for tile in part.tiles(cell)
        ]
        self._gains = [self._gain(tiles, low, high) for low, high in STRENGTHS]

    def sees_print(self, part: Surroundings, cell: PageRect) -> bool:
        """Whether all print in a cell and around it is in the picture; true where there is none."""
        return all(self._is_seen(part.seen[tile], part.expected[tile]) for tile in part.tiles(cell))

    def _is_seen(self, seen: GrayImage, expected: GrayImage) -> bool:
        wanted = found = 0.0
        for (low, high), gain in zip(STRENGTHS, self._gains, strict=True):
            is_print = _is_print(expected, low, high)
            if gain >= LEAST_GAIN and is_print is not None:
                usual = gain * expected[is_print]
                wanted += float(usual.sum())
                found += float(np.minimum(seen[is_print], usual).sum())
        return found >= LEAST_SEEN * wanted

    @staticmethod
    def _gain(tiles: Sequence[tuple[GrayImage, GrayImage]], low: int, high: int) -> float:
        gains = [
            float(seen[is_print].mean() / expected[is_print].mean())
            for seen, expected in tiles
            if (is_print := _is_print(expected, low, high)) is not None
        ]
        return float(np.median(gains)) if len(gains) >= LEAST_TILES else 0.0


def _is_print(expected: GrayImage, low: int, high: int) -> NDArray[np.bool_] | None:
    """Where there is print of about one darkness, bool (height, width); None where there is too little."""
    is_print: NDArray[np.bool_] = (expected >= low) & (expected < high)
    return is_print if np.count_nonzero(is_print) >= LEAST_PIXELS else None
