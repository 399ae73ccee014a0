"""What is much paler than the rest of a page's writing, and still no paper: a pencil among pens, a pen that gave out.

How dark writing is, is measured once for a page, so that dirt and what shines through stay out. A field in which
somebody wrote with another pen must not come out empty for that.
"""

import cv2
import numpy as np

from service.recognition.image import GrayImage

FAINT = 15  # of 255, by which a stroke is darker than what is around it; folds of crumpled paper are hardly so dark
BROADEST_PX = 13  # of the canvas: what is broader than 1.6 mm in every direction is no stroke, but light
HAIR_PX = 4  # of the canvas, half a millimeter
BESIDE_PX = 3  # of the canvas, from print to the rest of it
EDGE_PX = 9  # of the canvas, a stroke's soft edges from one side to the other
AT_PRINT = 0.7  # of a hair, that is beside print
LEAST_FAINT = 22.0  # of 255; were ink taken to be paler than this, what is left of light and creases would be ink
MIN_MARK = 0.14  # of a cell's height: the least extent of a mark that counts as written
LEAST_SHARE = 0.005  # of a cell, that is ink where something is written
SMOOTHING_PX = 1.0  # standard deviation of a Gaussian, so that grain is told from strokes by their breadth


def faint_ink(ink: GrayImage, strokes: GrayImage, is_clear: GrayImage) -> GrayImage:
    """Where there is something too pale for a stroke of the page's writing, apart from those.

    Args:
        ink: uint8 (height, width), darkness without print, paper near 0.
        strokes: uint8 (height, width), 1 where the page's writing is.
        is_clear: uint8 (height, width), 1 where nothing is printed.

    Returns:
        uint8 (height, width), 1 there. What hangs together with a stroke belongs to it, and a hair beside print to the
        print.
    """
    smooth = cv2.GaussianBlur(ink, (0, 0), SMOOTHING_PX)
    shade = cv2.morphologyEx(smooth, cv2.MORPH_OPEN, np.ones((BROADEST_PX, BROADEST_PX), np.uint8))
    is_dark = ((cv2.subtract(smooth, shade) >= FAINT) & (is_clear > 0)).astype(np.uint8)
    if not cv2.subtract(is_dark, cv2.dilate(strokes, np.ones((EDGE_PX, EDGE_PX), np.uint8))).any():
        return np.zeros_like(ink)  # nothing but soft edges of strokes, as in nearly every field
    is_dark |= strokes
    num, labels, stats, _ = cv2.connectedComponentsWithStats(is_dark, connectivity=8)
    is_mark = np.bincount(labels[strokes > 0], minlength=num) == 0
    beside_print = cv2.dilate(1 - is_clear, np.ones((2 * BESIDE_PX + 1, 2 * BESIDE_PX + 1), np.uint8))
    num_beside = np.bincount(labels[beside_print > 0], minlength=num)
    thickness = np.minimum(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT])
    is_mark &= (thickness > HAIR_PX) | (num_beside < AT_PRINT * stats[:, cv2.CC_STAT_AREA])
    is_mark[0] = False
    faint: GrayImage = is_mark[labels].astype(np.uint8)
    return faint


def largest_extent(mask: GrayImage) -> int:
    """The longer side of the largest piece of a mask, in pixels; 0 where it is empty."""
    if not mask.any():
        return 0
    _, _, stats, _ = cv2.connectedComponentsWithStats(np.ascontiguousarray(mask), connectivity=8)
    return int(stats[1:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]].max())


def level_of(ink: GrayImage, is_clear: GrayImage, *, least: float) -> float:
    """How dark what is written in a cell is, 0 to 255; 0 where there is too little of it to tell.

    Args:
        ink: uint8 (height, width), darkness without print.
        is_clear: uint8 (height, width), 1 where nothing is printed.
        least: of 255, from which something is ink.
    """
    clear = ink[(is_clear > 0) & (ink >= least)]
    return float(np.percentile(clear, 75)) if clear.size >= LEAST_SHARE * ink.size else 0.0


def faint_level_of(ink: GrayImage, is_clear: GrayImage) -> float:
    """The same where somebody wrote with a pale pencil; 0 where nothing is as large as a mark.

    Args:
        ink: as for `level_of`.
        is_clear: as for `level_of`.
    """
    if largest_extent(faint_ink(ink, np.zeros_like(ink), is_clear)) < MIN_MARK * ink.shape[0]:
        return 0.0
    level = level_of(ink, is_clear, least=FAINT)
    return max(level, LEAST_FAINT) if level else 0.0
