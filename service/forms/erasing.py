"""Taking a form's print out of a picture, so that only what was written stays.

The registered blank page says where there is print and how dark it is. A stroke of a pen is broader than a printed
line, so what is written on print, across a line or along it, shows in how dark it is all around a point: what is darker
there than the print alone is ink, and stays as dark as it is. Broad black print hides what is under it; there ink is
continued from the two sides.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from service.recognition.image import GrayImage

TOLERANCE_PX = 2  # of the canvas: a quarter of a millimeter that print may still be off
AROUND_PX = 7  # of the canvas: a point and what is around it, broader than a pen's stroke
PRINT_LEVEL = 12  # of 255, from which the blank page counts as printed
LEAST_PIXELS = 20  # of print or ink, that tell how dark it is
LINE_SHARE = 0.3  # of a row or column, that is print where a line runs
LINE_QUANTILE = 0.3  # of a line, along which ink may run for two thirds of it
MIN_GAIN, MAX_GAIN = 0.6, 3.0  # print in the picture may be paler or darker than on the blank page
DARKER = 1.15  # than usual, that print may be here and there
NO_INK, ALL_INK = 15, 40  # of 255, by which a point and what is around it are darker than print: none, or surely ink
DARK_PRINT = 110  # of 255, on the blank page; of a line as dark a rest may stay beside it
LEAST_INK = 45  # of 255, from which what stands beside print is ink
NO_PEN = 190  # of 255, how dark a pen is taken to be where it does not show
BRIDGE_MM = 0.5  # ink is continued over broad black print and this much beyond its edges


@dataclass(frozen=True, slots=True)
class Erased:
    """Ink without print.

    Attributes:
        ink: uint8 (height, width), darkness of what is written, 0 to 255; paper and print near 0.
        is_clear: uint8 (height, width), 1 where nothing is printed, so that the ink is as it was.
        is_at_line: uint8 (height, width), 1 on dark print and next to it, where a rest of it may have stayed.
        is_hidden: uint8 (height, width), 1 on print that hides what is under it.
    """

    ink: GrayImage
    is_clear: GrayImage
    is_at_line: GrayImage
    is_hidden: GrayImage


def erase_print(ink: GrayImage, page_print: GrayImage, *, px_per_mm: float) -> Erased:
    """Take print away.

    Args:
        ink: uint8 (height, width), darkness of a part of the picture, registered.
        page_print: uint8 (height, width), darkness of the same part of the blank page.
        px_per_mm: scale of both.
    """
    reach = np.ones((2 * TOLERANCE_PX + 1, 2 * TOLERANCE_PX + 1), np.uint8)
    wide = cv2.dilate(page_print, reach)
    is_clear = (wide < PRINT_LEVEL).astype(np.uint8)
    is_at_line = cv2.dilate((wide >= DARK_PRINT).astype(np.uint8), reach)
    around, print_around = (cv2.blur(one, (AROUND_PX, AROUND_PX)) for one in (ink, page_print))
    expected = cv2.dilate(DARKER * _gains(around, print_around) * print_around, reach)
    excess = around - expected
    share = np.where(is_clear > 0, 1.0, ((excess - NO_INK) / (ALL_INK - NO_INK)).clip(0.0, 1.0))
    written = np.rint(share * ink).astype(np.uint8)
    hiding = _pen_level(ink, is_clear) - NO_INK
    is_hidden = ((expected >= hiding) & (is_clear == 0)).astype(np.uint8)
    if is_hidden.any():
        bridge = _thickness(is_hidden) + 2 * round(BRIDGE_MM * px_per_mm)
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (bridge, bridge))
        written = np.where(is_hidden > 0, cv2.morphologyEx(written, cv2.MORPH_CLOSE, disc), written)
    return Erased(written, is_clear, is_at_line, is_hidden)


def _pen_level(ink: GrayImage, is_clear: GrayImage) -> float:
    """How dark ink is, 0 to 255, beside print."""
    beside = ink[(is_clear > 0) & (ink >= LEAST_INK)]
    return float(np.percentile(beside, 90)) if beside.size >= LEAST_PIXELS else NO_PEN


def _gains(around: GrayImage, print_around: GrayImage) -> NDArray[np.float32]:
    """How much darker print is in the picture than on the blank page; float32 (height, width).

    Of a line that is bolder in the picture, that line's own: a copy's lines may have run.
    """
    is_print = print_around >= PRINT_LEVEL
    ratios = np.where(is_print, around / np.maximum(print_around, 1).astype(np.float32), np.nan)
    gains = np.full(is_print.shape, 1.0, np.float32)
    if np.count_nonzero(is_print) >= LEAST_PIXELS:
        # The quarter of the print that ink lies on is left out by taking medians.
        gains[:] = np.median(ratios[print_around >= np.median(print_around[is_print])])
    for axis in (0, 1):
        is_line = is_print.mean(axis=axis) >= LINE_SHARE
        if is_line.any():
            lines = np.zeros(len(is_line), np.float32)
            lines[is_line] = _low_quantiles(np.moveaxis(ratios, axis, 1)[is_line])
            gains = np.maximum(gains, np.expand_dims(lines, axis))
    return gains.clip(MIN_GAIN, MAX_GAIN)


def _low_quantiles(lines: NDArray[np.float32]) -> NDArray[np.float32]:
    """Of each line, float32 (num_lines, length), the gain that ink along it does not raise; what is no print is NaN."""
    in_order = np.sort(lines, axis=1)  # NaN comes last
    places = (LINE_QUANTILE * (np.count_nonzero(~np.isnan(in_order), axis=1) - 1)).astype(np.int64)
    quantiles: NDArray[np.float32] = in_order[np.arange(len(lines)), places]
    return quantiles


def _thickness(mask: GrayImage) -> int:
    """Of the thickest print that hides, in pixels, as far as it can be bridged at all."""
    return int(min(15, 2 * np.ceil(cv2.distanceTransform(np.pad(mask, 1), cv2.DIST_C, 3).max())))
