"""Marks that people fill unused boxes with: a cross, a dash.

A digit classifier may be sure that a cross is an 8, so crosses are known by their build: two straight strokes that
hold nearly all of the ink and cross each other well inside both. No digit is drawn like this.

In a line, crosses before and after the number are taken away before it is read. There a small one needs less of a
cross' build: it stands beside digits that are much taller.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from service.recognition.canvas import stroke_width
from service.recognition.image import GrayImage

DASH_ASPECT = 2.2  # width over height; the flattest digits stay below 1.6
SHAPE_PX = 48  # longer side at which strokes are looked for
NUM_ANGLES = 36  # directions that are tried, over half a turn
STROKE_SLACK = 1.25  # hands tremble: a straight stroke stays within this many of its own widths
LOOP_PX = 10  # pixels of paper, at `SHAPE_PX`, that make a loop
THICKEST = 0.2  # width of a stroke, of its cross' longer side; in ink as thick as that an 8 has lost its loops
LEAST_ARM = 1.0  # widths of a stroke: how far each of a cross' four arms stands out from the other stroke
NARROWEST = 0.45  # shorter side over longer; narrower marks are 1s with a serif
SMALL_CROSS = 0.6  # of the height of the line's tallest stroke; digits of one hand stay above
LEAST_MARK = 0.15  # likewise; what is smaller is a point, and neither a cross nor a digit
STROKE_LEVEL = 64  # of 255


@dataclass(frozen=True, slots=True)
class CrossLimits:
    """From when on two strokes count as a cross.

    Attributes:
        on_strokes: share of the ink that the two hold.
        within: share of each stroke that lies on either side of the crossing at least.
        span: length of the shorter stroke, in lengths of the longer one.
        angle_deg: between the two.
    """

    on_strokes: float
    within: float
    span: float
    angle_deg: float


SURE = CrossLimits(
    on_strokes=0.92, within=0.28, span=0.65, angle_deg=45.0
)  # 3 of 4,000 digits of MNIST pass, 2 of 3,000 8s
FAIR = CrossLimits(
    on_strokes=0.82, within=0.15, span=0.4, angle_deg=30.0
)  # 94 % of drawn x pass, 1.4 % of 8s: for what is no digit to a classifier either


@dataclass(frozen=True, slots=True)
class _Stroke:
    """A straight band of ink.

    Attributes:
        direction: float64 (2,), unit vector along it.
        offset: of its middle line from the origin, along the direction's normal.
        is_on: bool (n,), which points it holds.
    """

    direction: NDArray[np.float64]
    offset: float
    is_on: NDArray[np.bool_]


def is_dash(ink: GrayImage) -> bool:
    """Whether a mark is flatter than any digit.

    Args:
        ink: uint8 (height, width), paper 0 and ink up to 255, cropped to the ink.
    """
    height, width = ink.shape
    return bool(width >= DASH_ASPECT * height)


def is_cross(ink: GrayImage, limits: CrossLimits = SURE) -> bool:
    """Whether a mark is two straight strokes that cross.

    Args:
        ink: uint8 (height, width), paper 0 and ink up to 255, cropped to the ink.
        limits: how sure that has to be.
    """
    factor = SHAPE_PX / max(ink.shape)
    size = (max(1, round(ink.shape[1] * factor)), max(1, round(ink.shape[0] * factor)))
    small = cv2.resize(ink, size, interpolation=cv2.INTER_AREA if factor < 1.0 else cv2.INTER_LINEAR)
    strokes = small >= 100
    points = np.argwhere(strokes)[:, ::-1].astype(np.float64)
    if len(points) < SHAPE_PX or min(size) < NARROWEST * max(size) or _has_loop(strokes):
        return False
    pen_px = stroke_width(small)
    if pen_px > THICKEST * SHAPE_PX:
        return False
    width = max(3.0, STROKE_SLACK * pen_px)
    first = _longest_stroke(points, np.ones(len(points), bool), width)
    second = _longest_stroke(points, ~first.is_on, width)
    if np.mean(first.is_on | second.is_on) < limits.on_strokes:
        return False
    if abs(float(first.direction @ second.direction)) > np.cos(np.radians(limits.angle_deg)):
        return False
    normals = np.array([[-one.direction[1], one.direction[0]] for one in (first, second)])
    crossing = np.linalg.solve(normals, np.array([first.offset, second.offset]))
    lengths = []
    for stroke, other in ((first, second), (second, first)):
        alone = np.unique(np.rint((points[stroke.is_on & ~other.is_on] - crossing) @ stroke.direction))
        if min(np.count_nonzero(alone < 0), np.count_nonzero(alone > 0)) < LEAST_ARM * pen_px:
            return False  # a bow, whose bend lies on both
        along = (points[stroke.is_on] - crossing) @ stroke.direction
        before, after = -float(along.min()), float(along.max())
        if min(before, after) < limits.within * (before + after):
            return False
        lengths.append(before + after)
    return bool(min(lengths) >= limits.span * max(lengths))


def without_outer_crosses(line: GrayImage) -> GrayImage:
    """Clear the crosses before and after a number.

    Args:
        line: uint8 (height, width), paper 0 and ink up to 255.

    Returns:
        uint8 (height, width); the line as it is where no mark but crosses is in it, for then it says something.
    """
    if not line.any():  # nor has OpenCV a way with pictures of no size
        return line
    num, labels, stats, _ = cv2.connectedComponentsWithStats((line >= STROKE_LEVEL).astype(np.uint8), connectivity=8)
    if num < 3:
        return line
    tallest = int(stats[1:, cv2.CC_STAT_HEIGHT].max())
    marks = [index for index in range(1, num) if max(stats[index, 2:4]) >= LEAST_MARK * tallest]
    marks.sort(key=lambda index: int(stats[index, cv2.CC_STAT_LEFT]))
    crosses: list[int] = []
    for outer in (marks, marks[::-1]):
        for index in outer:
            left, top, width, height, _ = stats[index]
            piece = labels[top : top + height, left : left + width] == index
            ink = np.where(piece, line[top : top + height, left : left + width], 0).astype(np.uint8)
            if not is_cross(ink, FAIR if height <= SMALL_CROSS * tallest else SURE):
                break
            crosses.append(index)
    if not crosses or set(crosses) == set(marks):
        return line
    gone = cv2.dilate(np.isin(labels, crosses).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    gone &= (labels == 0) | np.isin(labels, crosses)
    cleared: GrayImage = np.where(gone, 0, line).astype(np.uint8)
    return cleared


def _has_loop(strokes: NDArray[np.bool_]) -> bool:
    """Whether ink encloses paper, as in an 8."""
    paper = np.pad(~strokes, 1, constant_values=True).astype(np.uint8)
    _, _, stats, _ = cv2.connectedComponentsWithStats(paper, connectivity=4)
    # A pixel or two between the strokes of a cross are no loop.
    return bool(np.count_nonzero(stats[1:, cv2.CC_STAT_AREA] >= LOOP_PX) > 1)


def _longest_stroke(points: NDArray[np.float64], is_free: NDArray[np.bool_], width: float) -> _Stroke:
    """The band of a width that holds most of the free points; it takes the others on it with it."""
    angles = np.arange(NUM_ANGLES) * np.pi / NUM_ANGLES
    directions = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    normals = np.stack([-directions[:, 1], directions[:, 0]], axis=1)
    offsets = points @ normals.T  # (n, angles)
    reach = 2 * SHAPE_PX
    num_bins = 2 * reach + 1
    bins = np.clip(np.rint(offsets).astype(np.int64) + reach, 0, num_bins - 1)
    index = bins + np.arange(NUM_ANGLES) * num_bins
    counts = np.bincount(index[is_free].ravel(), minlength=NUM_ANGLES * num_bins).reshape(NUM_ANGLES, num_bins)
    sums = np.cumsum(np.pad(counts, ((0, 0), (1, 0))), axis=1)
    span = max(1, round(width))
    held = sums[:, span:] - sums[:, :-span]
    angle, start = np.unravel_index(int(held.argmax()), held.shape)
    middle = start + (span - 1) / 2 - reach
    is_on = np.abs(offsets[:, angle] - middle) <= span / 2 + 0.5
    return _Stroke(directions[angle], float(middle), is_on)
