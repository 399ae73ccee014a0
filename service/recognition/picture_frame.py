"""The frame that is drawn along a picture's edges, such as the cell that a digit was written in.

Left there, it would make the paper inside it stand out, and be taken for ink.
"""

import numpy as np
from numpy.typing import NDArray

from service.recognition.image import GrayImage
from service.recognition.quantile import quantile

FRAME_THICKNESS = 0.12  # of the shorter side, that the lines along a picture's edges have at most
MAX_FRAME_EDGES = 2  # from the paper beyond a frame to the frame, and from there to the paper inside
FRAME_GAPS = 0.1  # share of the pixels along the edges that a frame may leave out
FRAME_SHARE = 0.8  # of those pixels, by which a frame is lighter or darker than what is just inside
FRAME_CORNERS = 3  # of four, in which that can be seen too; light may spoil one


def without_frame(picture: GrayImage) -> GrayImage:
    """What is inside a frame that is drawn along the picture's edges; all of it where none is.

    Args:
        picture: uint8 (height, width), luminance of either polarity.
    """
    height, width = picture.shape
    inset = frame_inset(picture)
    return picture[inset : height - inset, inset : width - inset]


def frame_inset(picture: GrayImage) -> int:
    """How far inside its edges, in pixels, the frame of a picture ends; 0 where none is drawn there.

    A frame is where ink and paper change places a little further in, nearly all the way round.

    Args:
        picture: uint8 (height, width), luminance of either polarity.
    """
    height, width = picture.shape
    low, high = quantile(picture, 0.05), quantile(picture, 0.95)
    is_light = picture > (low + high) / 2
    for blended_px in (0, 1):  # the outermost pixels may be half frame and half what is beyond it
        inset = blended_px
        for _ in range(MAX_FRAME_EDGES):
            change = _first_change(is_light[inset : height - inset, inset : width - inset])
            if change == 0:
                break
            inset += change
        if inset > blended_px:
            return inset
    return 0


def _first_change(is_light: NDArray[np.bool_]) -> int:
    """How many pixels inside the edges ink and paper change places; 0 where they do not do so all the way round.

    They nearly do so too where a bold digit has hardly any paper around it. But no digit has ink in so many corners,
    unless it is a bar and nothing else.
    """
    if min(is_light.shape) < 3:
        return 0
    at_edges = float(np.mean(_ring(is_light, 0)))
    if min(at_edges, 1.0 - at_edges) > FRAME_GAPS:
        return 0
    thickest_px = max(1, round(FRAME_THICKNESS * min(is_light.shape)))
    for inset in range(1, min(thickest_px, (min(is_light.shape) - 1) // 2) + 1):
        if abs(float(np.mean(_ring(is_light, inset))) - at_edges) <= FRAME_SHARE:
            continue
        has_changed = is_light[inset : is_light.shape[0] - inset, inset : is_light.shape[1] - inset] != (at_edges > 0.5)
        num_corners = np.count_nonzero(has_changed[[0, 0, -1, -1], [0, -1, 0, -1]])
        if num_corners >= FRAME_CORNERS and not has_changed.all():
            return inset
    return 0


def _ring(mask: NDArray[np.bool_], inset: int) -> NDArray[np.bool_]:
    """The pixels along the edges of a picture without its outermost `inset` rows and columns."""
    height, width = mask.shape
    within = mask[inset : height - inset, inset : width - inset]
    return np.concatenate([within[0], within[-1], within[:, 0], within[:, -1]])
