"""Setting the pieces of a number side by side, as a hand would: gaps, overlaps, a rising line, strokes that join."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np

from service.recognition.alphabet import OTHER
from trainer.data.lines.piece import HEIGHT_PX, Picture, Piece
from trainer.data.lines.style import LineStyle

BOX_PX = 40  # side of a digit's box: as 28 pixels to the 20 of a digit on a canvas of MNIST
STACKED_GAP_PX = 3
_JOINT_CHANCE = 0.6  # of zeros that hang together to show the stroke between them
_START_PX = 4  # the first column of the first piece
_INK = 64  # from here on pieces keep their distance; what is fainter is the edge of a stroke
_NOWHERE = 10_000  # columns away: there is no ink in a row


@dataclass(frozen=True, slots=True)
class Composed:
    """A number in ink.

    Attributes:
        ink: uint8 (height, width), paper 0 and ink 255, cropped to the ink; empty where nothing is written.
        classes: class indices of the reader, in reading order: digits, and `other` for what stands in a digit's place.
        boxes: of each class (left, right) in the picture's columns.
    """

    ink: Picture
    classes: list[int] = field(default_factory=list)
    boxes: list[tuple[int, int]] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The digits alone."""
        return "".join(str(index - 1) for index in self.classes if index != OTHER)


def lay_out(pieces: Sequence[Piece], style: LineStyle, pen: int, rng: np.random.Generator) -> Composed:
    """Set pieces down from left to right.

    Args:
        pieces: in reading order.
        style: how near to each other, and how straight.
        pen: width of the strokes that join, in pixels.
        rng: where chance comes from.
    """
    if not pieces:
        return Composed(np.zeros((0, 0), np.uint8))
    slope = rng.uniform(-style.rise, style.rise) / len(pieces) * 4
    usual_gap = rng.uniform(0.08, 0.35) * HEIGHT_PX
    line = _Line(pieces, slope)
    classes, boxes = [], []
    for index, piece in enumerate(pieces):
        left_in_box, rise = _place_in_box(piece.picture) if style.is_boxed else (0, piece.rise)
        rows = line.rows_for(piece.picture, rise)
        if style.is_boxed:
            x = _START_PX + index * BOX_PX + left_in_box
        elif index == 0:
            x = line.end
        elif style.is_stacked:
            x = line.end + STACKED_GAP_PX
        else:
            gap = _overlap(rng) if piece.is_joined else _gap(style, usual_gap, rng)
            x = line.x_after(gap, piece.picture, rows)
        x = line.put(piece.picture, rows, x)
        if piece.is_joined and rng.random() < _JOINT_CHANCE:
            line.join(x, rows, pen, rng, between=(0.0, 0.3))
        elif index and style.ligature_chance and rng.random() < style.ligature_chance:
            line.join(x, rows, pen, rng, between=(0.2, 0.95))
        if piece.class_index is not None:
            classes.append(piece.class_index)
            boxes.append((x, line.end))
    left, top, width, height = cv2.boundingRect(line.canvas)
    ink = np.ascontiguousarray(line.canvas[top : top + height, left : left + width])
    return Composed(ink, classes, [(start - left, end - left) for start, end in boxes])


class _Line:
    """What is written so far.

    Attributes:
        canvas: with room for all pieces, however far apart and however steep the line.
        end: the column after the last piece.
    """

    def __init__(self, pieces: Sequence[Piece], slope: float) -> None:
        width = sum(piece.picture.shape[1] for piece in pieces) + 90 * len(pieces) + 16
        tallest = max(piece.picture.shape[0] for piece in pieces)
        reach = int(abs(slope) * width) + 3 * HEIGHT_PX
        self.canvas = np.zeros((tallest + 2 * reach, width), np.uint8)
        self.end = _START_PX
        self._slope = slope
        self._baseline = reach + tallest
        self._rightmost = np.full(self.canvas.shape[0], -_NOWHERE)  # column with ink of each row

    def rows_for(self, picture: Picture, rise: float) -> slice:
        """Where a piece stands whose bottom is this much above the baseline."""
        height = picture.shape[0]
        top = self._baseline - height - rise - self._slope * self.end
        top = int(np.clip(top, 0, self.canvas.shape[0] - height))
        return slice(top, top + height)

    def x_after(self, gap: float, picture: Picture, rows: slice) -> int:
        """Where a piece stands so that its ink is `gap` pixels from the nearest ink before it, in rows close by."""
        is_ink = picture >= _INK
        leftmost = np.where(is_ink.any(axis=1), is_ink.argmax(axis=1), _NOWHERE)
        # A hand does not slide a digit under the roof of another: rows count with their neighbors.
        reach = np.ones((9, 1), np.uint8)
        rightmost = cv2.dilate(self._rightmost[rows].astype(np.float32)[:, None], reach)[:, 0]
        distance = float(np.min(leftmost - rightmost))
        if distance > _NOWHERE / 2:
            return self.end + round(max(0.0, gap))
        return max(round(gap - distance), self.end - round(0.4 * HEIGHT_PX) - int(picture.shape[1]) // 3)

    def put(self, picture: Picture, rows: slice, x: int) -> int:
        """Write a piece; returns its first column, which is `x` as far as it is on the canvas."""
        width = picture.shape[1]
        x = int(np.clip(x, 0, self.canvas.shape[1] - width))
        region = self.canvas[rows, x : x + width]
        np.maximum(region, picture, out=region)
        is_ink = picture >= _INK
        rightmost = np.where(is_ink.any(axis=1), x + width - 1 - is_ink[:, ::-1].argmax(axis=1), -_NOWHERE)
        self._rightmost[rows] = np.maximum(self._rightmost[rows], rightmost)
        self.end = x + width
        return x

    def join(self, x: int, rows: slice, pen: int, rng: np.random.Generator, *, between: tuple[float, float]) -> None:
        """A stroke into the piece at `x` from the one before, at heights in this part of the piece, from its top."""
        left = max(0, x - int(rng.integers(3, 10)))
        right = min(self.canvas.shape[1] - 1, x + int(rng.integers(2, 8)))
        ys = rng.uniform(*between, 2) * (rows.stop - rows.start) + rows.start
        cv2.line(self.canvas, (left, int(ys[0])), (right, int(ys[1])), 255, max(1, pen - 1), cv2.LINE_AA)


def _place_in_box(picture: Picture) -> tuple[int, int]:
    """Where the center of mass is the middle of the box: columns from its left, rows of the bottom above its floor."""
    moments = cv2.moments(picture)
    center_x, center_y = (moments[axis] / moments["m00"] for axis in ("m10", "m01"))
    return round(BOX_PX / 2 - center_x), round(BOX_PX / 2 + center_y) - picture.shape[0]


def _gap(style: LineStyle, usual: float, rng: np.random.Generator) -> float:
    """Space to the piece before, in pixels; below 0 they overlap."""
    kind = rng.random()
    if kind < style.touching_chance:
        return _overlap(rng)
    if kind < style.touching_chance + style.wide_chance:
        return float(rng.uniform(0.4, 2.2 if rng.random() < 0.3 else 1.0) * HEIGHT_PX)
    return max(1.0, usual + rng.normal(0, 0.06) * HEIGHT_PX)


def _overlap(rng: np.random.Generator) -> float:
    return -rng.uniform(0, 0.1) * HEIGHT_PX
