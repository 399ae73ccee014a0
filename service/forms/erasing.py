"""Taking a form's print out of a picture, so that only what was written stays.

The registered blank page says where there is print and how dark it is. Pale print (gray boxes, dotted guides, a
background pattern) is taken off the darkness, and ink on top of it remains. Black print hides what is
under it; there the ink is continued from the two sides of the line.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from service.recognition.image import GrayImage

TOLERANCE_PX = 2  # of the canvas: a quarter of a millimeter that print may still be off
DARK_PRINT = 110  # of 255, from which print hides ink
PRINT_LEVEL = 12  # of 255, from which the blank page counts as printed
MIN_GAIN, MAX_GAIN = 0.6, 1.6  # print in the picture may be paler or darker than on the blank page
BRIDGE_MM = 0.5  # ink is continued over a black line and this much beyond its edges


@dataclass(frozen=True, slots=True)
class Erased:
    """Ink without print.

    Attributes:
        ink: uint8 (height, width), darkness of what is written, 0 to 255; paper and print near 0.
        is_clear: uint8 (height, width), 1 where nothing is printed, so that the ink is as it was.
        is_at_line: uint8 (height, width), 1 on black print and next to it, where a rest of it may have stayed.
    """

    ink: GrayImage
    is_clear: GrayImage
    is_at_line: GrayImage


def erase_print(ink: GrayImage, page_print: GrayImage, *, px_per_mm: float) -> Erased:
    """Take print away.

    Args:
        ink: uint8 (height, width), darkness of a part of the picture, registered.
        page_print: uint8 (height, width), darkness of the same part of the blank page.
        px_per_mm: scale of both.
    """
    side = 2 * TOLERANCE_PX + 1
    wide = cv2.dilate(page_print, np.ones((side, side), np.uint8))
    expected = cv2.convertScaleAbs(wide, alpha=_gain(ink, page_print))
    written = cv2.subtract(ink, expected)
    is_clear = (wide < PRINT_LEVEL).astype(np.uint8)
    is_hidden = (wide >= DARK_PRINT).astype(np.uint8)
    if is_hidden.any():
        written[is_hidden > 0] = 0
        bridge = _thickness(is_hidden) + 2 * round(BRIDGE_MM * px_per_mm)
        closed = cv2.morphologyEx(
            written, cv2.MORPH_CLOSE, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (bridge, bridge))
        )
        written = np.where(is_hidden > 0, closed, written)
    return Erased(written, is_clear, cv2.dilate(is_hidden, np.ones((side, side), np.uint8)))


def _gain(ink: GrayImage, page_print: GrayImage) -> float:
    """How much darker pale print is in the picture than on the blank page."""
    # Only the middle of printed lines: their edges are blurred in the picture.
    core = cv2.erode(page_print, np.ones((2, 2), np.uint8))
    is_core = (core >= 2 * PRINT_LEVEL) & (core < DARK_PRINT)
    if np.count_nonzero(is_core) < 20:
        return 1.0
    # The quarter that ink lies on is left out by taking the median.
    ratio = float(np.median(ink[is_core].astype(np.float32) / page_print[is_core]))
    return float(np.clip(1.15 * ratio, MIN_GAIN, MAX_GAIN))


def _thickness(mask: GrayImage) -> int:
    """Of the thickest printed line, in pixels, as far as it can be bridged at all."""
    return int(min(15, 2 * np.ceil(cv2.distanceTransform(np.pad(mask, 1), cv2.DIST_C, 3).max())))
