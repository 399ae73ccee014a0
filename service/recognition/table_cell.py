"""The cell of a table in a picture that shows a little of its neighbors too.

Whoever cuts a cell out of a page seldom cuts along its lines: the lines go on to the picture's edges, and beyond them
stand the beginnings and ends of what is written in other cells, cut in two. A row of boxes with a digit in each is no
such table: its digits are whole, and no box takes up half of the picture.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from service.recognition.lines import Mask, widened
from service.recognition.rules import Rule

LEAST_CELL = 0.45  # of the picture's width and height, that a cell takes up
LARGEST_STRIP = 0.7  # of the cell's width, that is in view of a cell beside it
LEAVES_PX = 2  # from the picture's edge, at which a line has left it
MOST_LINES = 2  # in either direction; squared paper has more of them, and nothing beyond them
WHOLE = 0.5  # of the cell's height; what is as tall beyond it and does not leave the picture is no piece of a neighbor
PIECE = 0.1  # of the cell's height; smaller ones are specks, and what a 4 cut out closely has beyond its own lines
STRAIGHT = 0.65  # of the cell's height; strokes of digits are not so straight for longer, mostly
LEAST_BEYOND_PX = 3  # past a line's middle, where another cell begins


def beyond_cell(ink: Mask, rules: Sequence[Rule], walls: Sequence[Rule]) -> Mask | None:
    """What of a picture lies in other cells of a table than the one in its middle.

    Args:
        ink: uint8 (height, width), 1 where there is ink, less the lines.
        rules: the level lines in the picture.
        walls: the upright ones, with rows and columns exchanged.

    Returns:
        uint8 (height, width), 1 beyond the lines around the cell. None where there are not enough of them, they do not
        go on to the edges, the cell is small, or there is nothing beyond it, or something whole.
    """
    height, _ = ink.shape
    level, upright = (_Pair.around_middle(lines, ink.shape[::step]) for lines, step in ((rules, 1), (walls, -1)))
    if not level.lines or not upright.lines or level.share < LEAST_CELL or upright.share < LEAST_CELL:
        return None
    if max(len(rules), len(walls)) > MOST_LINES:
        return None
    # Where one line is out of view, a 1 from rule to rule may look like a wall; but it does not go on to the edges.
    is_closed = len(level.lines) == len(upright.lines) == 2
    if not (level.leaves or upright.leaves if is_closed else level.leaves and upright.leaves):
        return None
    beyond: Mask = (level.outside | upright.outside.T).astype(np.uint8)
    return beyond if _holds_cut_pieces(ink & beyond, cell_height=level.share * height) else None


def written_in_cell(ink: Mask, beyond: Mask, lines: Mask) -> Mask:
    """The pieces of ink that stand in a cell, with what of them goes on beyond its lines.

    Args:
        ink: uint8 (height, width), 1 where there is ink, less the lines.
        beyond: of `beyond_cell`.
        lines: uint8 (height, width), 1 on and next to all of the lines.

    Returns:
        uint8 (height, width), 1 on pieces that are mostly in the cell, and more than what is left of a line.
    """
    num_pieces, pieces = cv2.connectedComponents(ink, connectivity=8)
    num_pixels, num_beyond, num_on_lines = (
        np.bincount(pieces[mask > 0], minlength=num_pieces) for mask in (ink, ink & beyond, ink & lines)
    )
    is_inside = (2 * num_beyond < num_pixels) & (num_on_lines < num_pixels)
    is_inside[0] = False
    inside: Mask = is_inside[pieces].astype(np.uint8)
    return inside


def is_divided(ink: Mask, walls: Sequence[Rule]) -> bool:
    """Whether upright lines that leave the picture part its middle from something as high, perhaps in another cell.

    A digit of the next cell looks like the cents beyond the line of a ledger. Boxes with a digit in each have more
    lines, and none of them takes up half of the picture.

    Args:
        ink: uint8 (height, width), 1 where there is ink, less the lines.
        walls: the upright lines, with rows and columns exchanged.
    """
    height, width = ink.shape
    leaving = [wall for wall in walls if wall.start <= LEAVES_PX and wall.end >= height - LEAVES_PX]
    pair = _Pair.around_middle(leaving, (width, height))
    strip = max(pair.first, width - pair.last)
    if not pair.lines or pair.share < LEAST_CELL or strip > LARGEST_STRIP * pair.share * width:
        return False
    beyond: Mask = pair.outside.T.astype(np.uint8)
    tallest_inside, tallest_beyond = (_tallest(ink * mask) for mask in (1 - beyond, beyond))
    return bool(tallest_inside) and tallest_beyond >= WHOLE * tallest_inside


def _tallest(ink: Mask) -> int:
    """Height of the highest piece of ink, in pixels; 0 where there is none."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    return int(stats[1:, cv2.CC_STAT_HEIGHT].max(initial=0))


@dataclass(frozen=True, slots=True)
class _Pair:
    """The level lines next to the middle of a picture, one above it and one below; either may be out of view.

    Attributes:
        lines: these lines.
        first, last: where these are, at half of the picture's width; its edges where they are out of view.
        share: of the picture's height, that lies between them, or between one and the edge beyond the middle.
        leaves: whether they run from one edge of the picture to the other.
        outside: bool (height, width), True above the upper one and below the lower one.
    """

    lines: Sequence[Rule]
    first: float
    last: float
    share: float
    leaves: bool
    outside: NDArray[np.bool_]

    @classmethod
    def around_middle(cls, lines: Sequence[Rule], shape: tuple[int, ...]) -> "_Pair":
        height, width = shape
        place = {line: line.y(width / 2) for line in lines}
        upper = max((line for line in lines if place[line] < height / 2), key=place.__getitem__, default=None)
        lower = min((line for line in lines if place[line] >= height / 2), key=place.__getitem__, default=None)
        found = [line for line in (upper, lower) if line is not None]
        top = 0.0 if upper is None else place[upper]
        bottom = float(height) if lower is None else place[lower]
        leaves = all(line.start <= LEAVES_PX and line.end >= width - LEAVES_PX for line in found)
        rows, columns = np.arange(height)[:, np.newaxis], np.arange(width)
        outside = np.zeros(shape, bool)
        for line, side in ((upper, -1), (lower, 1)):
            if line is not None:
                outside |= side * (rows - line.offset - line.slope * columns) > LEAST_BEYOND_PX
        return cls(found, top, bottom, (bottom - top) / height, leaves, outside)


def _holds_cut_pieces(ink: Mask, *, cell_height: float) -> bool:
    """Whether there is more than specks, and all that is large was cut by the picture's edge; the height in pixels."""
    height, width = ink.shape
    _, _, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    left, top, widths, heights, _ = stats[1:].T
    is_piece = np.maximum(widths, heights) >= PIECE * cell_height
    is_cut = (left == 0) | (top == 0) | (left + widths == width) | (top + heights == height)
    is_whole = ~is_cut & (heights >= WHOLE * cell_height)
    return bool(is_piece.any() and not is_whole.any()) and not _is_mostly_straight(ink, round(STRAIGHT * cell_height))


def _is_mostly_straight(ink: Mask, length: int) -> bool:
    """Whether ink is level or upright for so many pixels, as more lines of squared paper are, even a little tilted."""
    broad = widened(ink)
    runs = [cv2.morphologyEx(broad, cv2.MORPH_OPEN, np.ones(side, np.uint8)) for side in ((1, length), (length, 1))]
    return 2 * cv2.countNonZero(ink & (runs[0] | runs[1])) > cv2.countNonZero(ink)
