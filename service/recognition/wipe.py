"""Painting paper over what stands in a picture beside the number, so that nobody looks at it again."""

from dataclasses import dataclass

import cv2
import numpy as np

from service.recognition.image import GrayImage
from service.recognition.lines import Mask, widened

SOFT_PX = 2  # around a mask, where what is to go has soft edges, or was blended with its surroundings


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What stands around a number, and is to go before it is looked for again.

    Attributes:
        mask: uint8 (height, width), 1 on it; of the picture's proportions, and perhaps smaller.
        other_ink: uint8 (height, width), 1 on ink that stays.
    """

    mask: Mask
    other_ink: Mask


def wiped(picture: GrayImage, mask: Mask, other_ink: Mask | None = None) -> GrayImage:
    """A copy of the picture in which a part looks like the nearest paper outside it.

    Args:
        picture: uint8 (height, width).
        mask: uint8, 1 on what is to go; of the picture's proportions, at any size that is no larger.
        other_ink: of the mask's shape, 1 on ink that stays; it is not taken for paper.
    """
    mask = no_paper = widened(mask, times=SOFT_PX)
    if other_ink is not None:
        mask = mask & ~other_ink
        no_paper = mask | widened(other_ink, times=SOFT_PX)
    if no_paper.all():
        return picture.copy()
    small = cv2.medianBlur(cv2.resize(picture, mask.shape[::-1], interpolation=cv2.INTER_AREA), 3)
    _, nearest = cv2.distanceTransformWithLabels(no_paper, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    values = np.zeros(int(nearest.max()) + 1, np.uint8)
    is_paper = no_paper == 0
    values[nearest[is_paper]] = small[is_paper]
    size = picture.shape[::-1]
    paint = cv2.resize(values[nearest], size, interpolation=cv2.INTER_LINEAR)
    where = cv2.resize(mask, size, interpolation=cv2.INTER_NEAREST)
    painted: GrayImage = np.where(where > 0, paint, picture).astype(np.uint8)
    return painted
