"""What is written in a cell: which pieces of ink are its own, and which are specks, rests of print, or too pale."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from service.forms.erasing import Erased
from service.forms.faint import HAIR_PX, MIN_MARK, faint_ink, faint_level_of, largest_extent
from service.recognition.canvas import stroke_width
from service.recognition.image import GrayImage
from service.recognition.prediction import Box

INK_SHARE = 0.45  # of the ink's level, from which a point is written; the middle of a stroke's edge
STROKE_LEVEL = 64  # of 255, once full ink is that
THREAD_SHARE = 0.34  # of a pen's stroke; what is straight and thinner than that is the rest of a line, and no stroke
UNDER_PX = 3  # of the canvas, between where a stroke stops to be seen and the print that hides it
MOST_UNDER = 16.0  # pixels of such print beside a stroke, per pixel of the pen; where one crosses it there are fewer
SPECK_SHARE = 0.03  # of the cell's ink; smaller pieces are specks
TOUCHES_LINE = 0.3  # of a speck that is along a printed line, from which on it is the line's
OWN_SHARE, PART_SHARE = 0.65, 0.15  # of a piece, from which a cell holds it alone, and from which a part of it
NARROW = 1.15  # widths of a cell: a piece that is no wider is one digit, wherever it stands; two that touch are wider
THROUGH_PX = 6  # of the canvas, on either side of a cell's edge: ink on both sides passes it
BESIDE = 0.35  # heights of a cell: the least height of something beside a field that may be a digit of it,
BIT = 0.12  # and the least extent of each piece of it; the grain of paper is smaller, in pencil too
ACROSS_PX = 6  # of the canvas, over print: from where a stroke goes under a line to where it comes out again
CRUMB = 0.04  # of a cell's height: the least extent of a speck that may be a stroke's; dust and noise are smaller


@dataclass(frozen=True, slots=True)
class Cell:
    """What is written in one cell, or in a field without cells.

    Attributes:
        ink: uint8 (height, width), paper 0 and ink up to 255, cropped to what is written; (0, 0) where it is blank.
        box: of the cell, in pixels of the picture.
        side_px: the cell's shorter side, in pixels of `ink`.
        fill: share of the cell's area that is ink, 0 to 1.
        is_partly_hidden: whether strokes run under print that hides them, and do not come out again.
        crumbs: how long the pieces that were left out as too small are together, in heights of the cell: strokes that a
            scan in black and white has broken to bits leave many.
        faint: extent of the largest thing in it that is too pale for the page's writing, in heights of the cell.
        is_struck: whether a stroke comes in at one side and goes out at the other.
        runs_far: whether strokes go on to where no digit reaches: the edge of a stamp, a staple, a fold.
    """

    ink: GrayImage
    box: Box
    side_px: int
    fill: float
    is_partly_hidden: bool
    crumbs: float
    faint: float
    is_struck: bool = False
    runs_far: bool = False

    @property
    def is_blank(self) -> bool:
        """Whether nothing is written here."""
        return self.ink.size == 0

    @property
    def has_faint_mark(self) -> bool:
        """Whether something here is as large as a mark, and paler than the page's writing."""
        return self.faint >= MIN_MARK


@dataclass(frozen=True, slots=True)
class Boxes:
    """What is printed to be written in, in and around a field.

    Attributes:
        cells: rows and columns of the field's boxes for a digit each; none where it is a line.
        is_other: bool (height, width), where the boxes of other fields are.
    """

    cells: tuple[tuple[slice, slice], ...]
    is_other: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Writing:
    """What is written in and around a field.

    Attributes:
        erased: its ink without print.
        pieces: what is as dark as the page's writing.
        faint: uint8 (height, width), 1 where something paler is; see `faint_ink`.
        boxes: around which it is.
    """

    erased: Erased
    pieces: "Pieces"
    faint: GrayImage
    boxes: "Boxes"

    @staticmethod
    def of(erased: Erased, level: float, boxes: "Boxes") -> "Writing":
        """Tell writing from what is paler; `level` is how dark the page's writing is, 0 to 255."""
        ink = _levelled(erased.ink, level)
        strokes = (ink >= STROKE_LEVEL).astype(np.uint8)
        faint = faint_ink(erased.ink, strokes, erased.is_clear)
        return Writing(erased, Pieces(ink, erased, boxes), faint, boxes)

    def cell(self, place: tuple[slice, slice], box: Box, *, height: int) -> Cell:
        """What is written in one cell; see `Pieces.cell`. A pale mark is cut out where it stands alone."""
        cell = self.pieces.cell(place, box, height=height)
        rows = place[0].stop - place[0].start
        cell = replace(cell, faint=largest_extent(self.faint[place]) / (height or rows))
        if not (cell.is_blank and cell.has_faint_mark):
            return cell
        level = faint_level_of(self.erased.ink[place], self.erased.is_clear[place])
        ink = _levelled(self.erased.ink, level)
        alone = Pieces(ink, self.erased, self.boxes).cell(place, box, height=height)
        return replace(alone, faint=cell.faint)


class Pieces:
    """Connected pieces of ink in a field's surroundings, each of which belongs to the cell that holds most of it.

    Args:
        ink: uint8 (height, width), paper 0 and ink up to 255.
        erased: where print was.
        boxes: of the field and of others.
    """

    def __init__(self, ink: GrayImage, erased: Erased, boxes: Boxes) -> None:
        self._ink = ink
        self._is_at_line = erased.is_at_line
        strokes = (ink >= STROKE_LEVEL).astype(np.uint8)
        self._is_hidden = erased.is_hidden & ~strokes
        self._is_far = _leads_out(strokes, erased.is_clear)
        self._num, self._labels, self._stats, _ = cv2.connectedComponentsWithStats(strokes, connectivity=8)
        self._area = self._stats[:, cv2.CC_STAT_AREA]
        self._boxes = boxes
        self._num_elsewhere = self._held(boxes.is_other)

    def cell(self, place: tuple[slice, slice], box: Box, *, height: int = 0) -> Cell:
        """What is written in one cell.

        Args:
            place: rows and columns of the cell.
            box: of the cell, in pixels of the picture.
            height: of a line of writing; 0 for that of the cell.
        """
        rows, columns = (one.stop - one.start for one in place)
        height, side = height or rows, min(rows, columns)
        inside = self._held(place)
        share = inside / np.maximum(1, self._area)
        share[0] = 0.0
        # What lies mostly in the cell is its own, wherever it ends; of what lies mostly elsewhere, nothing is.
        # Between the two, strokes of neighbors have run together, and the cell's edge parts them; but what is as narrow
        # as a digit is one, and goes where most of it is.
        is_own = share >= OWN_SHARE
        is_shared = (share >= PART_SHARE) & ~is_own
        if place in self._boxes.cells:
            is_narrow = self._stats[:, cv2.CC_STAT_WIDTH] <= NARROW * columns
            most = np.max([self._num_elsewhere, *(self._held(cell) for cell in self._boxes.cells)], axis=0)
            is_own |= is_shared & is_narrow & (inside >= most)
            is_shared &= ~is_narrow
        cut = np.zeros_like(self._ink, dtype=bool)
        cut[place] = is_shared[self._labels[place]]
        kept = is_own[self._labels] | cut
        kept, crumbs = self._without_specks(kept, height)
        if not kept.any():
            return Cell(np.zeros((0, 0), np.uint8), box, side, 0.0, is_partly_hidden=False, crumbs=crumbs, faint=0.0)
        soft = cv2.dilate(kept.astype(np.uint8), np.ones((3, 3), np.uint8))
        # The soft edge of a kept stroke, but none of a neighbor's.
        soft &= ((self._labels == 0) | kept).astype(np.uint8)
        ink = np.where(soft > 0, self._ink, 0).astype(np.uint8)
        x, y, width, tall = cv2.boundingRect(ink)
        return Cell(
            ink[y : y + tall, x : x + width],
            box,
            side,
            float(np.count_nonzero(kept[place])) / max(1, rows * columns),
            self._runs_under_print(kept),
            crumbs,
            faint=0.0,
            is_struck=self._passes_through(kept, place),
            runs_far=bool(self._is_far[kept].any()),
        )

    def _held(self, part: tuple[slice, slice] | NDArray[np.bool_]) -> NDArray[np.int64]:
        """How many pixels of each piece are in a part of the picture."""
        return np.bincount(self._labels[part].ravel(), minlength=self._num)

    def _passes_through(self, kept: NDArray[np.bool_], place: tuple[slice, slice]) -> bool:
        """Whether one piece of a cell's ink goes on beyond its left edge and beyond its right one."""
        rows, columns = place
        _, own = cv2.connectedComponents(np.where(kept, 1, 0).astype(np.uint8)[place], connectivity=8)
        strokes = self._labels[rows] > 0
        passing: list[set[int]] = []
        for inside, outside in (
            (own[:, :THROUGH_PX], slice(max(0, columns.start - THROUGH_PX - 2), columns.start - 2)),
            (own[:, -THROUGH_PX:], slice(columns.stop + 2, columns.stop + THROUGH_PX + 2)),
        ):
            beyond = cv2.dilate(strokes[:, outside].any(axis=1).astype(np.uint8)[:, None], np.ones((5, 1), np.uint8))
            passing.append(set(np.unique(inside[beyond[:, 0] > 0]).tolist()) - {0})
        return bool(passing[0] & passing[1])

    def has_beside(self, box: tuple[slice, slice], height: int) -> bool:
        """Whether something as tall as a digit stands left or right of a field, and in no other.

        Args:
            box: rows and columns of the field.
            height: of a line of writing.
        """
        rows, columns = box
        beside = np.zeros(self._ink.shape, bool)
        beside[rows] = True
        beside[:, columns] = False
        extent = np.maximum(self._stats[:, cv2.CC_STAT_WIDTH], self._stats[:, cv2.CC_STAT_HEIGHT])
        is_free = (self._num_elsewhere == 0) & (self._held(beside) >= 0.5 * self._area) & (extent >= BIT * height)
        is_free[0] = False
        free = is_free[self._labels]
        sides = (free[:, : columns.start], free[:, columns.stop :])
        # All of a side together: of a digit that goes on beyond what was cut out there may be only bits.
        return any(np.ptp(np.flatnonzero(side.any(axis=1))) >= BESIDE * height for side in sides if side.any())

    def _runs_under_print(self, kept: NDArray[np.bool_]) -> bool:
        reach = np.ones((2 * UNDER_PX + 1, 2 * UNDER_PX + 1), np.uint8)
        strokes = kept.astype(np.uint8)
        num_under = int(np.count_nonzero(cv2.dilate(strokes, reach) & self._is_hidden))
        return num_under > 0 and bool(num_under >= MOST_UNDER * stroke_width(255 * strokes))

    def _without_specks(self, kept: NDArray[np.bool_], height: int) -> tuple[NDArray[np.bool_], float]:
        """Drop pieces that no pen leaves on purpose; nothing stays where no piece is as large as a mark.

        Returns:
            What stays, and how much crumbled away, as `Cell.crumbs`.
        """
        num, labels, stats, _ = cv2.connectedComponentsWithStats(kept.astype(np.uint8), connectivity=8)
        if num == 1:
            return kept, 0.0
        area = stats[:, cv2.CC_STAT_AREA].astype(float)
        extent = np.maximum(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT])
        area[0] = extent[0] = 0
        # A hair along a black line is what was left of the line.
        at_line = np.bincount(labels[self._is_at_line > 0], minlength=num)
        thickness = np.minimum(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT])
        is_hair = (thickness <= HAIR_PX) & (at_line >= 0.7 * area)
        area[is_hair] = extent[is_hair] = 0
        largest = int(extent.argmax())
        pen_px = stroke_width(np.where(labels == largest, np.uint8(255), np.uint8(0)))
        is_hair |= thickness <= THREAD_SHARE * pen_px
        area[is_hair] = extent[is_hair] = 0
        is_mark = (area >= SPECK_SHARE * area.max()) & (extent >= 0.06 * height) & ~is_hair
        is_mark &= extent.max() >= MIN_MARK * height
        is_crumb = ~is_mark & (extent >= CRUMB * height) & (at_line < TOUCHES_LINE * area)
        marks: NDArray[np.bool_] = is_mark[labels]
        return marks, float(extent[is_crumb].sum()) / height


def _leads_out(strokes: GrayImage, is_clear: GrayImage) -> NDArray[np.bool_]:
    """Where strokes hang together with such as reach the edge of what was cut out, also across print.

    A hand that goes over the lines of its box stays well inside.
    """
    near = cv2.dilate(strokes, np.ones((2 * ACROSS_PX + 1, 2 * ACROSS_PX + 1), np.uint8))
    _, labels = cv2.connectedComponents(strokes | (near & (1 - is_clear)), connectivity=8)
    edges = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    return np.isin(labels, edges[edges > 0])


def strokes_of(ink: GrayImage, level: float) -> GrayImage:
    """Where there is ink as dark as writing: uint8 (height, width), 1 there.

    Args:
        ink: uint8 (height, width), darkness without print, paper near 0.
        level: how dark the page's writing is, 0 to 255; where it is 0, there is none.
    """
    return (_levelled(ink, level) >= STROKE_LEVEL).astype(np.uint8)


def _levelled(ink: GrayImage, level: float) -> GrayImage:
    """Paper 0 and full ink 255, from the ink's level; all paper where that is 0."""
    if level == 0.0:
        return np.zeros_like(ink)
    low, high = 0.7 * INK_SHARE * level, 0.85 * level
    scale = 255.0 / (high - low)
    levelled: GrayImage = cv2.addWeighted(ink, scale, ink, 0.0, -low * scale)
    return levelled
