"""Where in the picture each digit of a number stands.

The reader only tells about which frames a digit was read, a place somewhere on the digit and not its outline.
So the ink is cut between neighbors where there is least of it, and what lies between two cuts is a digit.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from service.recognition.image import GrayImage
from service.recognition.line import Line
from service.recognition.line_canvas import FRAME_PX, PlacedLine
from service.recognition.prediction import Box

INK_LEVEL = 64  # of 255; fainter is the blurred edge of a stroke
GAP_SHARE = 0.08  # of the line's height; ink beyond a wider gap is a dot, a dash or a letter, and none of the digit


@dataclass(frozen=True, slots=True)
class Frames:
    """The frames about which a digit was read, both included; they count from 0."""

    first: int
    last: int


def digit_boxes(
    line: Line, placed: PlacedLine, frames: Sequence[Frames], *, picture_shape: tuple[int, ...]
) -> list[Box]:
    """The box of every digit of a number, in the pixels of the picture.

    Args:
        line: what was found in the picture; not blank.
        placed: the canvas that was read, with the line's ink.
        frames: of each digit, from left to right.
        picture_shape: (height, width); boxes are clipped to it.

    Returns:
        One box for each digit, each at least one pixel wide and high; none where there are no digits.
    """
    centers = [column_of(one.first, one.last, placed, line.image.shape[1]) for one in frames]
    ink: NDArray[np.bool_] = line.image >= INK_LEVEL
    ink_per_column = ink.sum(axis=0)
    cuts = [_cut(ink_per_column, left, right) for left, right in pairwise(centers)]
    max_gap_px = max(1, round(GAP_SHARE * line.image.shape[0]))
    boxes = []
    for center, (start, end) in zip(centers, pairwise([0, *cuts, len(ink_per_column)]), strict=False):
        first, last = _extent(ink_per_column[start:end] > 0, center - start, max_gap_px)
        extent = _with_rows(line.image, ink, start + first, start + last + 1)
        boxes.append(_in_picture(extent, line.to_picture, picture_shape))
    return boxes


def column_of(first_frame: int, last_frame: int, placed: PlacedLine, width: int) -> int:
    """The column of the ink image under the middle of some frames.

    Args:
        first_frame: they count from 0.
        last_frame: included.
        placed: the canvas that was read.
        width: of the ink image.
    """
    canvas_x = (first_frame + last_frame + 1) / 2 * FRAME_PX
    return int(np.clip((canvas_x - placed.left) / placed.scale_x, 0, width - 1))


def _cut(ink_per_column: NDArray[np.int64], left: int, right: int) -> int:
    """The column with least ink between two digits; of several, the middle of the widest run."""
    if right - left < 2:
        return max(left, right)
    between = ink_per_column[left + 1 : right]
    starts, ends = _runs(between == between.min())
    widest = int(np.argmax(ends - starts))
    return left + 1 + int(starts[widest] + ends[widest]) // 2


def _extent(has_ink: NDArray[np.bool_], center: int, max_gap_px: int) -> tuple[int, int]:
    """First and last column of the digit about a center, in a stretch that holds no other digit.

    Columns of ink belong together across gaps of at most `max_gap_px`; of such groups, the digit is the one that is
    nearest to the center.
    """
    center = int(np.clip(center, 0, len(has_ink) - 1))
    if not has_ink.any():
        return center, center
    starts, ends = _runs(has_ink)
    is_far = starts[1:] - ends[:-1] > max_gap_px
    starts = starts[np.concatenate([[True], is_far])]
    ends = ends[np.concatenate([is_far, [True]])]
    distances = np.maximum(starts - center, 0) + np.maximum(center - (ends - 1), 0)
    nearest = int(distances.argmin())
    return int(starts[nearest]), int(ends[nearest]) - 1


def _runs(mask: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where runs of True begin, and where they are over."""
    edges = np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8))
    return np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)


def _with_rows(image: GrayImage, ink: NDArray[np.bool_], start: int, end: int) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of the ink in the columns; of all their rows where it is too faint."""
    _, top, _, height = cv2.boundingRect(ink[:, start:end].astype(np.uint8))
    return (start, top, end, top + height) if height else (start, 0, end, image.shape[0])


def _in_picture(
    extent: tuple[int, int, int, int], to_picture: NDArray[np.float64], picture_shape: tuple[int, ...]
) -> Box:
    """The upright box around an extent of the ink image, which may lie tilted in the picture."""
    left, top, right, bottom = extent
    corners = np.array([[left, top, 1], [right, top, 1], [left, bottom, 1], [right, bottom, 1]], np.float64)
    xs, ys = to_picture @ corners.T
    x = min(max(0, math.floor(xs.min() + 1e-6)), picture_shape[1] - 1)
    y = min(max(0, math.floor(ys.min() + 1e-6)), picture_shape[0] - 1)
    width = min(picture_shape[1], math.ceil(xs.max() - 1e-6)) - x
    height = min(picture_shape[0], math.ceil(ys.max() - 1e-6)) - y
    return Box(x, y, max(1, width), max(1, height))
