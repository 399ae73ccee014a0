"""Telling a digit from what else is drawn near it: cell lines, specks, pieces of neighbors."""

import cv2
import numpy as np
from numpy.typing import NDArray

from service.recognition.image import GrayImage
from service.recognition.lines import OUTER_SHARE, Mask, printed_lines, touching_edges, widened

STROKE_LEVEL = 64  # of 255, from which a pixel belongs to a stroke
LINE_LEVEL = 20  # of 255; print is often paler than what is written on it
STRONG_CONTRAST = 60.0  # of 255; noise and fibers never reach this
MIN_DIGIT_PX = 5  # fewer pixels hold no digit that anyone could read
RIM_SHARE = 0.14  # a circle that touches all edges comes further in than this at its diagonals
SIDE_SHARE = 0.12  # the outermost part, where even a short upright stroke is a piece of a cell's line
CLEAN_LINE_SHARE = 0.7  # drawn pictures are often cut along the digit: what is removed must be a line and little else
PHOTO_LINE_SHARE = 0.4  # photographed digits stand in cells and run into their lines
REACH = 0.4  # a piece this near to the digit, in sizes of the digit, may be a part of it, as the bar of a 5
BAR_REACH = 0.15  # and a level bar, otherwise taken for a line, only when it is this near
MIN_PIECE_SHARE = 0.02  # of the digit's area; smaller pieces are specks
NEARLY_ALL = 0.95  # of the ink in a picture that was cut out along its digit
CUT_MARGIN = 0.1  # of a side, from the edge to where a stroke with soft edges is dark
LONGEST_CELL = 2.0  # times as long as high, or as high as long
SIDE_COVER = 0.8  # of a side, which the line of a cell runs along at least
MATE_HEIGHT_SHARE = 0.55  # of the digit's height; from there on, however far away, it may be a second digit
MATE_AREA_SHARE = 0.2  # of the digit's area; a 1 beside a bold 8 has little more
UNDERLINE_LENGTH = 4.0  # of its own height; a rise of an eighth of its length makes it no shorter than that
UNDERLINE_COVER = 0.95  # of the width of the piece above it, that it lies under
UNDERLINED_HEIGHT = 0.5  # of its length, that this piece has at least
BLOT_BREADTH = 0.6  # of a blot's length, that it is broad; the boldest 1 is a third of it
BLOT_FILL = 0.95  # of its hull, that it covers; a 6 or a 9 whose loop is full of ink has a stem beside it


def keep_digit(
    ink: GrayImage, *, min_px: float, line_share: float, lines_leave: bool = False, may_be_cut_out: bool = False
) -> GrayImage:
    """Clear everything but the digit, or the digits: the lines of their cell, specks, pieces of neighbors.

    Args:
        ink: uint8 (height, width), paper 0 and ink 255.
        min_px: height or width that the digit has at least.
        line_share: what hangs together is the line of a cell, and may be cut from the digit that it runs into,
            when at least this share of it is a straight line; 0 to 1.
        lines_leave: whether lines are printed only if they leave the picture, as they do where a program has cut it
            close to the digit. There the foot of a 2 is as long as half the picture.
        may_be_cut_out: whether a program may have cut the picture out along the digit, as only drawings and scans are.
            Then the bar of a 7 leaves the picture on both sides, as a ruling does.
    """
    strokes = (cv2.GaussianBlur(ink, (3, 3), 0) >= STROKE_LEVEL).astype(np.uint8)
    lines = printed_lines((ink >= LINE_LEVEL).astype(np.uint8), least_share=line_share)
    if lines_leave:
        lines = touching_edges(lines)
    if may_be_cut_out and _fills_picture(strokes) and not _is_cell(lines):
        return ink
    strokes[lines > 0] = 0
    num_labels, labels, stats, _ = cv2.connectedComponentsWithStats(strokes, connectivity=8)
    if num_labels == 1:
        return np.zeros_like(ink)
    pieces = _Pieces(labels, stats)
    touches_frame = np.zeros(num_labels, bool)
    touches_frame[labels[widened(lines) > 0]] = True
    touches = pieces.touches_border | touches_frame[1:]
    is_underline = pieces.is_underline()
    is_cell = pieces.is_outer & (touches | pieces.is_line) | is_underline
    weight = pieces.area * np.where(touches, 0.3, 1.0) * ~is_cell
    main = int(weight.argmax())
    if weight[main] == 0 or pieces.size[main] < min_px:
        return np.zeros_like(ink)
    if pieces.spans_picture[main]:
        # The picture was cut along the digit, so what looked like the lines of a cell are its own strokes.
        return ink
    gap = pieces.gap_to(main) / pieces.size[main]
    is_near = (gap <= REACH) & ~is_cell | (gap <= BAR_REACH) & ~touches & ~is_underline
    is_kept = is_near & (pieces.area >= MIN_PIECE_SHARE * pieces.area[main])
    # Whoever asks for one digit and sends two is to be told, so the second one is not cleared away as dirt.
    is_kept |= pieces.is_mate_of(main) & ~is_cell & ~touches
    is_kept[main] = True
    if np.count_nonzero(is_kept) == 1 and is_blot(labels == 1 + main):
        return np.zeros_like(ink)
    kept = np.concatenate([[False], is_kept])[labels].astype(np.uint8)
    # The strokes' soft edges lie below the level at which pieces were told apart.
    softness = 2 * max(1, round(pieces.size[main] / 40)) + 1
    kept = cv2.dilate(kept, np.ones((softness, softness), np.uint8))
    kept[lines > 0] = 0
    digit: GrayImage = cv2.multiply(ink, kept)
    return digit


def _fills_picture(strokes: Mask) -> bool:
    """Whether nearly all ink hangs together and reaches all four edges of the picture, as far as soft edges let it."""
    height, width = strokes.shape
    _, _, stats, _ = cv2.connectedComponentsWithStats(strokes, connectivity=8)
    areas = stats[1:, cv2.CC_STAT_AREA]
    if not len(areas) or areas.max() < NEARLY_ALL * areas.sum():
        return False
    left, top, piece_width, piece_height, _ = stats[1 + int(areas.argmax())]
    margin_x, margin_y = CUT_MARGIN * width, CUT_MARGIN * height
    at_sides = left <= margin_x and left + piece_width >= width - margin_x
    return bool(at_sides and top <= margin_y and top + piece_height >= height - margin_y)


def _is_cell(lines: Mask) -> bool:
    """Whether lines run along two sides of the picture that meet, as those of a cell do."""
    height, width = lines.shape
    margin_y, margin_x = max(1, round(OUTER_SHARE * height)), max(1, round(OUTER_SHARE * width))
    level = max(lines[:margin_y].any(axis=0).mean(), lines[-margin_y:].any(axis=0).mean())
    upright = max(lines[:, :margin_x].any(axis=1).mean(), lines[:, -margin_x:].any(axis=1).mean())
    return bool(min(level, upright) >= SIDE_COVER)


class _Pieces:
    """Connected pieces of ink and where they stand; every attribute is an array with one entry per piece."""

    def __init__(self, labels: NDArray[np.int32], stats: NDArray[np.int32]) -> None:
        height, width = labels.shape
        self._left, self._top, self._width, self._height, self.area = stats[1:].T
        self._right, self._bottom = self._left + self._width, self._top + self._height
        self.size = np.maximum(self._width, self._height)
        self.touches_border = (self._left == 0) | (self._top == 0) | (self._right == width) | (self._bottom == height)
        self.spans_picture = ((self._left == 0) & (self._right == width)) | (
            (self._top == 0) & (self._bottom == height)
        )
        # In a long strip a cell is no longer than a few times its height.
        cell_x, cell_y = min(width, LONGEST_CELL * height), min(height, LONGEST_CELL * width)
        margin_x, margin_y = OUTER_SHARE * cell_x, OUTER_SHARE * cell_y
        self.is_outer = (
            (self._right <= margin_x)
            | (self._left >= width - margin_x)
            | (self._bottom <= margin_y)
            | (self._top >= height - margin_y)
            | ~_reaches_inside(labels, len(stats))
        )
        is_bar = self._width >= 3 * self._height
        is_tall_line = (self._height >= 0.5 * height) & (self._width <= 0.1 * cell_x)
        is_at_side = (self._right <= SIDE_SHARE * cell_x) | (self._left >= width - SIDE_SHARE * cell_x)
        self.is_line = is_bar | is_tall_line | (is_at_side & (self._height >= 2 * self._width))

    def is_underline(self) -> NDArray[np.bool_]:
        """Which pieces are level bars that something larger stands on, and keep clear of; no digit ends in one."""
        is_bar = self._width >= UNDERLINE_LENGTH * self._height
        above = self._bottom <= (self._top + self._bottom)[:, np.newaxis] / 2
        shared = np.minimum(self._right, self._right[:, np.newaxis]) - np.maximum(self._left, self._left[:, np.newaxis])
        lies_under = shared >= UNDERLINE_COVER * self._width
        is_tall = self._height >= UNDERLINED_HEIGHT * np.minimum(self._width[:, np.newaxis], 2 * self._width)
        is_underlined = above & lies_under & is_tall & ~is_bar
        underline: NDArray[np.bool_] = is_bar & is_underlined.any(axis=1)
        return underline

    def is_mate_of(self, index: int) -> NDArray[np.bool_]:
        """Which pieces are as large as a digit that was written with piece `index`, in the same hand."""
        is_as_tall = self._height >= MATE_HEIGHT_SHARE * self._height[index]
        is_as_heavy = self.area >= MATE_AREA_SHARE * self.area[index]
        is_mate: NDArray[np.bool_] = is_as_tall & is_as_heavy
        return is_mate

    def gap_to(self, index: int) -> NDArray[np.float64]:
        """Distance in pixels between the box of each piece and that of piece `index`."""
        gap_x = np.maximum(self._left - self._right[index], self._left[index] - self._right).clip(min=0)
        gap_y = np.maximum(self._top - self._bottom[index], self._top[index] - self._bottom).clip(min=0)
        gaps: NDArray[np.float64] = np.hypot(gap_x, gap_y)
        return gaps


def is_blot(piece: NDArray[np.bool_]) -> bool:
    """Whether a piece has no strokes, as the light of a flash on glossy paper.

    Args:
        piece: bool (height, width), where it is in the picture.
    """
    points = cv2.findNonZero(piece.astype(np.uint8))
    shorter_px, longer_px = sorted(cv2.minAreaRect(points)[1])
    hull = cv2.convexHull(points)
    # The hull goes through the middles of the outermost pixels; half of each is beyond it.
    num_within = cv2.contourArea(hull) + cv2.arcLength(hull, closed=True) / 2 + 1
    return bool(shorter_px >= BLOT_BREADTH * longer_px and len(points) >= BLOT_FILL * num_within)


def _reaches_inside(labels: NDArray[np.int32], num_labels: int) -> NDArray[np.bool_]:
    """Which pieces are not only along the edges; even a thin 0 that fills its picture is not."""
    height, width = labels.shape
    margin_y, margin_x = round(RIM_SHARE * height), round(RIM_SHARE * width)
    inside = labels[margin_y : height - margin_y, margin_x : width - margin_x]
    return np.bincount(inside.ravel(), minlength=num_labels)[1:] > 0


def smallest_digit_px(shape: tuple[int, ...], contrast: float) -> float:
    """What is smaller than this is a speck; a small digit is believed where it is written strongly."""
    share = 0.01 if contrast >= STRONG_CONTRAST else 0.12
    return max(MIN_DIGIT_PX, share * min(max(shape), LONGEST_CELL * min(shape)))
