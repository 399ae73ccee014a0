"""Light and paper of a whole page: how dark each point is, measured against the paper around it.

The light on a photographed page falls off and has shadows; ink and print take a share of whatever light there is.
Divided by the paper's own brightness, a photograph, a scan and a drawing of the same page become alike.
"""

import cv2
import numpy as np

from service.recognition.image import GrayImage

REDUCTION = 8  # light and shadow have no detail finer than this many pixels
WINDOW_SHARE = 0.03  # of the longer side: wider than any printed bar or mark, narrower than a shadow
DARKEST_PAPER = 40  # below this a shadow holds more noise than print


def darkness(picture: GrayImage) -> GrayImage:
    """How much of the light that the paper gives back is missing at each point.

    Args:
        picture: uint8 (height, width), luminance of a page whose paper is lighter than its print.

    Returns:
        uint8 (height, width): 0 where there is paper, 255 where no light comes back at all.
    """
    height, width = picture.shape
    small_size = (max(1, width // REDUCTION), max(1, height // REDUCTION))
    small = cv2.resize(picture, small_size, interpolation=cv2.INTER_AREA)
    side = max(3, round(WINDOW_SHARE * max(small.shape))) | 1
    window = np.ones((side, side), np.uint8)
    # The closing passes over print and ink, and follows the light, even the hard edge of a shadow.
    paper = cv2.morphologyEx(small, cv2.MORPH_CLOSE, window)
    paper = cv2.resize(cv2.blur(paper, (3, 3)), (width, height), interpolation=cv2.INTER_LINEAR)
    light = np.maximum(paper, DARKEST_PAPER)
    missing: GrayImage = cv2.divide(cv2.subtract(paper, picture), light, scale=255.0)
    return missing
