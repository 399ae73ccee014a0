"""Loops drawn around what is written: a circle around an answer, a box around a number.

A loop is a line of one thickness around a convex place in which something is written. What is written may touch the
loop, or run through it; then it is one piece with the loop, and only the line along the outline goes. A 0 is a loop
too, around nothing; around a dot, which is small; or around a slash, a bar that leans further than any 1.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from service.recognition.lines import Mask
from service.recognition.paper import shrink
from service.recognition.wipe import Surroundings

LOOK_PX = 256  # shorter side at which loops are looked for
FAINT = 64  # of 255; a line finer than a pixel of that size leaves no less
MAX_LOOPS = 8  # largest pieces that are looked at
LEAST_LOOP_PX = 16  # of its shorter side; within less, nothing can be told
GAP = 0.1  # of its shorter side, which a loop may leave open
ROUNDING = 0.12  # of its shorter side: radius of a disc that has room everywhere inside; strokes beyond have none
CONVEX = 0.95  # of its hull, that what a loop goes round fills
ROUGHLY_CONVEX = 0.8  # the same, as seen at first from four sides
BOX_SHARE = 0.88  # of a rectangle around it, that a box fills; an ellipse fills 0.79
CORNER = 0.42  # of a disc's radius, from it to the corner that it lies in
LEAST_SHARE = 0.6  # of an ellipse in its box, that a loop goes round; the rest are strokes beyond
HOLLOW = 1.8  # times the ink of a loop, with what touches it, that it goes round
COVERED = 0.7  # of the outline, that a loop covers; further in 0.6 is enough, for it is not drawn with a compass
STILL_COVERED = 0.6
THICKEST = 0.15  # of its shorter side
SOFT_PX = 1.5  # that a loop is thicker here and there
LEAST_AREA = 0.02  # of a loop's piece, that each piece inside has; smaller ones are specks
WHOLLY = 0.9  # of the ink of a piece that is inside, where all of it is
LEAST_HEIGHT = 0.3  # of the loop's, that what is inside has
LEAST_TOUCHING_HEIGHT = 0.55  # and where that is one piece with it; the curl at the start of a 0 has less
LEAST_REACH = 0.6  # of the way to the middle of a loop, that a stroke from it goes in; the thick side of a 0 does less
LARGEST_PLACE = 0.35  # of what is inside and bare, that hangs together; in squared paper no square has so much
WALL_SPAN = 0.85  # of the inside of a loop, less the line on either side
WALL_LENGTH = 6.0  # widths of a bar
SLASH_LENGTH = 3.0  # widths of a bar
SLASH_DEG = 30.0  # from upright; a 1 leans less
_OUTSIDE = 2


def loops_around_ink(strokes: Mask) -> Surroundings | None:
    """The lines that are drawn around something written, but for where a stroke goes through them; None without any.

    Args:
        strokes: uint8 (height, width), 1 where there is ink.

    Returns:
        In the picture's proportions, and perhaps smaller.
    """
    shorter_px, longer_px = sorted(strokes.shape)
    if shorter_px > LOOK_PX:
        strokes = (shrink(255 * strokes, round(longer_px * LOOK_PX / shorter_px)) >= FAINT).astype(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(strokes, connectivity=8)
    left, top, width, height, area = stats.T
    lines = np.zeros_like(strokes)
    largest = 1 + np.argsort(width[1:] * height[1:])[::-1][:MAX_LOOPS]
    for label in largest[np.minimum(width, height)[largest] >= LEAST_LOOP_PX]:
        box = (slice(top[label], top[label] + height[label]), slice(left[label], left[label] + width[label]))
        part = labels[box]
        piece = (part == label).astype(np.uint8)
        outline = _outline_of(piece) if _may_go_round(piece) else None
        if outline is None:
            continue
        is_large = area >= LEAST_AREA * area[label]
        written = _written_inside(part, is_large, outline, piece)
        if written is None:
            continue
        lines[box] |= outline.line & piece & ~_bridges(written | (piece & ~outline.line), outline.thickness_px)
    return Surroundings(lines, strokes & ~lines) if lines.any() else None


@dataclass(frozen=True, slots=True)
class _Outline:
    """A line along the outline of a place.

    Attributes:
        line: uint8 (height, width), 1 on it.
        inside: uint8 (height, width), 1 within the outline, on the line too.
        depth: float32 (height, width), pixels from the outline inwards; 0 outside.
        thickness_px: of the line.
    """

    line: Mask
    inside: Mask
    depth: NDArray[np.float32]
    thickness_px: int


def _may_go_round(piece: Mask) -> bool:
    """Whether a piece is neither solid nor hollow on one side, as most strokes are: soon said."""
    height, width = piece.shape
    is_ink = piece > 0
    hull = float(cv2.contourArea(cv2.convexHull(cv2.findNonZero(piece))))
    if hull < HOLLOW * np.count_nonzero(is_ink):
        return False
    across = width - is_ink.argmax(axis=1) - is_ink[:, ::-1].argmax(axis=1)
    along = height - is_ink.argmax(axis=0) - is_ink[::-1].argmax(axis=0)
    return bool(min(across.sum(), along.sum()) >= ROUGHLY_CONVEX * hull)


def _outline_of(piece: Mask) -> _Outline | None:
    """The line that a piece draws around a convex place; None where it does not."""
    shorter_px = min(piece.shape)
    gap = max(1, round(GAP * shorter_px / 2))
    # With paper all around, so that what is outside hangs together.
    padded = np.pad(piece, gap + 1)
    closed = cv2.morphologyEx(padded, cv2.MORPH_CLOSE, np.ones((2 * gap + 1, 2 * gap + 1), np.uint8))
    cv2.floodFill(closed, None, (0, 0), _OUTSIDE)
    filled = (closed != _OUTSIDE).astype(np.uint8)
    if np.count_nonzero(filled) < HOLLOW * np.count_nonzero(piece):
        return None
    radius = max(2, round(ROUNDING * shorter_px))
    place = cv2.morphologyEx(filled, cv2.MORPH_OPEN, _disc(radius))
    contours, _ = cv2.findContours(place, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not contours:
        return None
    contour = max(contours, key=cv2.contourArea)
    hull = cv2.contourArea(cv2.convexHull(contour))
    if hull < LEAST_SHARE * math.pi / 4 * piece.size or np.count_nonzero(place) < CONVEX * hull:
        return None
    depth = cv2.distanceTransform(place, cv2.DIST_L2, 5)
    thickness_px = _thickness_px(padded, depth, most=max(2, round(THICKEST * shorter_px)))
    if thickness_px is None:
        return None
    # The corners of a box lie beyond the disc that was rolled along its sides.
    _, sides, _ = cv2.minAreaRect(contour)
    beyond_px = round(CORNER * radius) if hull >= BOX_SHARE * math.prod(sides) else 0
    near = cv2.dilate(place, _disc(beyond_px + 2)) > 0
    inner = slice(gap + 1, -gap - 1)
    line = (near & (depth <= thickness_px + SOFT_PX))[inner, inner].astype(np.uint8)
    return _Outline(line, np.ascontiguousarray(place[inner, inner]), depth[inner, inner], thickness_px)


def _thickness_px(piece: Mask, depth: NDArray[np.float32], *, most: int) -> int | None:
    """How far inside an outline a piece goes nearly all the way round; None where it does not, or goes on further.

    Args:
        piece: uint8 (height, width).
        depth: float32 (height, width), how far inside the outline each pixel is; 0 outside.
        most: thickness of a line, in pixels.
    """
    levels = np.ceil(depth).astype(np.int64).clip(max=most + 2).ravel()
    num_ink = np.bincount(levels, weights=piece.ravel(), minlength=most + 2)
    covered = num_ink / np.maximum(np.bincount(levels, minlength=most + 2), 1)
    begins = np.flatnonzero(covered[1 : most + 2] >= COVERED)
    if not len(begins):
        return None
    ends = 1 + int(begins[0])
    while ends < most + 2 and covered[ends] >= STILL_COVERED:
        ends += 1
    return None if ends == most + 2 else ends - 1


def _written_inside(
    labels: NDArray[np.int32], is_large: NDArray[np.bool_], outline: _Outline, piece: Mask
) -> Mask | None:
    """What a loop is drawn around: pieces of their own, and strokes that run into it; None where it is not enough.

    Args:
        labels: int32 (height, width), the pieces in the loop's box.
        is_large: bool (num_labels,), which pieces are no specks.
        outline: of the loop.
        piece: uint8 (height, width), the loop with what touches it.
    """
    within = np.where((outline.inside > 0) & (piece == 0), labels, 0)
    num_pixels, num_within = (np.bincount(part.ravel(), minlength=len(is_large)) for part in (labels, within))
    is_enclosed = is_large & (num_within >= WHOLLY * np.maximum(num_pixels, 1))
    is_enclosed[0] = False
    others = is_enclosed[labels]
    *_, places, _ = cv2.connectedComponentsWithStats(outline.inside & ~piece, connectivity=4)
    areas = places[1:, cv2.CC_STAT_AREA]
    if not len(areas) or areas.max() < LARGEST_PLACE * areas.sum():
        return None
    _, touching, stats, _ = cv2.connectedComponentsWithStats(piece & outline.inside & ~outline.line, connectivity=8)
    is_stroke = stats[:, cv2.CC_STAT_AREA] >= LEAST_AREA * np.count_nonzero(piece)
    is_stroke[0] = False
    if any(_is_wall(touching == index, outline.inside) for index in np.flatnonzero(is_stroke)):
        return None
    reach = np.zeros(len(is_stroke), np.float32)
    np.maximum.at(reach, touching.ravel(), outline.depth.ravel())
    is_stroke &= reach >= LEAST_REACH * outline.depth.max()
    strokes = is_stroke[touching]
    written = others | strokes
    rows = np.flatnonzero(written.any(axis=1))
    least = LEAST_TOUCHING_HEIGHT if strokes.any() else LEAST_HEIGHT
    if not len(rows) or rows[-1] - rows[0] + 1 < least * len(labels):
        return None
    if np.count_nonzero(is_enclosed) + np.count_nonzero(is_stroke) == 1 and _is_slash(written):
        return None
    return np.asarray(written, np.uint8)


def _is_wall(stroke: NDArray[np.bool_], inside: Mask) -> bool:
    """Whether a stroke goes straight from one side of a loop to the other, as between two cells."""
    ys, xs = np.nonzero(stroke)
    _, _, width, height = cv2.boundingRect(inside)
    spans = max((np.ptp(ys) + 1) / height, (np.ptp(xs) + 1) / width)
    return bool(spans >= WALL_SPAN and _bar(stroke)[0] >= WALL_LENGTH)


def _bridges(ink: Mask, thickness_px: int) -> Mask:
    """Ink, and what lies between ink on either side of a line: a stroke that goes through it."""
    reach = thickness_px + 2
    return np.ascontiguousarray(
        cv2.morphologyEx(np.pad(ink, reach), cv2.MORPH_CLOSE, _disc(reach))[reach:-reach, reach:-reach]
    )


def _disc(radius: int) -> Mask:
    disc: Mask = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    return disc


def _is_slash(piece: NDArray[np.bool_]) -> bool:
    """Whether a piece is a bar that leans far to one side."""
    length, leaning_deg = _bar(piece)
    return length >= SLASH_LENGTH and leaning_deg > SLASH_DEG


def _bar(piece: NDArray[np.bool_]) -> tuple[float, float]:
    """Length of a piece in widths of it, and how far its longer axis leans, in degrees from upright."""
    ys, xs = np.nonzero(piece)
    if len(xs) < 2:
        return 1.0, 0.0
    spread, axes = np.linalg.eigh(np.cov(np.stack([xs, ys])))
    across, along = np.abs(axes[:, 1])
    return math.sqrt(spread[1] / max(spread[0], 1 / 12)), math.degrees(math.atan2(across, along))
