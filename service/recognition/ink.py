"""From a picture to the ink on its paper.

A camera's picture of a digit holds more than the digit: uneven light, shadows, the paper's grain, the
lines of the cell it was written in, pieces of its neighbors. Here all that becomes paper 0, and the
digit's strokes ink up to 255. A picture whose paper is flat already is not touched otherwise: on MNIST's
own images, and on their negatives, finding the ink is the identity but for the crop.

What the paper lies on is dealt with in `sheet`, light in `digit_paper`, the other cells of a table in `table_cell`,
what is drawn around a digit in `loops`, printed lines in `lines`, and what else is near it in `pieces`.
"""

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np

from service.recognition.digit_paper import LiftedInk, lift_ink, lift_tiny_ink
from service.recognition.image import GrayImage
from service.recognition.lines import without_stripes
from service.recognition.loops import FAINT, loops_around_ink
from service.recognition.paper import Polarity, shrink
from service.recognition.picture_frame import FRAME_THICKNESS, frame_inset
from service.recognition.pieces import (
    CLEAN_LINE_SHARE,
    PHOTO_LINE_SHARE,
    STROKE_LEVEL,
    keep_digit,
    smallest_digit_px,
)
from service.recognition.prediction import Box
from service.recognition.rulings import table_around
from service.recognition.sheet import paper_alone
from service.recognition.wipe import Surroundings, wiped

WORK_PX = 512  # longer side at which ink is looked for; more shows only the paper's fibers
COARSE_PX = 256  # longer side at which the lines of a table are looked for
SMALL_INK_PX = 96  # ink smaller than this in a reduced picture is looked at again from nearer
SMALL_PICTURE_PX = 40  # a picture this small was cut by a program; a clean one has no ink but the digit's, and rulings
TINY_PICTURE_PX = 20  # in a picture no larger than the digit on a canvas there is room for nothing beside a digit
CANVAS_INK_PX = (19, 20)  # longer side that `digit_canvas` leaves as it is


@dataclass(frozen=True, slots=True)
class Ink:
    """What is written in a picture.

    Attributes:
        image: uint8 (height, width), paper 0 and ink up to 255, cropped to the ink; empty (0, 0) when blank.
        polarity: of the picture it was found in.
        box: where the ink stands in the picture, in its pixels; None when it is blank.
        is_clean: whether every pixel of the ink reaches the canvas as it is, as with MNIST's own pictures: the paper
            was of one level, and the ink has the size of a canvas's already.
    """

    image: GrayImage
    polarity: Polarity
    box: Box | None
    is_clean: bool = False


def find_ink(picture: GrayImage) -> Ink:
    """Find the strokes in a picture and take away everything else.

    Args:
        picture: uint8 (height, width), luminance of either polarity.
    """
    return _find_near(paper_alone(picture))


def _find_near(picture: GrayImage) -> Ink:
    """Find the ink of a picture of any size that shows nothing but paper and what is on it."""
    reduced = shrink(picture, WORK_PX)
    lifted = _lift(reduced)
    if lifted.is_blank:
        return _blank(lifted.polarity)
    is_large = max(reduced.shape) > SMALL_PICTURE_PX
    around = _around_ink(lifted) if is_large else None
    if around is not None:
        picture = wiped(picture, around.mask, around.other_ink)
        reduced = shrink(picture, WORK_PX)
        lifted = _lift(reduced)
    ink = _find(lifted)
    factor = max(picture.shape) / max(reduced.shape)
    if ink.box is None or factor == 1.0:
        return ink
    box = _enlarge(ink.box, factor, margin=0, shape=picture.shape)
    if max(ink.box.width, ink.box.height) >= SMALL_INK_PX:
        return replace(ink, box=box)
    # A small digit in a large picture lost its detail to the reduction: look again, from nearer.
    near = _enlarge(ink.box, factor, margin=max(box.width, box.height) // 2, shape=picture.shape)
    closer = _find_near(picture[near.y : near.y + near.height, near.x : near.x + near.width])
    if closer.box is None:
        return replace(ink, box=box)
    return replace(closer, box=replace(closer.box, x=closer.box.x + near.x, y=closer.box.y + near.y))


def _enlarge(box: Box, factor: float, *, margin: int, shape: tuple[int, ...]) -> Box:
    """The box in a picture `factor` times as large, with a margin, cut at the picture's edges."""
    left, top = max(0, int(box.x * factor) - margin), max(0, int(box.y * factor) - margin)
    right = min(shape[1], math.ceil((box.x + box.width) * factor) + margin)
    bottom = min(shape[0], math.ceil((box.y + box.height) * factor) + margin)
    return Box(left, top, right - left, bottom - top)


def _around_ink(lifted: LiftedInk) -> Surroundings | None:
    """The other cells of a table, or what is drawn around the digit."""
    table = table_around((shrink(lifted.image, COARSE_PX) >= FAINT).astype(np.uint8))
    return table or loops_around_ink((lifted.image >= STROKE_LEVEL).astype(np.uint8))


def _lift(picture: GrayImage) -> LiftedInk:
    return lift_tiny_ink(picture) if max(picture.shape) <= TINY_PICTURE_PX else lift_ink(picture)


def _find(lifted: LiftedInk) -> Ink:
    """Find the digit in what was lifted from a picture of at most `WORK_PX`."""
    shape = lifted.image.shape
    is_tiny, is_small = (max(shape) <= px for px in (TINY_PICTURE_PX, SMALL_PICTURE_PX))
    if lifted.is_blank:
        return _blank(lifted.polarity)
    ink = _inside_frame(lifted.image) if is_small and not is_tiny else lifted.image
    if lifted.is_clean and is_small:
        ink = without_stripes(ink)
    elif not is_tiny:
        ink = keep_digit(
            ink,
            min_px=smallest_digit_px(shape, lifted.contrast),
            line_share=CLEAN_LINE_SHARE if lifted.is_clean else PHOTO_LINE_SHARE,
            lines_leave=is_small,
            may_be_cut_out=lifted.is_flat,
        )
    x, y, width, height = cv2.boundingRect(ink)
    if width == 0:
        return _blank(lifted.polarity)
    is_clean = lifted.is_clean and max(width, height) in CANVAS_INK_PX
    return Ink(ink[y : y + height, x : x + width], lifted.polarity, Box(x, y, width, height), is_clean)


def _inside_frame(ink: GrayImage) -> GrayImage:
    """The ink of a small picture without the frame that is drawn along its edges, or a little inside them."""
    x, y, width, height = cv2.boundingRect(ink)
    margin_px = max(x, y, ink.shape[1] - x - width, ink.shape[0] - y - height)
    if margin_px > FRAME_THICKNESS * max(ink.shape):  # no frame so far inside: mostly paper, and soon said
        return ink
    inset = frame_inset(ink)
    inside = np.zeros_like(ink)
    rows, columns = (slice(inset, side - inset) for side in ink.shape)
    inside[rows, columns] = ink[rows, columns]
    return inside if inset and inside.any() else ink


def _blank(polarity: Polarity) -> Ink:
    return Ink(np.zeros((0, 0), np.uint8), polarity, None)
