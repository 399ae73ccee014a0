"""Printed lines in a picture of a digit: the box it was written in, the ruling it stands on, the grid around it.

A line is long, straight and nearly level or upright. So may be a stroke of the digit: the bar of a 7, the stem of
a 4, a whole 1. What tells them apart is where they end. A printed line goes on beyond the digit that touches
it, on both sides, or leaves the picture; a stroke ends where the digit ends.
"""

import math
from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from service.recognition.image import GrayImage

Mask: TypeAlias = NDArray[np.uint8]
"""uint8 (height, width), 0 or 1."""

LINE_SHARE = 0.5  # share of the picture's side that a line runs along at least
MAX_TILT = 0.035  # two degrees, as rise over run
OVERHANG = 0.06  # of the picture's side, by which a line goes on beyond the digit on both sides
OUTER_SHARE = 0.22  # the outer part of a picture, where the lines of its cell are seen
LEFT_BESIDE_STRIPES = 0.4  # of the picture's side; a digit beside a ruling is larger than that
STRIPE_CONTRAST = 40  # of 255, by which a stroke is darker than the ruling that it crosses
MAX_THICKNESS = 0.2  # of the picture's side; what is thicker is a stroke, or a shadow


def printed_lines(strokes: Mask, *, least_share: float) -> Mask:
    """Find the pixels of printed lines, but for those where a stroke of the digit crosses them.

    Args:
        strokes: uint8 (height, width), 1 where there is ink.
        least_share: of a connected piece that reaches the picture's edge with other strokes too. It may have been cut
            out along its edges, so its lines are taken for printed only if they are at least this share of it.

    Returns:
        uint8 (height, width), 1 on and next to printed lines.
    """
    level, upright = _level_strokes(strokes), _transposed(_level_strokes(_transposed(strokes)))
    if not (level.any() or upright.any()):
        return np.zeros_like(strokes)
    pieces = _PiecesWithLines(strokes, level | upright, least_share)
    level = pieces.printed_level(level)
    upright = _transposed(pieces.printed_upright(upright, level))
    return _without_crossings(strokes, level) | _transposed(_without_crossings(_transposed(strokes), upright))


def touching_edges(mask: Mask) -> Mask:
    """Those connected pieces of the mask that reach an edge of the picture."""
    _, labels = cv2.connectedComponents(mask, connectivity=8)
    at_edges = np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]))
    kept: Mask = np.where(np.isin(labels, at_edges), mask, 0).astype(np.uint8)
    return kept


def without_stripes(ink: GrayImage) -> GrayImage:
    """A small clean picture without the rulings that go straight from edge to edge, but for where strokes cross them.

    A stroke may do that too, where a digit was cut out along its edges: the bar of a 7, a whole 1. So they are
    rulings only if what is left is most of the ink's height or width, and keeps away from the edges.

    Args:
        ink: uint8 (height, width), paper 0 and ink up to 255.
    """
    rows, columns = ink.all(axis=1), ink.all(axis=0)
    if not (rows.any() or columns.any()) or rows.all():
        return ink
    stripes = np.zeros_like(ink)
    stripes[rows] = 1
    stripes[:, columns] = 1
    rest = np.where(stripes, 0, ink)
    x, y, width, height = cv2.boundingRect(rest)
    keeps_away = x > 0 and y > 0 and x + width < ink.shape[1] and y + height < ink.shape[0]
    if not keeps_away or max(width, height) < LEFT_BESIDE_STRIPES * max(ink.shape):
        return ink
    # A pixel of a stripe belongs to a stroke too where it is darker than the stripe, or has strokes on both sides.
    level = np.median(ink[stripes > 0])
    crossed = cv2.morphologyEx((rest > 0).astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    is_stroke = (stripes == 0) | (crossed > 0) | (ink > level + STRIPE_CONTRAST)
    kept: GrayImage = np.where(is_stroke, ink, 0).astype(np.uint8)
    return kept


def widened(mask: Mask, *, times: int = 1) -> Mask:
    """The mask and the pixels next to it."""
    wider: Mask = cv2.dilate(mask, np.ones((3, 3), np.uint8), iterations=times)
    return wider


def _transposed(mask: Mask) -> Mask:
    return np.ascontiguousarray(mask.T)


def _level_strokes(strokes: Mask) -> Mask:
    """Ink that belongs to a long, thin and nearly level run, whoever drew it."""
    height, width = strokes.shape
    length = max(3, round(LINE_SHARE * width))
    slack = round(0.5 * MAX_TILT * length)
    # A line that rises by a few pixels is level once every pixel is as tall as the rise.
    tall = cv2.dilate(strokes, np.ones((2 * slack + 1, 1), np.uint8))
    runs = cv2.morphologyEx(tall, cv2.MORPH_OPEN, np.ones((1, length), np.uint8)) & strokes
    thickness = max(2, round(MAX_THICKNESS * height))
    thick = cv2.morphologyEx(runs, cv2.MORPH_OPEN, np.ones((thickness, 1), np.uint8))
    # Where the digit crosses a line, the run is thick for a moment; where it is thick all along, it is a stroke.
    thin = cv2.morphologyEx(runs & ~thick, cv2.MORPH_OPEN, np.ones((1, max(3, length // 4)), np.uint8))
    level: Mask = runs & widened(cv2.morphologyEx(thin, cv2.MORPH_CLOSE, np.ones((1, length), np.uint8)))
    return level


class _PiecesWithLines:
    """Connected pieces of ink, and what is left of each without its straight runs."""

    def __init__(self, strokes: Mask, straight: Mask, least_share: float) -> None:
        self._shape = strokes.shape
        self._num_labels, self._labels = cv2.connectedComponents(strokes, connectivity=8)
        self._rest = np.where(widened(straight, times=2), 0, self._labels)
        num_pixels = np.bincount(self._labels.ravel(), minlength=self._num_labels)
        num_straight = np.bincount(self._labels.ravel(), weights=straight.ravel(), minlength=self._num_labels)
        self._is_mostly_straight = num_straight >= least_share * num_pixels
        self._is_at_edge = np.zeros(self._num_labels, bool)
        rest = self._rest
        self._is_at_edge[np.concatenate([rest[0], rest[-1], rest[:, 0], rest[:, -1]])] = True

    def printed_level(self, straight: Mask) -> Mask:
        """Those of the level runs that are printed lines."""
        return self._printed(straight, along_rows=True, has_level_line=np.ones(self._num_labels, bool))

    def printed_upright(self, straight: Mask, printed_level: Mask) -> Mask:
        """Those of the upright runs that are; without a level line one may be a 1, or the stem of a 4."""
        has_level_line = np.zeros(self._num_labels, bool)
        has_level_line[self._labels[printed_level > 0]] = True
        return self._printed(straight, along_rows=False, has_level_line=has_level_line)

    def _printed(self, straight: Mask, *, along_rows: bool, has_level_line: NDArray[np.bool_]) -> Mask:
        _, runs, stats, _ = cv2.connectedComponentsWithStats(straight, connectivity=8)
        is_printed = np.zeros(len(stats), np.uint8)
        for index, (left, top, width, height, _) in enumerate(stats[1:], start=1):
            label = int(self._labels[runs == index].max())
            along, across = (_Span(left, width), _Span(top, height))
            if not along_rows:
                along, across = across, along
            is_printed[index] = self._is_printed(label, along, across, along_rows, bool(has_level_line[label]))
        mask: Mask = is_printed[runs]
        return mask

    def _is_printed(self, label: int, along: "_Span", across: "_Span", along_rows: bool, has_level_line: bool) -> bool:
        length, breadth = self._shape[::-1] if along_rows else self._shape
        if self._is_at_edge[label] and not self._is_mostly_straight[label]:
            return False
        leaves_at_start, leaves_at_end = along.start == 0, along.end == length
        hanging = self._hanging_on(label, axis=1 if along_rows else 0)
        if hanging is None:
            margin = OUTER_SHARE * breadth
            is_outer = across.end <= margin or across.start >= breadth - margin
            return bool(has_level_line or (is_outer and (leaves_at_start or leaves_at_end)))
        overhang = OVERHANG * length
        goes_on_before = leaves_at_start or along.start + overhang <= hanging.start
        goes_on_after = leaves_at_end or hanging.end + overhang <= along.end
        if not along_rows and not has_level_line:
            # The stem of a 4 goes on beyond its arms too, so an upright needs a level line with it, or no end.
            return leaves_at_start and leaves_at_end
        return bool(goes_on_before and goes_on_after)

    def _hanging_on(self, label: int, *, axis: int) -> "_Span | None":
        """Along an axis, the extent of the strokes of a piece that are not straight runs."""
        indices = np.nonzero(self._rest == label)[axis]
        return _Span(int(indices.min()), int(np.ptp(indices)) + 1) if len(indices) else None


@dataclass(frozen=True, slots=True)
class _Span:
    """Some rows or columns of a picture, from `start` to before `end`."""

    start: int
    size: int

    @property
    def end(self) -> int:
        return self.start + self.size


def _without_crossings(strokes: Mask, level_lines: Mask) -> Mask:
    """Level lines and the pixels next to them, less those that a stroke needs to go through."""
    if not level_lines.any():
        return level_lines
    cleared = widened(level_lines)
    half_thickness = float(np.max(cv2.distanceTransform(level_lines, cv2.DIST_C, 3)))
    gap = 2 * math.ceil(half_thickness) + 4
    beside = np.where(cleared, 0, strokes).astype(np.uint8)
    bridged = cv2.morphologyEx(beside, cv2.MORPH_CLOSE, np.ones((gap, 1), np.uint8))
    return np.where(bridged, 0, cleared).astype(np.uint8)
