"""Whether a mark in a checkbox is a part of something larger that lies over it, as a stamp does.

A tick may be large and leave its box, but it stands alone: on three sides of the box at least there is only paper. A
stamp has letters, lines and rings all around. What is on one side or far away on two is a note, or the next column.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from service.forms.erasing import Erased
from service.recognition.image import GrayImage

AROUND_MM = 6.0  # from the box, as far as a stamp's next word or ring is
TOUCHING_MM = 2.0  # from the box: a word that begins there and has one opposite goes through it
TAIL_MM = 3.0  # from the box: a tick's own strokes reach so far on several sides, as in a large cross
SMALLEST_MM = 0.8  # extent of what counts; smaller is dust
ACROSS_PX = 6  # of the canvas: from where a stroke goes under a line to where it comes out again
INNER_PX = 3  # of the canvas: what is nearer to the edge of its box may be the frame's
SOME_SIDES = 3  # of four, on which there is something


def lies_under_stamp(
    erased: Erased, strokes: GrayImage, box: tuple[slice, slice], is_other: NDArray[np.bool_], *, px_per_mm: float
) -> bool:
    """Whether what stands in a checkbox belongs to something that goes on around it.

    Args:
        erased: the box and at least `AROUND_MM` around it, without print.
        strokes: uint8, of the same size, 1 where there is ink as dark as writing.
        box: rows and columns of the checkbox.
        is_other: bool, of the same size, where other fields are; ink that runs into them is theirs.
        px_per_mm: scale.
    """
    seen = strokes & erased.is_clear  # of print that is a little off, rests may have stayed
    near = cv2.dilate(seen, np.ones((2 * ACROSS_PX + 1, 2 * ACROSS_PX + 1), np.uint8))
    # A stroke that goes under a line and comes out again is one.
    _, labels = cv2.connectedComponents(seen | (near & (1 - erased.is_clear)), connectivity=8)
    labels[seen == 0] = 0
    num = int(labels.max()) + 1
    inner = tuple(slice(part.start + INNER_PX, part.stop - INNER_PX) for part in box)
    is_own = np.bincount(labels[inner].ravel(), minlength=num) > 0
    is_foreign = ~is_own & (np.bincount(labels[is_other], minlength=num) == 0)
    is_foreign &= _extents(labels, num) >= SMALLEST_MM * px_per_mm
    is_own[0] = is_foreign[0] = False
    distance, side = _around(labels.shape, box)
    foreign, own = is_foreign[labels], is_own[labels]

    def sides(mask: NDArray[np.bool_], *, from_mm: float = 0.0, to_mm: float = AROUND_MM) -> set[int]:
        is_there = mask & (distance > from_mm * px_per_mm) & (distance <= to_mm * px_per_mm)
        return set(np.unique(side[is_there]).tolist())

    marked = sides(foreign) | sides(own, from_mm=TAIL_MM)
    goes_through = any((one + 2) % 4 in marked for one in sides(foreign, to_mm=TOUCHING_MM))
    return goes_through or len(marked) >= SOME_SIDES


def _extents(labels: NDArray[np.int32], num: int) -> NDArray[np.float64]:
    """The longer side of each piece's box, in pixels, float64 (num,)."""
    rows, columns = np.nonzero(labels)
    of = labels[rows, columns]
    extents = np.zeros((2, num))
    for axis, places in enumerate((rows, columns)):
        low, high = np.full(num, np.inf), np.full(num, -np.inf)
        np.minimum.at(low, of, places)
        np.maximum.at(high, of, places)
        extents[axis] = np.where(high >= low, high - low + 1, 0.0)
    longer: NDArray[np.float64] = extents.max(axis=0)
    return longer


def _around(shape: tuple[int, ...], box: tuple[slice, slice]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """How far each point is from a box, in pixels, 0 inside; and on which side: 0 above, 1 right, 2 below, 3 left."""
    y, x = (np.arange(length, dtype=np.float64) for length in shape)
    up, down = box[0].start - y, y - (box[0].stop - 1)
    left, right = box[1].start - x, x - (box[1].stop - 1)
    vertical, horizontal = np.maximum(up, down)[:, None], np.maximum(left, right)[None, :]
    distance = np.maximum(np.maximum(vertical, horizontal), 0.0)
    upright = np.where(up > down, 0, 2)[:, None]
    sideways = np.where(right > left, 1, 3)[None, :]
    side: NDArray[np.int64] = np.where(vertical >= horizontal, upright, sideways)
    return distance, side
