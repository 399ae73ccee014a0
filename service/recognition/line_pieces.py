"""Telling a line of digits from what else is in a picture: specks, other lines, pieces of a frame."""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from service.recognition.image import GrayImage
from service.recognition.lines import Mask, widened
from service.recognition.pieces import LINE_LEVEL, STROKE_LEVEL, is_blot

SPECK_SHARE = 0.06  # of the line's height; a piece smaller than this in both directions is a speck
FAR_SHARE = 0.5  # of the line's height; what lies further above or below belongs to another line
MATE_SHARE = 0.5  # of the height of the tallest piece; what stands beside it and is as tall is a digit too
MAX_TILT = math.tan(math.radians(25))  # a line that rises more is none
MAX_MATES = 400  # largest pieces that are asked for where the line is
POST_HEIGHT = 1.15  # of the digits' height; an upright bar that is taller, from edge to edge, is the side of a frame
POST_BETWEEN_RULES = 1.05  # and between two rules
POST_FILL = 0.85  # of its rows in which it is where a straight bar would be, and as wide
POST_WIDTH = 0.2  # of its height
OTHER_HEIGHT = 0.6  # of the line's height; what is as tall, and as heavy, and of another line, nobody reads
OTHER_WEIGHT = 0.25  # of the usual digit's
OTHER_WIDTH = 2.0  # of its height; what is wider is a rule, or an underline


@dataclass(frozen=True, slots=True)
class KeptLine:
    """One line of what is in a picture.

    Attributes:
        image: uint8 (height, width), paper 0 and ink up to 255; empty of ink where there is no line.
        is_alone: whether nothing as large as its digits was cleared: another line, or digits one above the other.
    """

    image: GrayImage
    is_alone: bool


def keep_line(ink: GrayImage, *, rulings: Mask, smallest_px: float) -> KeptLine:
    """Clear everything but one line of digits, with what stands between them.

    Args:
        ink: uint8 (height, width), paper 0 and ink up to 255.
        rulings: uint8 (height, width), 1 where printed lines have been removed.
        smallest_px: height or width that the tallest piece has at least; smaller ones are specks.
    """
    # Down to its faintest edge: a digit whose ink ran dry in the middle is not to fall apart.
    num_labels, labels, stats, _ = cv2.connectedComponentsWithStats(
        (ink >= LINE_LEVEL).astype(np.uint8), connectivity=8
    )
    is_strong = np.zeros(num_labels, bool)
    is_strong[labels[cv2.GaussianBlur(ink, (3, 3), 0) >= STROKE_LEVEL]] = True
    is_strong[0] = False
    if not is_strong.any():
        return KeptLine(np.zeros_like(ink), is_alone=True)
    indices = np.flatnonzero(is_strong)
    pieces = _Pieces(stats[indices], ink.shape)
    main = pieces.main()
    if max(pieces.height[main], pieces.width[main]) < smallest_px:
        return KeptLine(np.zeros_like(ink), is_alone=True)
    is_digit = (pieces.height >= MATE_SHARE * pieces.height[main]) & pieces.overlaps(main)
    line_height = float(np.median(pieces.height[is_digit]))
    distance = np.abs(pieces.middle_y - pieces.course(is_digit)) - pieces.height / 2
    is_speck = np.maximum(pieces.width, pieces.height) < max(2.0, SPECK_SHARE * line_height)
    keep = (distance <= FAR_SHARE * line_height) & ~is_speck
    keep[main] = True
    if np.count_nonzero(is_digit & keep) == 1 and is_blot(labels == indices[main]):
        return KeptLine(np.zeros_like(ink), is_alone=True)
    is_other = ~keep & pieces.are_like(is_digit, line_height)
    keep &= ~_posts(pieces, labels, indices, is_digit & keep, rulings)
    kept = np.zeros(num_labels, np.uint8)
    kept[indices[keep]] = 1
    return KeptLine(cv2.multiply(ink, widened(kept[labels])), is_alone=not is_other.any())


def _posts(
    pieces: "_Pieces", labels: NDArray[np.int32], indices: NDArray[np.int64], is_digit: NDArray[np.bool_], rulings: Mask
) -> NDArray[np.bool_]:
    """Sides of frames and cells: straight upright bars taller than the digits, between the picture's edges or rules."""
    starts_at_rule, ends_at_rule = pieces.touch_above_and_below(rulings)
    is_between_rules = starts_at_rule & ends_at_rule
    spans = (starts_at_rule | (pieces.top <= 1)) & (ends_at_rule | (pieces.bottom >= labels.shape[0] - 1))
    is_post = np.zeros(len(indices), bool)
    if not (is_digit & ~spans).any():
        return is_post
    usual = float(np.median(pieces.height[is_digit & ~spans]))
    is_tall = pieces.height >= np.where(is_between_rules, POST_BETWEEN_RULES, POST_HEIGHT) * usual
    for index in np.flatnonzero(is_digit & spans & is_tall & (pieces.height >= 2 * pieces.width)):
        is_post[index] = _is_bar(labels, int(indices[index]), pieces, int(index))
    return is_post


def _is_bar(labels: NDArray[np.int32], label: int, pieces: "_Pieces", index: int) -> bool:
    """Whether a piece is straight, and as wide everywhere."""
    top, bottom = pieces.top[index], pieces.bottom[index]
    left, right = pieces.left[index], pieces.left[index] + pieces.width[index]
    piece = labels[top:bottom, left:right] == label
    first = piece.argmax(axis=1)
    last = piece.shape[1] - 1 - piece[:, ::-1].argmax(axis=1)
    widths, middles, rows = last - first + 1, (first + last) / 2, np.arange(len(piece))
    usual = float(np.median(widths))
    is_straight = np.abs(middles - np.polyval(np.polyfit(rows, middles, 1), rows)) <= max(1.0, 0.3 * usual)
    is_even = np.abs(widths - usual) <= max(1.0, 0.34 * usual)
    return bool(usual <= POST_WIDTH * len(piece) and np.mean(is_straight & is_even) >= POST_FILL)


class _Pieces:
    """Connected pieces of ink and where they stand; every attribute is an array with one entry per piece."""

    def __init__(self, stats: NDArray[np.int32], shape: tuple[int, ...]) -> None:
        self.left, self.top, self.width, self.height, self.area = stats.T
        self.bottom = self.top + self.height
        self.middle_x, self.middle_y = self.left + self.width / 2, self.top + self.height / 2
        self._is_at_edge = (self.top == 0) | (self.bottom == shape[0])

    def main(self) -> int:
        """The tallest stroke of the line that most ink stands in.

        Lines are weighed by the squares of their strokes, so that a number stands out from smaller print; what the
        picture's edge cuts off weighs less.
        """
        weight = self.height * np.sqrt(self.area) * np.where(self._is_at_edge, 0.5, 1.0)
        largest = np.argsort(weight)[::-1][:MAX_MATES]
        heights = self.height[largest]
        are_alike = (heights >= MATE_SHARE * heights[:, None]) & (MATE_SHARE * heights <= heights[:, None])
        middles = self.middle_y[largest]
        are_level = np.abs(middles - middles[:, None]) <= 0.5 * heights[:, None]
        line_weights = (are_alike & are_level) @ (weight[largest] ** 2)
        best = int(line_weights.argmax())
        mates = np.flatnonzero(are_alike[best] & are_level[best])
        return int(largest[mates[weight[largest[mates]].argmax()]])

    def are_like(self, is_digit: NDArray[np.bool_], line_height: float) -> NDArray[np.bool_]:
        """Which pieces may be digits as those are, and stand whole in the picture."""
        is_tall = (self.height >= OTHER_HEIGHT * line_height) & (self.width <= OTHER_WIDTH * self.height)
        is_heavy = self.area * self.height >= OTHER_WEIGHT * float(np.median((self.area * self.height)[is_digit]))
        alike: NDArray[np.bool_] = is_tall & is_heavy & ~self._is_at_edge
        return alike

    def touch_above_and_below(self, rulings: Mask) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Which pieces begin at a printed line that has been removed, and which end at one."""
        near = np.zeros_like(rulings) if not rulings.any() else widened(rulings, times=2)
        middles = self.middle_x.astype(np.int64)
        last = rulings.shape[0] - 1
        return near[self.top, middles] > 0, near[np.minimum(self.bottom, last), middles] > 0

    def overlaps(self, index: int) -> NDArray[np.bool_]:
        """Which pieces stand beside piece `index`, at least in part."""
        beside: NDArray[np.bool_] = (self.top < self.bottom[index]) & (self.bottom > self.top[index])
        return beside

    def course(self, is_digit: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Height of the middle of the line where each piece stands, given which of them are digits."""
        xs, ys = self.middle_x[is_digit], self.middle_y[is_digit]
        level: NDArray[np.float64] = np.full(len(self.area), float(np.average(ys, weights=self.area[is_digit])))
        if len(xs) < 3 or np.ptp(xs) == 0:
            return level
        xs, ys = xs[:MAX_MATES], ys[:MAX_MATES]
        run = np.where(xs[:, None] == xs, np.inf, xs[:, None] - xs)
        slopes = (ys[:, None] - ys) / run
        # Theil and Sen: one stray piece does not turn the median of all slopes.
        slope = float(np.clip(np.median(slopes[np.triu_indices(len(xs), 1)]), -MAX_TILT, MAX_TILT))
        course: NDArray[np.float64] = float(np.median(ys - slope * xs)) + slope * self.middle_x
        return course
