"""A sheet of paper that lies in a picture: a note on a desk, a card on a dark scanner, a slate on a wall.

Whoever photographs a note gets some of the desk. That is most of the contrast in the picture, and if it stayed, the
sheet would be taken for something written on the desk. What is told here is only where the sheet ends: it is of one
lightness, has straight sides and few corners, and what is written stands on it and keeps off its sides. The edge of a
shadow may be as straight; but people write across it, or beyond.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from service.recognition.dots import without_dots
from service.recognition.image import GrayImage
from service.recognition.lines import Mask
from service.recognition.paper import shrink
from service.recognition.quantile import quantile
from service.recognition.wipe import wiped

SHEET_PX = 192  # longer side at which a sheet is looked for
SAMPLES = 8  # rows, and columns, of the picture for one there
LEAST_PICTURE_PX = 64  # of the shorter side of a picture; a smaller one was cut by a program
LEAST_CONTRAST = 50  # of 255, between the sheet and what it lies on
LEAST_SIDE = 0.12  # of the picture's longer one, that a sheet has
LEAST_BEYOND = 0.12  # of the pixels along the picture's edges, that show what the sheet lies on
ALIKE_BEYOND = 0.4  # of the rest, that is as light as the sheet; in squared paper it is most
MAX_CORNERS = 6  # four, and more where the picture's edge cuts it
CORNER_SHARE = 0.02  # of its outline, that may be cut off a corner
STRAIGHT = 0.9  # of the sheet and of the shape with these corners, that both have in common
MARGIN_PX = 2  # at the sheet's sides, which are blended with what is beyond
RIM_PX = 3  # inside that margin,
BARE_RIM = 0.985  # of which nothing is written on
WINDOW = 0.5  # of the picture's shorter side; wider than a stroke
INK_SHARE = 0.08  # of the light of the paper around it, that ink takes away
SMALL_SHEET = 0.09  # of the picture; so little may as well be a bold 1,
INK_ON_SMALL = 0.22  # unless what is on it takes this share of the light, as no soft edge does
WRITTEN = (0.002, 0.3)  # of the sheet that ink covers
AS_STRONG = 0.5  # of the ink on the sheet; what is so strong beyond it is writing too,
ROUGH = 7.0  # times the typical difference there, as in the grain of wood; strokes stand out further
WRITTEN_BEYOND = 0.004  # where it covers as much,
FINE_BEYOND = 0.3  # and is more than so many times as tall; smaller things are print, or text on a screen


def paper_alone(picture: GrayImage) -> GrayImage:
    """The picture as if it showed nothing but paper and what is on it; the same array where it does.

    Args:
        picture: uint8 (height, width), luminance of either polarity.
    """
    return sheet_alone(without_dots(picture))


def sheet_alone(picture: GrayImage) -> GrayImage:
    """The picture with the sheet's paper wherever something else was; the same array where no sheet lies in it.

    Args:
        picture: uint8 (height, width), luminance of either polarity.
    """
    if min(picture.shape) < LEAST_PICTURE_PX:
        return picture
    # Of a large photograph every few pixels will do, and take a tenth of the time.
    step = max(1, max(picture.shape) // (SAMPLES * SHEET_PX))
    beyond = beyond_sheet(shrink(np.ascontiguousarray(picture[::step, ::step]), SHEET_PX))
    return picture if beyond is None else wiped(picture, beyond)


def beyond_sheet(picture: GrayImage) -> Mask | None:
    """Where a reduced picture shows no sheet: uint8 (height, width), 1 there; None where no sheet can be told.

    Args:
        picture: uint8 (height, width), at most `SHEET_PX`.
    """
    smooth = cv2.medianBlur(picture, 3)
    _, light = cv2.threshold(smooth, 0, 1, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    at_edges = float(np.mean(np.concatenate([light[0], light[-1], light[:, 0], light[:, -1]])))
    for mask, share_beyond, seen in ((light, 1 - at_edges, smooth), (1 - light, at_edges, cv2.bitwise_not(smooth))):
        # A sheet is mostly lighter than what it lies on. One that is darker is one that is lighter, in the negative.
        if share_beyond < LEAST_BEYOND:
            continue
        sheet = _sheet(mask)
        if sheet is None:
            continue
        beyond = _eroded(1 - sheet, 2 * MARGIN_PX + 1) > 0
        if not beyond.any():
            continue
        if np.mean(mask[beyond]) > ALIKE_BEYOND:
            continue
        if mask is light:
            beyond &= mask == 0  # other light things may lie beside it; but beside a dark one there is light paper
        if beyond.any() and _is_what_is_written_on(seen, sheet, beyond=beyond):
            return np.where(sheet, 0, 1).astype(np.uint8)
    return None


def _sheet(mask: Mask) -> Mask | None:
    """The largest piece of a mask, with what is inside it and without its sides, where it has a sheet's shape."""
    opened = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    contours, _ = cv2.findContours(opened, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not contours:
        return None
    contour = max(contours, key=cv2.contourArea)
    _, sides, _ = cv2.minAreaRect(contour)
    if min(sides) < LEAST_SIDE * max(mask.shape):
        return None
    hull = cv2.convexHull(contour)
    corners = cv2.approxPolyDP(hull, CORNER_SHARE * cv2.arcLength(hull, closed=True), closed=True)
    if not 4 <= len(corners) <= MAX_CORNERS:
        return None
    sheet, shape = (cv2.fillPoly(np.zeros_like(mask), [points], 1) for points in (contour, corners))
    if np.count_nonzero(sheet & shape) < STRAIGHT * np.count_nonzero(sheet | shape):
        return None
    within = _eroded(shape, MARGIN_PX)
    rim = (within > 0) & (_eroded(shape, MARGIN_PX + RIM_PX) == 0)
    return within if rim.any() and np.mean(mask[rim]) >= BARE_RIM else None


def _eroded(mask: Mask, depth_px: int) -> Mask:
    """The mask without its outermost pixels; beyond the picture's edge it goes on."""
    side = 2 * depth_px + 1
    framed = cv2.copyMakeBorder(mask, side, side, side, side, cv2.BORDER_REPLICATE)
    eroded: Mask = cv2.erode(framed, np.ones((side, side), np.uint8))[side:-side, side:-side]
    return eroded


def _is_what_is_written_on(picture: GrayImage, sheet: Mask, *, beyond: NDArray[np.bool_]) -> bool:
    """Whether a part of a picture, lighter than the rest, bears all that is written in it."""
    if quantile(picture[sheet > 0], 0.5) - quantile(picture[beyond], 0.5) < LEAST_CONTRAST:
        return False
    ink = _light_taken(picture, sheet > 0)
    is_ink = ink >= INK_SHARE  # of the sheet's own kind, darker than its paper
    if not WRITTEN[0] <= np.mean(is_ink) <= WRITTEN[1]:
        return False
    typical = float(np.median(ink[is_ink]))
    if typical < INK_ON_SMALL and np.mean(sheet) < SMALL_SHEET:
        return False
    taken = np.abs(_light_taken(picture, beyond))
    is_strong = taken >= max(AS_STRONG * typical, ROUGH * float(np.median(taken)))
    if np.mean(is_strong) < WRITTEN_BEYOND:
        return True
    return _tallest_px(beyond, is_strong) <= FINE_BEYOND * _tallest_px(sheet > 0, is_ink & (ink >= typical))


def _tallest_px(where: NDArray[np.bool_], is_ink: NDArray[np.bool_]) -> int:
    """Height of the tallest piece of ink in a part of a picture; `is_ink` are the pixels of that part."""
    mask = np.zeros(where.shape, np.uint8)
    mask[where] = is_ink
    *_, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    return int(stats[1:, cv2.CC_STAT_HEIGHT].max(initial=0))


def _light_taken(picture: GrayImage, where: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Share of the light around it that each pixel of a part takes away, or adds: float64 (num_pixels,), at most 1."""
    part = np.where(where, picture, np.uint8(quantile(picture[where], 0.5)))
    paper = cv2.medianBlur(part, round(WINDOW * min(picture.shape)) | 1)[where].astype(np.float64)
    taken: NDArray[np.float64] = 1 - picture[where] / np.maximum(paper, 1.0)
    return taken
