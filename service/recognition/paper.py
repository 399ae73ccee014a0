"""Light and paper: which of the two is ink, how bright the paper would be without it, how strong the ink is.

Two kinds of picture come here. In a drawing or a cleaned scan the paper is one level; nothing is estimated
then, and the ink keeps its values. On a photograph the light is uneven, and ink is what stands out from the
paper around it.
"""

from dataclasses import dataclass
from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from service.recognition.image import GrayImage

FLAT_SHARE = 0.3  # share of the pixels exactly on the commonest level, from which paper counts as flat
MAX_CLEAN_NOISE = 0.1  # a JPEG's flat paper has more pixels than this a few levels off
PAPER_PX = 128  # longer side at which light and shadow are measured; they have no finer detail
POLARITY_PX = 64  # longer side at which ink and paper are told apart
DARK_INK_BIAS = 0.2  # against evidence of 2.5 at the most
PAPER_WINDOW = 0.4  # share of the longer side; wider than a stroke, narrower than a shadow
DARKEST_PAPER = 48  # below this a shadow holds more noise than writing
FULL_INK = 230  # a peak from here on is left as it is; MNIST's is 254 or 255


class Polarity(StrEnum):
    """Which of ink and paper is dark."""

    DARK_ON_LIGHT = "dark_on_light"
    LIGHT_ON_DARK = "light_on_dark"


@dataclass(frozen=True, slots=True)
class LiftedInk:
    """Everything darker (or lighter) than the paper around it, as if on a black page.

    Attributes:
        image: uint8 (height, width), paper 0 and ink up to 255.
        polarity: of the picture.
        contrast: how far typical ink stood above its paper, in 255ths of the light.
        is_clean: whether the paper was one level without noise, and the ink kept its values.
    """

    image: GrayImage
    polarity: Polarity
    contrast: float
    is_clean: bool


def lift_ink(picture: GrayImage) -> LiftedInk:
    """Separate ink from paper, whatever the light.

    Args:
        picture: uint8 (height, width), luminance of either polarity.
    """
    small = shrink(picture, PAPER_PX)
    is_flat = _is_flat(small)
    polarity = _polarity_of(shrink(small, POLARITY_PX), is_flat=is_flat)
    darkness = cv2.bitwise_not(picture) if polarity is Polarity.DARK_ON_LIGHT else picture
    ink = _flatten(darkness, polarity=polarity, is_flat=is_flat)
    levels = _levels_of(ink, paper=0.0) if is_flat else _levels_of(_without_edges(ink))
    is_clean = is_flat and levels.noise_share < MAX_CLEAN_NOISE
    if levels.contrast > 0:
        ink = _stretch(ink, levels, is_clean=is_clean)
    return LiftedInk(ink, polarity, levels.contrast, is_clean)


def _is_flat(picture: GrayImage) -> bool:
    """Whether the paper is one level, as in a drawing or a cleaned scan; light is never so even.

    Nothing that is off the level may be wider than a stroke; else it is a shadow, or another paper.
    """
    level = _commonest_level(picture)
    if np.count_nonzero(picture == level) < FLAT_SHARE * picture.size:
        return False
    off_level = cv2.absdiff(picture, float(level)) > 2
    side = round(0.5 * max(picture.shape)) | 1
    window = np.ones((side, side), np.uint8)
    # Beyond the edge nothing is known, so a stroke cut by the edge is not taken for something wider.
    padded = cv2.copyMakeBorder(off_level.astype(np.uint8), side, side, side, side, cv2.BORDER_CONSTANT, value=0)
    return not cv2.erode(padded, window).any()


def _commonest_level(picture: GrayImage) -> int:
    return int(np.bincount(picture.ravel(), minlength=256).argmax())


def _paper_window(picture: GrayImage) -> NDArray[np.uint8]:
    side = round(PAPER_WINDOW * max(picture.shape)) | 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_RECT, (side, side)), dtype=np.uint8)


def _polarity_of(picture: GrayImage, *, is_flat: bool) -> Polarity:
    """Which of ink and paper is dark: ink is the rarer, and stands out further from the middle of its neighborhood.

    Two neighborhoods are asked: half a picture, in which a shadow does no harm, and nearly a whole one, in
    which there is paper even around the boldest stroke.
    """
    evidence = -_skewness(picture, window=0.5) - _skewness(picture, window=0.9)
    if not is_flat:
        # On photographs the edges are apt to hold something else, and dark ink is what cameras see nearly always.
        evidence += DARK_INK_BIAS - 0.5 * _skewness(_without_edges(picture), window=0.5)
    return Polarity.DARK_ON_LIGHT if evidence >= 0 else Polarity.LIGHT_ON_DARK


def _skewness(picture: GrayImage, *, window: float) -> float:
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


def _flatten(darkness: GrayImage, *, polarity: Polarity, is_flat: bool) -> GrayImage:
    """Take the paper's own darkness away; uint8 (height, width), paper near 0.

    Of uneven paper the opening keeps what is wider than a stroke, so it follows the light and even the
    hard edge of a shadow, and passes under the strokes.
    """
    ink: GrayImage
    if is_flat:
        # Bold ink may be commoner than the paper, so paper is the commonest of the darker levels.
        threshold, _ = cv2.threshold(darkness, 0, 255, cv2.THRESH_OTSU)
        ink = cv2.subtract(darkness, float(_commonest_level(darkness[darkness <= max(threshold, darkness.min())])))
        return ink
    small = shrink(darkness, PAPER_PX)
    paper = cv2.morphologyEx(cv2.medianBlur(small, 3), cv2.MORPH_OPEN, _paper_window(small))
    # A little wider, so that no seam is left along the edge of a shadow.
    paper = cv2.blur(cv2.dilate(paper, np.ones((5, 5), np.uint8)), (3, 3))
    height, width = darkness.shape
    paper = cv2.resize(paper, (width, height), interpolation=cv2.INTER_LINEAR)
    ink = cv2.subtract(darkness, paper)
    if polarity is Polarity.DARK_ON_LIGHT:
        # Ink takes a share of the light that falls on it, so in shadow it must be held against darker paper.
        ink = cv2.divide(ink, cv2.max(cv2.bitwise_not(paper), DARKEST_PAPER), scale=255.0)
    return ink


@dataclass(frozen=True, slots=True)
class _Levels:
    """Gray levels of flattened paper and ink, 0 to 255.

    Attributes:
        paper: level of the paper.
        noise: standard deviation of the fine grain.
        contrast: how far typical ink stands above the paper.
        noise_share: pixels a few levels off the paper, for each pixel exactly on it.
    """

    paper: float
    noise: float
    contrast: float
    noise_share: float


def _levels_of(ink: GrayImage, *, paper: float | None = None) -> _Levels:
    """Measure flattened paper and ink; the level of the paper is estimated where it is not known."""
    level = float(np.median(ink)) if paper is None else paper
    # Noise is what a median takes away; measured on the levels themselves, a blurred digit would count as noise.
    noise = 1.4826 * float(np.mean(cv2.absdiff(ink, cv2.medianBlur(ink, 3))))
    threshold, _ = cv2.threshold(ink, 0, 255, cv2.THRESH_OTSU)
    # On a page with one small digit Otsu's threshold would fall into the noise of the paper.
    is_ink = ink > max(threshold, level + 5.0 * noise)
    if not is_ink.any():
        return _Levels(level, noise, 0.0, 0.0)
    contrast = float(np.percentile(ink[is_ink], 75)) - level
    num_exact = max(1, int(np.count_nonzero(ink == 0)))
    num_near = int(np.count_nonzero((ink > 0) & (ink <= 8)))
    return _Levels(level, noise, contrast, num_near / num_exact)


def _without_edges(ink: GrayImage) -> GrayImage:
    """The picture without its outermost parts, where the heavy lines of a cell would set the level of ink."""
    height, width = ink.shape
    margin_y, margin_x = height // 8, width // 8
    return ink[margin_y : height - margin_y, margin_x : width - margin_x]


def _stretch(ink: GrayImage, levels: _Levels, *, is_clean: bool) -> GrayImage:
    """Bring paper to 0 and ink to 255."""
    if is_clean:
        peak = int(ink.max())
        return ink if peak >= FULL_INK else cv2.convertScaleAbs(ink, alpha=255.0 / peak)
    low = levels.paper + max(3.0 * levels.noise, 0.15 * levels.contrast)
    high = levels.paper + 0.9 * levels.contrast
    scale = 255.0 / (high - low)
    stretched: GrayImage = cv2.addWeighted(ink, scale, ink, 0.0, -low * scale)
    return stretched


def shrink(picture: GrayImage, longer_side_px: int) -> GrayImage:
    """The picture with its longer side at most `longer_side_px`; as it is where it is no larger."""
    height, width = picture.shape
    factor = longer_side_px / max(height, width)
    if factor >= 1.0:
        return picture
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
