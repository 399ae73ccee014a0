"""The soft shadows of creases, and stains: dark like ink, but broader than a pen's stroke.

The light of a whole page follows no detail finer than a hand's shadow; what a crease does to one field is left to this.
"""

import cv2
import numpy as np

from service.recognition.image import GrayImage

BROAD_MM = 3.0  # no stroke is as broad; a felt pen's has half of it
PALEST, DARKEST = 10, 80  # of 255: paler is grain of the paper; darker is something blacked out, or print
SMOOTH_PX = 5  # of the canvas, over grain


def without_shade(ink: GrayImage, *, px_per_mm: float) -> GrayImage:
    """Bring ink and print on shaded paper back to what they are beside the shade.

    Args:
        ink: uint8 (height, width), darkness of a part of the page, paper 0.
        px_per_mm: its scale.

    Returns:
        uint8 (height, width).
    """
    side = round(BROAD_MM * px_per_mm)
    framed = cv2.copyMakeBorder(ink, side, side, side, side, cv2.BORDER_REPLICATE)
    broad = cv2.morphologyEx(cv2.blur(framed, (SMOOTH_PX, SMOOTH_PX)), cv2.MORPH_OPEN, np.ones((side, side), np.uint8))
    shade = cv2.blur(np.where((broad >= PALEST) & (broad <= DARKEST), broad, 0).astype(np.uint8), (side, side))
    evened: GrayImage = cv2.subtract(ink, shade[side:-side, side:-side])
    return evened
