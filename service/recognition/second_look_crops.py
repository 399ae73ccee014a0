"""The symbols of a line as pictures of their own, cut out where the reader saw them.

A reader tells a column that each symbol stands in; the strokes tell the rest:

1. Strokes that hang together belong to the symbol whose column they cross.
2. Strokes that cross the columns of several, because digits touch, are parted between each two of them along a seam:
   the way from top to bottom that meets least ink. An upright cut would go through every slanted pair.
3. Strokes that cross no column belong to the symbol above or below which they stand, as the bar of a broken 5 does.
   Beside a symbol they are a dot, a dash or a piece of a rule, and belong to none.

Source: Avidan and Shamir 2007, "Seam Carving for Content-Aware Image Resizing", for the seam.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from service.recognition.image import GrayImage

STROKE_LEVEL = 48  # of 255; what is fainter goes with the stroke that it lies next to
REACH = 0.1  # of the line's height: how far from its column a symbol's strokes are looked for
OVERLAP = 0.4  # of its width; a stroke that stands above or below a symbol with less of it stands beside it
BAR_GAP = 0.06  # of the line's height; a bar in the upper half that is no further away is a part of the symbol
SEAM_PX = 28  # height at which seams are looked for; what follows is in pixels of it
CROSSING = 20.0  # pixels of ink that it costs to enter a stroke: two thin strokes are a loop, one thick one a joint
LEANING = 0.05  # pixels of ink that a step aside costs
MIDDLE = 0.1  # pixels of ink that a row of the seam costs at either column, and none in the middle between them

Columns = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Part:
    """Strokes, or a part of them.

    Attributes:
        left, top: where `mask` begins in the line.
        mask: bool (height, width).
    """

    left: int
    top: int
    mask: NDArray[np.bool_]

    @property
    def right(self) -> int:
        return self.left + int(self.mask.shape[1])

    @property
    def bottom(self) -> int:
        return self.top + int(self.mask.shape[0])


@dataclass(frozen=True, slots=True)
class Crop:
    """The picture of one symbol.

    Attributes:
        ink: uint8 (height, width), paper 0: its strokes and nothing else; (0, 0) where there are none.
        is_parted: whether it hung together with another one, so that the cut may have gone wrong.
    """

    ink: GrayImage
    is_parted: bool


def symbol_crops(line: GrayImage, columns: Sequence[int]) -> list[Crop]:
    """Cut a line into the pictures of its symbols, one for each.

    Args:
        line: uint8 (height, width), paper 0 and ink up to 255.
        columns: of each symbol one that it stands in, from left to right.
    """
    if not columns or not line.any():
        return [Crop(np.zeros((0, 0), np.uint8), is_parted=False) for _ in columns]
    strokes = _Strokes(line)
    mains = [strokes.nearest(column) for column in columns]
    parts: list[list[_Part]] = [[] for _ in columns]
    for stroke in sorted({main for main in mains if main is not None}):
        owners = [symbol for symbol, main in enumerate(mains) if main == stroke]
        parted = _part(line, strokes.part(stroke), [columns[symbol] for symbol in owners])
        for symbol, part in zip(owners, parted, strict=True):
            parts[symbol].append(part)
    for stroke, symbol in _companions(strokes, {main for main in mains if main is not None}, parts, line.shape[0]):
        parts[symbol].append(strokes.part(stroke))
    is_parted = [main is not None and mains.count(main) > 1 for main in mains]
    return [Crop(_ink_of(line, of_symbol), parted) for of_symbol, parted in zip(parts, is_parted, strict=True)]


class _Strokes:
    """Strokes of a line, each of which hangs together; they count from 0."""

    def __init__(self, line: GrayImage) -> None:
        mask = (line >= STROKE_LEVEL).astype(np.uint8)
        _, self._labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
        self.left, self.top, self.width, self.height, _ = stats[1:].T
        self.right, self.bottom = self.left + self.width, self.top + self.height
        self._reach = max(1, round(REACH * line.shape[0]))

    def __len__(self) -> int:
        return len(self.left)

    def nearest(self, column: int) -> int | None:
        """The stroke with most ink about a column, else the nearest one; None where there are none."""
        if not len(self):
            return None
        about = self._labels[:, max(0, column - self._reach) : column + self._reach + 1]
        areas = np.bincount(about.ravel(), minlength=len(self) + 1)[1:]
        if areas.any():
            return int(areas.argmax())
        return int((np.maximum(self.left - column, 0) + np.maximum(column - self.right + 1, 0)).argmin())

    def part(self, stroke: int) -> _Part:
        """A whole stroke."""
        left, top = int(self.left[stroke]), int(self.top[stroke])
        box = self._labels[top : self.bottom[stroke], left : self.right[stroke]]
        return _Part(left, top, box == stroke + 1)


def _part(line: GrayImage, whole: _Part, columns: Sequence[int]) -> list[_Part]:
    """Share out a stroke among the symbols that stand in it, each with a column of the line."""
    if len(columns) == 1:
        return [whole]
    height, width = whole.mask.shape
    scale = min(1.0, SEAM_PX / line.shape[0])
    size = max(1, round(width * scale)), max(1, round(height * scale))
    ink = np.where(whole.mask, line[whole.top : whole.bottom, whole.left : whole.right], 0).astype(np.uint8)
    small = cv2.resize(ink, size, interpolation=cv2.INTER_AREA).astype(np.float64) / 255.0
    at = [int(np.clip((column - whole.left) * size[0] / width, 0, size[0] - 1)) for column in columns]
    row_of = np.minimum(np.arange(height) * size[1] // height, size[1] - 1)
    place = np.zeros((height, width), np.int64)
    for left, right in pairwise(at):
        seam = _seam(small, left, right)[row_of] * width / size[0]
        place += np.arange(width) >= seam[:, None]
    return [_Part(whole.left, whole.top, whole.mask & (place == index)) for index in range(len(columns))]


def _seam(ink: NDArray[np.float64], left: int, right: int) -> Columns:
    """The cheapest way down between two columns.

    Args:
        ink: float64 (height, width), 0 to 1.
        left: column that it keeps to the right of.
        right: and to the left of.

    Returns:
        int64 (height,): of each row, the first column to the right of the cut.
    """
    height = len(ink)
    if right - left < 2:
        return np.full(height, max(left, right))
    between = ink[:, left + 1 : right]
    width = between.shape[1]
    # A row of paper above and a column of it on either side spare the edges their special cases.
    is_ink = np.pad(between > 0.25, ((1, 0), (1, 1)))
    cost = between + MIDDLE * np.abs(np.arange(width) - (width - 1) / 2) / width
    so_far = np.full(width + 2, np.inf)
    so_far[1:-1] = 0.0
    came_from = np.empty((height, width), np.int64)
    ways = np.empty((3, width))  # from the left, from above, from the right
    for row in range(height):
        entering = so_far + CROSSING * ~is_ink[row]  # what it costs to come from paper into ink
        for way, (shift, aside) in enumerate(((0, LEANING), (1, 0.0), (2, LEANING))):
            come_from = slice(shift, shift + width)
            ways[way] = np.where(is_ink[row + 1, 1:-1], entering[come_from], so_far[come_from]) + aside
        ways.argmin(axis=0, out=came_from[row])
        so_far[1:-1] = ways.min(axis=0) + cost[row]
    column = int(so_far[1:-1].argmin())
    seam = np.empty(height, np.int64)
    for row in range(height - 1, -1, -1):
        seam[row] = left + 1 + column
        column += int(came_from[row, column]) - 1
    return seam


def _companions(
    strokes: _Strokes, taken: set[int], parts: Sequence[Sequence[_Part]], height: int
) -> list[tuple[int, int]]:
    """Which of the strokes that no symbol has belong to one, as (stroke, symbol)."""
    symbols = [symbol for symbol, of_symbol in enumerate(parts) if of_symbol]
    if not symbols:
        return []
    extents = [_extent(parts[symbol]) for symbol in symbols]
    lefts, rights = (np.array(sides) for sides in zip(*extents, strict=True))
    found = []
    for stroke in sorted(set(range(len(strokes))) - taken):
        overlaps = np.minimum(rights, strokes.right[stroke]) - np.maximum(lefts, strokes.left[stroke])
        best = int(overlaps.argmax())
        is_bar = strokes.width[stroke] > strokes.height[stroke] and strokes.bottom[stroke] < 0.5 * height
        least = -BAR_GAP * height if is_bar else OVERLAP * strokes.width[stroke]
        if overlaps[best] >= least:
            found.append((stroke, symbols[best]))
    return found


def _extent(parts: Sequence[_Part]) -> tuple[int, int]:
    """First column of parts, and the one after their last; of a part without ink, its box."""
    columns = [part.left + np.flatnonzero(part.mask.any(axis=0)) for part in parts]
    found = np.concatenate(columns)
    return (int(found[0]), int(found[-1]) + 1) if len(found) else (parts[0].left, parts[0].right)


def _ink_of(line: GrayImage, parts: Sequence[_Part]) -> GrayImage:
    """The ink of parts with its soft edge, cropped to their box."""
    if not parts:
        return np.zeros((0, 0), np.uint8)
    left, top = max(0, min(part.left for part in parts) - 1), max(0, min(part.top for part in parts) - 1)
    right, bottom = max(part.right for part in parts) + 1, max(part.bottom for part in parts) + 1
    ink = line[top:bottom, left:right]
    mask = np.zeros(ink.shape, np.uint8)
    for part in parts:
        mask[part.top - top : part.bottom - top, part.left - left : part.right - left] |= part.mask
    # What is fainter than a stroke lies at the edge of one; what is not, beyond the mask, is a neighbor's.
    is_edge = (cv2.dilate(mask, np.ones((3, 3), np.uint8)) > 0) & (ink < STROKE_LEVEL)
    own: GrayImage = np.where((mask > 0) | is_edge, ink, 0).astype(np.uint8)
    return own
