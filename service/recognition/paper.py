"""Light and paper: what holds for the picture of a digit and for that of a number alike.

Paper is flat, of one level, in a drawing or a cleaned scan, and uneven where light falls on it. Here is how the two are
told apart, how each is taken away, and which of ink and paper is dark where the paper does not say so by itself. Where
and how finely light is measured follows from what is written: that is in `digit_paper` and in `line_paper`.
"""

from collections.abc import Callable
from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from service.recognition.image import GrayImage

FLAT_SHARE = 0.3  # share of the pixels on the commonest level, from which paper counts as flat
FLAT_TOLERANCE = 2  # levels to either side that still count as the same
PAPER_SHARE = 0.6  # a single level that covers more of a picture than this is paper, not ink
MAX_CLEAN_NOISE = 0.1  # a JPEG's flat paper has more pixels than this a few levels off
DARK_INK_BIAS = 0.2  # against evidence of 2.5 at the most: most ink that cameras see is dark
DARKEST_PAPER = 48  # below this a shadow holds more noise than writing


class Polarity(StrEnum):
    """Which of ink and paper is dark."""

    DARK_ON_LIGHT = "dark_on_light"
    LIGHT_ON_DARK = "light_on_dark"


def polarity_of(is_dark_ink: bool) -> Polarity:
    """The polarity of a picture whose ink is dark, or is not."""
    return Polarity.DARK_ON_LIGHT if is_dark_ink else Polarity.LIGHT_ON_DARK


def darkness_of(picture: GrayImage, polarity: Polarity) -> GrayImage:
    """The picture with its ink bright: uint8 (height, width), its negative where ink is dark."""
    return cv2.bitwise_not(picture) if polarity is Polarity.DARK_ON_LIGHT else picture


def is_flat(picture: GrayImage, counts: NDArray[np.int64], *, widest_px: float) -> bool:
    """Whether the paper is one level, as in a drawing or a cleaned scan; light is never so even.

    Args:
        picture: uint8 (height, width).
        counts: int64 (256,), how many of its pixels are on each level.
        widest_px: of a stroke; what is wider and off the level is a shadow, or another paper.
    """
    level = int(counts.argmax())
    # Black and white are where levels end; what a filter made to swing around them is cut off there, on one side.
    tolerance = FLAT_TOLERANCE if level in (0, 255) else 0
    if counts[max(0, level - tolerance) : level + tolerance + 1].sum() < FLAT_SHARE * picture.size:
        return False
    # An array and not a number: beside a number, OpenCV takes a picture of four rows of one pixel for another number.
    off_level = (cv2.absdiff(picture, np.full_like(picture, level)) > FLAT_TOLERANCE).astype(np.uint8)
    # Beyond the edge nothing is known, so a stroke cut by the edge is not taken for something wider.
    framed = cv2.copyMakeBorder(off_level, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    half_width = float(np.max(cv2.distanceTransform(framed, cv2.DIST_C, 3)))
    return bool(half_width <= 0.5 * widest_px)


def polarity_on_flat(counts: NDArray[np.int64], dark_ink_evidence: Callable[[], float]) -> Polarity:
    """Which of ink and paper is dark in a picture with flat paper.

    Args:
        counts: int64 (256,), how many of its pixels are on each level.
        dark_ink_evidence: is asked where no level is so common that it must be the paper; at least 0 where ink is dark.
    """
    is_dark_ink = _rest_is_darker(counts)
    return polarity_of(dark_ink_evidence() >= 0 if is_dark_ink is None else is_dark_ink)


def _rest_is_darker(counts: NDArray[np.int64]) -> bool | None:
    """Whether ink is dark, where one level is so common that it must be the paper; None where none is."""
    level = int(counts.argmax())
    if counts[level] <= PAPER_SHARE * counts.sum():
        return None
    return float(counts @ (np.arange(256) - level)) <= 0  # where most of the rest is, seen from the paper


def subtract_flat_paper(picture: GrayImage, polarity: Polarity) -> tuple[GrayImage, bool]:
    """What stands out from paper of one level: uint8 (height, width), paper 0; and whether the paper had no noise."""
    darkness = darkness_of(picture, polarity)
    # Bold ink may be commoner than the paper, so paper is the commonest of the less dark levels.
    threshold, _ = cv2.threshold(darkness, 0, 255, cv2.THRESH_OTSU)
    counts = np.bincount(darkness.ravel(), minlength=256)
    paper = int(counts[: max(int(threshold), int(darkness.min())) + 1].argmax())
    ink: GrayImage = cv2.subtract(darkness, np.full_like(darkness, paper))
    num_near = int(counts[paper + 1 : paper + 9].sum())
    return ink, num_near < MAX_CLEAN_NOISE * int(counts[: paper + 1].sum())


def subtract_uneven_paper(darkness: GrayImage, paper: GrayImage, polarity: Polarity) -> GrayImage:
    """What stands out from paper in uneven light: uint8 (height, width), paper near 0 and ink bright.

    Args:
        darkness: uint8 (height, width), see `darkness_of`.
        paper: uint8, the darkness of the paper alone, as measured in a reduced picture.
        polarity: of the picture.
    """
    paper = cv2.resize(paper, darkness.shape[::-1], interpolation=cv2.INTER_LINEAR)
    ink: GrayImage = cv2.subtract(darkness, paper)
    if polarity is Polarity.DARK_ON_LIGHT:
        # Ink takes a share of the light that falls on it, so in shadow it must be held against darker paper.
        ink = cv2.divide(ink, np.maximum(cv2.bitwise_not(paper), DARKEST_PAPER), scale=255.0)
    return ink


def skewness(picture: GrayImage, *, window: float) -> float:
    """To which side pixels stand out from the median around them: -1 (all darker) to 1 (all lighter).

    Args:
        picture: uint8 (height, width).
        window: side of the neighborhood, as a share of the picture's shorter side.
    """
    side = round(window * min(picture.shape)) | 1
    deviation = cv2.subtract(picture, cv2.medianBlur(picture, side), dtype=cv2.CV_32F)
    cubes = deviation * deviation * deviation
    total = float(np.abs(cubes).sum())
    return float(cubes.sum()) / total if total else 0.0


def shrink(picture: GrayImage, longer_side_px: int) -> GrayImage:
    """The picture with its longer side at most `longer_side_px`; as it is where it is no larger."""
    height, width = picture.shape
    factor = longer_side_px / max(height, width)
    if factor >= 1.0:
        return picture
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
