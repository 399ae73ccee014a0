"""From a picture to the one line of digits that is written in it.

What holds for a single digit holds here: uneven light, grain, ruled lines and frames become paper 0, what is written
becomes ink up to 255. But nothing is chosen among the strokes by their shape: a dot between thousands, a dash at the
end or a letter stay, and the reader, which sees the whole number, knows what they are.

What the paper lies on is dealt with in `sheet`, light and print in `line_paper`, `loops` and `rulings`, specks and
other lines in `line_pieces`.
"""

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from service.recognition.image import GrayImage
from service.recognition.line_paper import LiftedLine, lift_line
from service.recognition.line_pieces import keep_line
from service.recognition.paper import Polarity, shrink
from service.recognition.pieces import LINE_LEVEL, smallest_digit_px
from service.recognition.prediction import Box
from service.recognition.sheet import paper_alone
from service.recognition.wipe import Surroundings, wiped

WORK_PX = 1600  # longer side at which the line is looked for
WORK_HEIGHT_PX = 400  # and the height that a picture of a line is reduced to at most
LEAST_HEIGHT_PX = 64  # a picture is not reduced to less, however wide it is,
LONGEST_PX = 10_000  # unless it is longer than any number: its width is then what there is to look through
NEAR_SHARE = 0.45  # of the picture's height; a line lower than this is looked at again from nearer
MARGIN = 0.35  # of the line's height, above and below it in a closeup
MIN_TILT_DEG = 0.7  # less is left as it is
MAX_TILT_DEG = 25.0  # more is not tilt
LONG_ENOUGH = 2.2  # a line this many times as long as high shows its direction
TILT_SHARES = (0.0, 0.25, 0.5, 0.75, 1.0, 1.2)  # of the tilt of its axis that a line may have
CLEARER = 1.04  # rows of the leveled line are fuller or emptier by this factor at least
MAX_PIXELS = 4000  # of the ink that are asked for the tilt


@dataclass(frozen=True, slots=True)
class Line:
    """A line of digits as it was found in a picture.

    Attributes:
        image: uint8 (height, width), paper 0 and ink up to 255, level and cropped to the ink; empty (0, 0) when blank.
        polarity: of the picture.
        box: where the ink stands in the picture, in its pixels; None when it is blank.
        to_picture: float64 (2, 3), takes a point (x, y, 1) of `image` to the picture's pixels.
        is_clean: whether the paper was one level without noise, and the ink kept its values.
        is_alone: whether it is all that can be a number in the picture; see `KeptLine`.
    """

    image: GrayImage
    polarity: Polarity
    box: Box | None
    to_picture: NDArray[np.float64]
    is_clean: bool = False
    is_alone: bool = True


@dataclass(frozen=True, slots=True)
class Closeup:
    """A line with some of the paper around it.

    Attributes:
        picture: uint8 (height, width), a part of the whole picture; shares its memory.
        left, top: where it begins in the whole, in pixels.
    """

    picture: GrayImage
    left: int
    top: int


def find_line(picture: GrayImage) -> Line:
    """Find the strokes of a number and take away everything else.

    Args:
        picture: uint8 (height, width), luminance of either polarity.
    """
    return find_on_paper(paper_alone(picture))[0]


def find_on_paper(paper: GrayImage) -> tuple[Line, GrayImage]:
    """Find a number in a picture of nothing but paper and what is on it.

    Args:
        paper: uint8 (height, width), luminance of either polarity.

    Returns:
        The line; and the paper without the circle or box that was drawn around it, and without the other cells of the
        table that it was cut from: uint8 (height, width).
    """
    line, around = _find_reduced(paper)
    if around is not None:
        paper = wiped(paper, around.mask, around.other_ink)
        line, _ = _find_reduced(paper)
    if line.box is None or line.box.height >= NEAR_SHARE * paper.shape[0]:
        return line, paper
    # A small number in a large picture lost its detail to the reduction, and its light was measured with all the
    # rest: look again, from nearer.
    near = closeup(paper, line.box)
    closer, _ = _find_reduced(np.ascontiguousarray(near.picture))
    if closer.box is None:
        return line, paper
    box = replace(closer.box, x=closer.box.x + near.left, y=closer.box.y + near.top)
    moved = closer.to_picture + np.array([[0, 0, near.left], [0, 0, near.top]])
    is_alone = line.is_alone and closer.is_alone
    return replace(closer, box=box, to_picture=moved, is_alone=is_alone), paper


def closeup(picture: GrayImage, box: Box) -> Closeup:
    """Where a line is to be looked for once more.

    Args:
        picture: uint8 (height, width).
        box: of the line, in its pixels.
    """
    margin_y, margin_x = round(MARGIN * box.height) + 2, box.height + 2
    top, left = max(0, box.y - margin_y), max(0, box.x - margin_x)
    part = picture[top : box.y + box.height + margin_y, left : box.x + box.width + margin_x]
    return Closeup(part, left, top)


def reduced(picture: GrayImage) -> GrayImage:
    """The picture at the size at which a line is looked for, where strokes are a few pixels wide; as it is if smaller.

    Args:
        picture: uint8 (height, width).
    """
    height, width = picture.shape
    # A long strip is not reduced to a thread, unless it is longer than any number.
    longest_px = max(WORK_PX, min(LONGEST_PX, max(height, width) * LEAST_HEIGHT_PX / height))
    longer_px = round(min(longest_px, max(height, width) * WORK_HEIGHT_PX / height))
    return shrink(picture, max(1, longer_px))


def _find_reduced(picture: GrayImage) -> tuple[Line, Surroundings | None]:
    """Find the line in a picture of any size, and what stands around it, if anything does; see `LiftedLine.around`."""
    smaller = reduced(picture)
    lifted = lift_line(smaller)
    line = _find(lifted)
    return (line if smaller is picture else _enlarged(line, picture.shape, smaller.shape)), lifted.around


def _find(lifted: LiftedLine) -> Line:
    """Find the line in what was lifted from a picture that is not to be reduced any more."""
    if lifted.is_blank:
        return _blank(lifted.polarity)
    ink, is_alone = lifted.image, True
    if not lifted.is_cut:
        smallest_px = smallest_digit_px(ink.shape[:1], lifted.contrast)
        kept = keep_line(ink, rulings=lifted.rulings, smallest_px=smallest_px)
        ink, is_alone = kept.image, kept.is_alone and not lifted.is_divided
    if not (ink >= LINE_LEVEL).any():
        return _blank(lifted.polarity)
    return replace(_leveled(ink, lifted.polarity), is_clean=lifted.is_clean, is_alone=is_alone)


def _leveled(ink: GrayImage, polarity: Polarity) -> Line:
    """Turn a tilted line level, and crop it."""
    x, y, width, height = cv2.boundingRect(ink)
    box = Box(x, y, width, height)
    ink = ink[y : y + height, x : x + width]
    tilt = _tilt_deg(ink)
    if abs(tilt) < MIN_TILT_DEG:
        return Line(ink, polarity, box, np.array([[1.0, 0.0, x], [0.0, 1.0, y]]))
    angle = math.radians(tilt)
    turn = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    corners = turn @ np.array([[0, width, width, 0], [0, 0, height, height]], dtype=np.float64)
    low = np.floor(corners.min(axis=1))
    size = np.ceil(corners.max(axis=1)).astype(int) - low.astype(int)
    forward = np.column_stack([turn, -low])
    level = cv2.warpAffine(ink, forward, (int(size[0]), int(size[1])), flags=cv2.INTER_LINEAR)
    left, top, new_width, new_height = cv2.boundingRect((level >= LINE_LEVEL).astype(np.uint8))
    level = np.ascontiguousarray(level[top : top + new_height, left : left + new_width])
    backward = turn.T
    offset = backward @ (low + np.array([left, top])) + np.array([x, y])
    return Line(level, polarity, box, np.column_stack([backward, offset]))


def _tilt_deg(ink: GrayImage) -> float:
    """How far the line falls to the right, in degrees; 0 where it is level, or too short to tell."""
    moments = cv2.moments(ink)
    tilt = 0.5 * math.degrees(math.atan2(2 * moments["mu11"], moments["mu20"] - moments["mu02"]))
    if not MIN_TILT_DEG <= abs(tilt) <= MAX_TILT_DEG:
        return 0.0
    # Slant, or a tall digit at one end, turn the axis of a line that is level. Rows tell: they are full or
    # empty where digits stand level.
    ys, xs = np.nonzero(ink >= LINE_LEVEL)
    step = max(1, len(ys) // MAX_PIXELS)
    ys, xs = ys[::step], xs[::step]
    rise = math.tan(math.radians(tilt))
    if np.ptp(xs + rise * ys) < LONG_ENOUGH * np.ptp(ys - rise * xs):
        return 0.0
    tilts = [tilt * share for share in TILT_SHARES]
    clarity = [_clarity(ys - math.tan(math.radians(one)) * xs) for one in tilts]
    best = int(np.argmax(clarity))
    return tilts[best] if clarity[best] >= CLEARER * clarity[0] else 0.0


def _clarity(rows: NDArray[np.float64]) -> float:
    """How unevenly pixels are spread over rows; float64 (num_pixels,), the row of each."""
    num_pixels = np.bincount((rows - rows.min()).astype(np.int64))
    return float((num_pixels.astype(np.float64) ** 2).sum())


def _enlarged(line: Line, shape: tuple[int, ...], reduced_shape: tuple[int, ...]) -> Line:
    """The same line, described in the pixels of the picture before it was reduced."""
    if line.box is None:
        return line
    factor_y, factor_x = shape[0] / reduced_shape[0], shape[1] / reduced_shape[1]
    left, top = int(line.box.x * factor_x), int(line.box.y * factor_y)
    right = min(shape[1], math.ceil((line.box.x + line.box.width) * factor_x))
    bottom = min(shape[0], math.ceil((line.box.y + line.box.height) * factor_y))
    to_picture = line.to_picture * np.array([[factor_x], [factor_y]])
    return replace(line, box=Box(left, top, right - left, bottom - top), to_picture=to_picture)


def _blank(polarity: Polarity) -> Line:
    return Line(np.zeros((0, 0), np.uint8), polarity, None, np.eye(2, 3))
