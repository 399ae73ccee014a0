"""How finely the light on a picture is to be measured: the shadow of a hand or a telephone is finer than most.

Light is measured in a window that must be wider than any stroke, or bold strokes would pass for shadows. A shadow in
which the window finds no room is left over, and would be read. It gives itself away: it is thicker than strokes are,
and paler than what is written, since paper in a shadow is still paper.
"""

from collections.abc import Callable
from typing import TypeAlias

import cv2
import numpy as np

from service.recognition.image import GrayImage
from service.recognition.levels import levels_of, stretch, without_edges
from service.recognition.quantile import quantile

Flatten: TypeAlias = Callable[[float], GrayImage]
"""From a share of the usual window to the ink that stands out from a reduced picture, uint8 (height, width)."""

FINER = (0.625, 0.375)  # of the usual window
THICK = 0.325  # of the usual window, which few strokes are
ROOM = 0.7  # of a window, that strokes take up at most
STRONG, FAINT = 128, 64  # of 255: what is surely ink, and what may be
PALER = 0.75  # of the contrast of ink, that shadows have at most
LEAST_GONE = 0.3  # of the ink that is left, that a shadow covers at least
LEAST_SIZE = 0.25  # of the picture's longer side, that what is left has
LEAST_CONTRAST = 28.0  # of 255


def window_share(flatten: Flatten, *, usual_px: float) -> float:
    """The share of the usual window in which the light of a picture is to be measured, 1 unless a shadow is left over.

    Args:
        flatten: of the picture, reduced.
        usual_px: side of the usual window, in pixels of the reduced picture.
    """
    usual = flatten(1.0)
    levels = levels_of(without_edges(usual))
    with_shadow = stretch(usual, levels)
    if _thickest_px(with_shadow) <= THICK * usual_px:
        return 1.0
    for share in FINER:
        ink = flatten(share)
        levels = levels_of(without_edges(ink))
        if levels.contrast < LEAST_CONTRAST:
            continue
        left = stretch(ink, levels)
        is_left = left >= STRONG
        is_gone = (with_shadow >= STRONG) & (left < FAINT)
        if _thickest_px(left) > ROOM * share * usual_px or is_gone.sum() < LEAST_GONE * is_left.sum():
            continue
        _, _, width, height = cv2.boundingRect(is_left.astype(np.uint8))
        is_large = max(width, height) >= LEAST_SIZE * max(left.shape)
        if is_large and quantile(usual[is_gone], 0.75) <= PALER * levels.contrast:
            return share
    return 1.0


def _thickest_px(ink: GrayImage) -> float:
    """Thickness of the thickest stroke; what the edge cuts goes on beyond it."""
    strokes = cv2.copyMakeBorder((ink >= FAINT).astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    return 2.0 * float(cv2.distanceTransform(strokes, cv2.DIST_L2, 3).max())
