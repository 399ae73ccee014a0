"""Loops drawn around what is written: a circle around an answer, a box around a number.

A loop hangs together and goes all the way round other ink, which does not touch it. A 0 may do so too, around the dot
or the slash that tells it from an O; but a dot is small, and a slash is a bar that leans further than any 1.
"""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from service.recognition.lines import Mask

MAX_LOOPS = 20  # largest pieces that are looked at
LEAST_LOOP_PX = 16  # of its shorter side; within less, nothing can be told
GAP = 0.1  # of its shorter side, which a loop may leave open
LEAST_HEIGHT = 0.3  # of the loop's height, that what is inside has at least
LEAST_AREA = 0.02  # of the loop's ink, that each piece inside has; smaller ones are specks
WHOLLY = 0.9  # of the ink of a piece that is inside, where all of it is
CONVEX = 0.9  # of its hull, that a loop fills; the outline of a hollow digit has more bays
ONE_PLACE = 0.9  # of what it encloses, that hangs together; in squared paper are many
THICKEST = 0.6  # of what it encloses, that the ink of a loop covers at most
DEEP = 4.5  # times the usual distance of a loop's ink from what is outside: a stroke that runs into it is further in
MAX_DEEP = 0.03  # of its ink that is
INSIDE, OUTSIDE = 0, 2
SLASH_LENGTH = 3.0  # widths of a bar
SLASH_DEG = 30.0  # from upright; a 1 leans less


def loops_around_ink(strokes: Mask) -> Mask | None:
    """Those pieces that enclose others.

    Args:
        strokes: uint8 (height, width), 1 where there is ink.

    Returns:
        uint8 (height, width), 1 on them; None where there are none.
    """
    found = []
    _, labels, stats, _ = cv2.connectedComponentsWithStats(strokes, connectivity=8)
    left, top, width, height, area = stats.T
    right, bottom = left + width, top + height
    largest = 1 + np.argsort(width[1:] * height[1:])[::-1][:MAX_LOOPS]
    for label in largest[np.minimum(width, height)[largest] >= LEAST_LOOP_PX]:
        is_within = (left > left[label]) & (right < right[label]) & (top > top[label]) & (bottom < bottom[label])
        is_within &= area >= LEAST_AREA * area[label]
        if not is_within.any():
            continue
        if bottom[is_within].max() - top[is_within].min() < LEAST_HEIGHT * height[label]:
            continue
        part = labels[top[label] : bottom[label], left[label] : right[label]]
        loop = (part == label).astype(np.uint8)
        enclosed = _enclosed_by(loop)
        if _is_outline(loop, enclosed) and _holds_writing(enclosed == INSIDE, part, np.flatnonzero(is_within)):
            found.append(label)
    return np.isin(labels, found).astype(np.uint8) if found else None


def _enclosed_by(loop: Mask) -> Mask:
    """Where the box of a piece is `INSIDE` it, and where `OUTSIDE`; elsewhere is the piece, or a gap that it leaves."""
    gap = max(1, round(GAP * min(loop.shape) / 2))
    # With paper all around, so that what is outside hangs together.
    closed = cv2.morphologyEx(np.pad(loop, gap + 1), cv2.MORPH_CLOSE, np.ones((2 * gap + 1, 2 * gap + 1), np.uint8))
    cv2.floodFill(closed, None, (0, 0), OUTSIDE)
    return np.ascontiguousarray(closed[gap + 1 : -gap - 1, gap + 1 : -gap - 1])


def _is_outline(loop: Mask, enclosed: Mask) -> bool:
    """Whether a piece is one line around one place, with hardly a bay, and nothing runs into it from inside."""
    num_inside = np.count_nonzero(enclosed == INSIDE)
    if np.count_nonzero(loop) > THICKEST * num_inside:
        return False
    *_, stats, _ = cv2.connectedComponentsWithStats((enclosed == INSIDE).astype(np.uint8), connectivity=4)
    if stats[1:, cv2.CC_STAT_AREA].max() < ONE_PLACE * num_inside:
        return False
    hull = cv2.convexHull(cv2.findNonZero(loop))
    if num_inside + np.count_nonzero(loop) < CONVEX * cv2.contourArea(hull):
        return False
    outside = np.pad(enclosed == OUTSIDE, 1, constant_values=True)
    depth = cv2.distanceTransform(np.where(outside, 0, 1).astype(np.uint8), cv2.DIST_L2, 3)[1:-1, 1:-1][loop > 0]
    return bool(np.mean(depth > DEEP * np.median(depth) + 1) <= MAX_DEEP)


def _holds_writing(inside: NDArray[np.bool_], labels: NDArray[np.int32], within: NDArray[np.int64]) -> bool:
    """Whether pieces that are wholly inside are high enough to be what a loop is drawn around.

    Args:
        inside: bool (height, width), of the loop's box.
        labels: int32 (height, width), pieces in that box.
        within: labels of those that may be inside.
    """
    num_pixels, num_inside = (
        np.bincount(part.ravel(), minlength=within.max() + 1)[within] for part in (labels, labels[inside])
    )
    enclosed = within[num_inside >= WHOLLY * num_pixels]
    rows = np.flatnonzero(np.isin(labels, enclosed).any(axis=1))
    if not len(rows) or rows[-1] - rows[0] + 1 < LEAST_HEIGHT * len(labels):
        return False
    return len(enclosed) > 1 or not _is_slash(labels == enclosed[0])


def _is_slash(piece: NDArray[np.bool_]) -> bool:
    """Whether a piece is a bar that leans far to one side."""
    ys, xs = np.nonzero(piece)
    if len(xs) < 2:
        return False
    spread, axes = np.linalg.eigh(np.cov(np.stack([xs, ys])))
    is_bar = spread[1] >= SLASH_LENGTH**2 * max(spread[0], 1 / 12)
    across, along = np.abs(axes[:, 1])
    return bool(is_bar and math.degrees(math.atan2(across, along)) > SLASH_DEG)
