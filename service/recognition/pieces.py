"""Telling a digit from what else is drawn near it: cell lines, specks, pieces of neighbors."""

from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from service.recognition.image import GrayImage

Mask: TypeAlias = NDArray[np.uint8]
"""uint8 (height, width), 0 or 1."""

STROKE_LEVEL = 64  # of 255, from which a pixel belongs to a stroke
STRONG_CONTRAST = 60.0  # of 255; noise and fibers never reach this
MIN_DIGIT_PX = 5  # fewer pixels hold no digit that anyone could read
OUTER_SHARE = 0.22  # the outer part of a picture, where the lines of its cell are seen
SIDE_SHARE = 0.12  # the outermost part, where even a short upright stroke is a piece of a cell's line
LINE_SHARE = 0.6  # share of a side that a line of the cell runs along at least
CLEAN_LINE_SHARE = 0.7  # drawn pictures are often cut along the digit: what is removed must be a line and little else
PHOTO_LINE_SHARE = 0.4  # photographed digits stand in cells and run into their lines
REACH = 0.4  # a piece this near to the digit, in sizes of the digit, may be a part of it, as the bar of a 5
BAR_REACH = 0.15  # and a level bar, otherwise taken for a line, only when it is this near
MIN_PIECE_SHARE = 0.02  # of the digit's area; smaller pieces are specks


def keep_digit(ink: GrayImage, *, min_px: float, line_share: float) -> GrayImage:
    """Clear everything but the digit: the lines of its cell, specks, pieces of neighbors.

    Args:
        ink: uint8 (height, width), paper 0 and ink 255.
        min_px: height or width that the digit has at least.
        line_share: what hangs together is the line of a cell, and may be cut from the digit that it runs into,
            when at least this share of it is a straight line; 0 to 1.
    """
    strokes = (cv2.GaussianBlur(ink, (3, 3), 0) >= STROKE_LEVEL).astype(np.uint8)
    cell_lines = _cell_lines(strokes, line_share)
    frame = np.maximum.reduce(cell_lines)
    strokes[frame > 0] = 0
    num_labels, labels, stats, _ = cv2.connectedComponentsWithStats(strokes, connectivity=8)
    if num_labels == 1:
        return np.zeros_like(ink)
    pieces = _Pieces(stats[1:], strokes.shape)
    touches_frame = np.zeros(num_labels, bool)
    touches_frame[labels[_widened(frame) > 0]] = True
    touches = pieces.touches_border | touches_frame[1:]
    is_cell = pieces.is_outer & (touches | pieces.is_line)
    weight = pieces.area * np.where(touches, 0.3, 1.0) * ~is_cell
    main = int(weight.argmax())
    if weight[main] == 0 or pieces.size[main] < min_px:
        return np.zeros_like(ink)
    if _spans_picture((labels == main + 1).astype(np.uint8), cell_lines):
        # The picture was cut along the digit, so what looked like the lines of a cell are its own strokes.
        return ink
    gap = pieces.gap_to(main) / pieces.size[main]
    is_near = (gap <= REACH) & ~is_cell | (gap <= BAR_REACH) & ~touches
    is_kept = is_near & (pieces.area >= MIN_PIECE_SHARE * pieces.area[main])
    is_kept[main] = True
    kept = np.concatenate([[False], is_kept])[labels].astype(np.uint8)
    # The strokes' soft edges lie below the level at which pieces were told apart.
    softness = 2 * max(1, round(pieces.size[main] / 40)) + 1
    kept = cv2.dilate(kept, np.ones((softness, softness), np.uint8))
    kept[frame > 0] = 0
    digit: GrayImage = cv2.multiply(ink, kept)
    return digit


class _Pieces:
    """Connected pieces of ink and where they stand; every attribute is an array with one entry per piece."""

    def __init__(self, stats: NDArray[np.int32], shape: tuple[int, ...]) -> None:
        height, width = shape
        self._left, self._top, self._width, self._height, self.area = stats.T
        self._right, self._bottom = self._left + self._width, self._top + self._height
        self.size = np.maximum(self._width, self._height)
        self.touches_border = (self._left == 0) | (self._top == 0) | (self._right == width) | (self._bottom == height)
        margin_x, margin_y = OUTER_SHARE * width, OUTER_SHARE * height
        self.is_outer = (
            (self._right <= margin_x)
            | (self._left >= width - margin_x)
            | (self._bottom <= margin_y)
            | (self._top >= height - margin_y)
        )
        is_bar = self._width >= 3 * self._height
        is_tall_line = (self._height >= 0.5 * height) & (self._width <= 0.1 * width)
        is_at_side = (self._right <= SIDE_SHARE * width) | (self._left >= (1 - SIDE_SHARE) * width)
        self.is_line = is_bar | is_tall_line | (is_at_side & (self._height >= 2 * self._width))

    def gap_to(self, index: int) -> NDArray[np.float64]:
        """Distance in pixels between the box of each piece and that of piece `index`."""
        gap_x = np.maximum(self._left - self._right[index], self._left[index] - self._right).clip(min=0)
        gap_y = np.maximum(self._top - self._bottom[index], self._top[index] - self._bottom).clip(min=0)
        gaps: NDArray[np.float64] = np.hypot(gap_x, gap_y)
        return gaps


def _cell_lines(strokes: Mask, line_share: float) -> tuple[Mask, Mask, Mask, Mask]:
    """Straight lines along the edges of a picture that run out of it: the cell that a digit was written in.

    Args:
        strokes: uint8 (height, width), 1 where there is ink.
        line_share: see `keep_digit`.

    Returns:
        Four masks, uint8 (height, width): 1 on and next to the lines at the top, bottom, left and right.
    """
    top, bottom = _lines_along_rows(strokes)
    left, right = (np.ascontiguousarray(line.T) for line in _lines_along_rows(np.ascontiguousarray(strokes.T)))
    is_line = top | bottom | left | right
    if not is_line.any():
        return top, bottom, left, right
    # What reaches the edge by other strokes too was cut out along its edges: its lines are its own, as the bar of a 7,
    # unless they are most of it.
    num_labels, labels = cv2.connectedComponents(strokes, connectivity=8)
    num_pixels = np.bincount(labels.ravel(), minlength=num_labels)
    num_line_pixels = np.bincount(labels.ravel(), weights=is_line.ravel(), minlength=num_labels)
    rest = np.where(_widened(_widened(is_line)), 0, labels)
    is_cut_out = np.zeros(num_labels, bool)
    is_cut_out[np.concatenate([rest[0], rest[-1], rest[:, 0], rest[:, -1]])] = True
    is_cell = (~is_cut_out | (num_line_pixels >= line_share * num_pixels)).astype(np.uint8)[labels]
    return tuple(_widened(_widened(line & is_cell)) for line in (top, bottom, left, right))  # type: ignore[return-value]


def _lines_along_rows(strokes: Mask) -> tuple[Mask, Mask]:
    """Level lines in the upper and in the lower part of a picture."""
    height, width = strokes.shape
    window = np.ones((1, max(3, round(LINE_SHARE * width))), np.uint8)
    runs = cv2.morphologyEx(strokes, cv2.MORPH_OPEN, window)
    # A stroke that ends within the picture is no line of a cell: the bar of a 7, the side of an angular 0.
    num_labels, labels = cv2.connectedComponents(runs, connectivity=8)
    is_leaving = np.zeros(num_labels, np.uint8)
    is_leaving[labels[:, [0, -1]]] = 1
    is_leaving[0] = 0
    runs = is_leaving[labels]
    margin = round(OUTER_SHARE * height)
    upper, lower = runs.copy(), runs
    upper[margin:] = 0
    lower[: height - margin] = 0
    return upper, lower


def _spans_picture(piece: Mask, cell_lines: tuple[Mask, Mask, Mask, Mask]) -> bool:
    """Whether a piece reaches from one edge of its picture, or a line along it, to the opposite one."""
    around = _widened(piece)
    edges = (around[0], around[-1], around[:, 0], around[:, -1])
    reaches = [bool(edge.any() or (around & line).any()) for edge, line in zip(edges, cell_lines, strict=True)]
    return (reaches[0] and reaches[1]) or (reaches[2] and reaches[3])


def _widened(mask: Mask) -> Mask:
    """The mask and the pixels next to it."""
    widened: Mask = cv2.dilate(mask, np.ones((3, 3), np.uint8))
    return widened


def smallest_digit_px(shape: tuple[int, ...], contrast: float) -> float:
    """What is smaller than this is a speck; a small digit is believed where it is written strongly."""
    share = 0.01 if contrast >= STRONG_CONTRAST else 0.12
    return max(MIN_DIGIT_PX, share * max(shape))
