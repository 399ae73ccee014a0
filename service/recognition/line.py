"""From a picture to the one line of digits that is written in it.

What holds for a single digit holds here: uneven light, grain, ruled lines and frames become paper 0, what is written
becomes ink up to 255. But nothing is chosen among the strokes by their shape: a dot between thousands, a dash at the end or
a letter stay, and the reader, which sees the whole number, knows what they are.
"""

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from service.recognition.image import GrayImage
from service.recognition.paper import Polarity, lift_ink, shrink
from service.recognition.pieces import CLEAN_LINE_SHARE, LINE_LEVEL, PHOTO_LINE_SHARE, STROKE_LEVEL, smallest_digit_px
from service.recognition.prediction import Box
from service.recognition.rulings import ruled_lines

WORK_PX = 1600  # longer side at which the line is looked for
WORK_HEIGHT_PX = 400  # and the height that a picture of a line is reduced to at most
SMALL_INK_PX = 40  # ink lower than this in a reduced picture is looked at again from nearer
MIN_CONTRAST = 24.0  # of 255; paler than this is paper
SPECK_SHARE = 0.06  # of the line's height; a piece smaller than this in both directions is a speck
FAR_SHARE = 0.5  # of the line's height; what lies further above or below belongs to another line
MIN_TILT_DEG = 0.7  # less is left as it is
MAX_TILT_DEG = 25.0  # more is not tilt
LONG_ENOUGH = 2.2  # a line this many times as long as high shows its direction


@dataclass(frozen=True, slots=True)
class Line:
    """A line of digits as it was found in a picture.

    Attributes:
        image: uint8 (height, width), paper 0 and ink up to 255, level and cropped to the ink; empty (0, 0) when blank.
        polarity: of the picture.
        box: where the ink stands in the picture, in its pixels; None when it is blank.
        to_picture: float64 (2, 3), takes a point (x, y, 1) of `image` to the picture's pixels.
    """

    image: GrayImage
    polarity: Polarity
    box: Box | None
    to_picture: NDArray[np.float64]


def find_line(picture: GrayImage) -> Line:
    """Find the strokes of a number and take away everything else.

    Args:
        picture: uint8 (height, width), luminance of either polarity.
    """
    reduced = shrink(picture, WORK_PX)
    if reduced.shape[0] > WORK_HEIGHT_PX:
        reduced = shrink(picture, round(max(picture.shape) * WORK_HEIGHT_PX / picture.shape[0]))
    line = _find(reduced)
    factor = picture.shape[1] / reduced.shape[1]
    if line.box is None or factor <= 1.0:
        return line
    line = _enlarged(line, factor, picture.shape)
    if line.image.shape[0] >= SMALL_INK_PX or line.box is None:
        return line
    # A small number in a large picture lost its detail to the reduction: look again, from nearer.
    margin = line.box.height // 2
    top, left = max(0, line.box.y - margin), max(0, line.box.x - margin)
    bottom = line.box.y + line.box.height + margin
    right = line.box.x + line.box.width + margin
    closer = find_line(np.ascontiguousarray(picture[top:bottom, left:right]))
    if closer.box is None:
        return line
    shifted = closer.to_picture + np.array([[0, 0, left], [0, 0, top]])
    return replace(
        closer, box=replace(closer.box, x=closer.box.x + left, y=closer.box.y + top), to_picture=shifted
    )


def _find(picture: GrayImage) -> Line:
    lifted = lift_ink(picture)
    if lifted.contrast < MIN_CONTRAST:
        return _blank(lifted.polarity)
    ink = lifted.image
    if not lifted.is_clean or max(picture.shape) > 40:
        ink = _without_rulings(ink, least_share=CLEAN_LINE_SHARE if lifted.is_clean else PHOTO_LINE_SHARE)
        ink = _keep_line(ink, smallest_px=smallest_digit_px(picture.shape[:1], lifted.contrast))
    if not ink.any():
        return _blank(lifted.polarity)
    return _leveled(ink, lifted.polarity)


def _without_rulings(ink: GrayImage, *, least_share: float) -> GrayImage:
    rulings = ruled_lines((ink >= LINE_LEVEL).astype(np.uint8), least_share=least_share)
    if not rulings.any():
        return ink
    return np.where(rulings > 0, 0, ink).astype(np.uint8)


def _keep_line(ink: GrayImage, *, smallest_px: float) -> GrayImage:
    """Clear specks, and what belongs to lines above and below."""
    strokes = (cv2.GaussianBlur(ink, (3, 3), 0) >= STROKE_LEVEL).astype(np.uint8)
    num_labels, labels, stats, _ = cv2.connectedComponentsWithStats(strokes, connectivity=8)
    if num_labels == 1:
        return np.zeros_like(ink)
    left, top, width, height, area = stats[1:].T
    bottom = top + height
    # The tallest strokes are digits, and the middle of what they cover is where the line runs.
    tall = height * np.sqrt(area)
    main = int(tall.argmax())
    if height[main] < smallest_px and width[main] < smallest_px:
        return np.zeros_like(ink)
    is_digit = (height >= 0.5 * height[main]) & (top < bottom[main]) & (bottom > top[main])
    line_height = float(np.median(height[is_digit]))
    slope, middle = _course(left + width / 2, top + height / 2, is_digit, area)
    off = np.abs(top + height / 2 - (middle + slope * (left + width / 2))) - height / 2
    is_speck = np.maximum(width, height) < max(2.0, SPECK_SHARE * line_height)
    keep = (off <= FAR_SHARE * line_height) & ~is_speck
    keep[main] = True
    kept = np.concatenate([[False], keep])[labels].astype(np.uint8)
    softness = 2 * max(1, round(line_height / 40)) + 1
    line: GrayImage = cv2.multiply(ink, cv2.dilate(kept, np.ones((softness, softness), np.uint8)))
    return line


def _course(
    xs: NDArray[np.float64], ys: NDArray[np.float64], is_digit: NDArray[np.bool_], area: NDArray[np.int32]
) -> tuple[float, float]:
    """The straight course of the digits' middles: slope, and height at x = 0."""
    xs, ys = xs[is_digit], ys[is_digit]
    if len(xs) < 3 or np.ptp(xs) == 0:
        return 0.0, float(np.average(ys, weights=area[is_digit]))
    slopes = (ys[:, None] - ys) / np.where(xs[:, None] == xs, np.inf, xs[:, None] - xs)
    slope = float(np.median(slopes[np.triu_indices(len(xs), 1)]))  # Theil and Sen: one stray piece does not turn it
    slope = float(np.clip(slope, -math.tan(math.radians(MAX_TILT_DEG)), math.tan(math.radians(MAX_TILT_DEG))))
    return slope, float(np.median(ys - slope * xs))


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
    offset = backward @ (low + [left, top]) + [x, y]
    return Line(level, polarity, box, np.column_stack([backward, offset]))


def _tilt_deg(ink: GrayImage) -> float:
    """How far the line falls to the right, in degrees; 0 where it is too short to tell."""
    height, width = ink.shape
    if width < LONG_ENOUGH * height:
        return 0.0
    moments = cv2.moments(ink)
    tilt = 0.5 * math.degrees(math.atan2(2 * moments["mu11"], moments["mu20"] - moments["mu02"]))
    return tilt if abs(tilt) <= MAX_TILT_DEG else 0.0


def _enlarged(line: Line, factor: float, shape: tuple[int, ...]) -> Line:
    """The same line, described in the pixels of a picture `factor` times as large."""
    if line.box is None:
        return line
    left, top = int(line.box.x * factor), int(line.box.y * factor)
    right = min(shape[1], math.ceil((line.box.x + line.box.width) * factor))
    bottom = min(shape[0], math.ceil((line.box.y + line.box.height) * factor))
    return replace(line, box=Box(left, top, right - left, bottom - top), to_picture=line.to_picture * factor)


def _blank(polarity: Polarity) -> Line:
    return Line(np.zeros((0, 0), np.uint8), polarity, None, np.eye(2, 3))
