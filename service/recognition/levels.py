"""Gray levels of paper and of ink, once the light is flat."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from service.recognition.image import GrayImage
from service.recognition.quantile import quantile

FULL_INK = 230  # a peak from here on is left as it is; MNIST's is 254 or 255


@dataclass(frozen=True, slots=True)
class Levels:
    """Gray levels of flattened paper and ink, 0 to 255.

    Attributes:
        paper: level of the paper.
        noise: standard deviation of the fine grain.
        contrast: how far typical ink stands above the paper.
    """

    paper: float
    noise: float
    contrast: float


def levels_of(ink: GrayImage, *, paper: float | None = None, has_fine_strokes: bool = False) -> Levels:
    """Measure flattened paper and ink.

    Args:
        ink: uint8 (height, width), paper near 0 and ink bright.
        paper: its level; None where it is to be estimated.
        has_fine_strokes: strokes are a pixel or two wide, so that only bare paper shows what is noise.
    """
    threshold, _ = cv2.threshold(ink, 0, 255, cv2.THRESH_OTSU)
    bare = cv2.dilate((ink > threshold).astype(np.uint8), np.ones((3, 3), np.uint8)) == 0 if has_fine_strokes else None
    noise = grain_of(ink, bare)
    level = _paper_level(ink, threshold) if paper is None else paper
    # On a page with one small digit Otsu's threshold would fall into the noise of the paper.
    is_ink = ink > max(threshold, level + 5.0 * noise)
    contrast = quantile(ink[is_ink], 0.75) - level if is_ink.any() else 0.0
    return Levels(level, noise, contrast)


def even_levels(ink: GrayImage) -> Levels:
    """Of ink on paper of one level, uint8 (height, width) and 0, in which nothing counts as noise."""
    return Levels(paper=0.0, noise=0.0, contrast=float(ink.max()))


def grain_of(picture: GrayImage, where: NDArray[np.bool_] | None = None) -> float:
    """Standard deviation of a picture's fine grain.

    It is what a median takes away; measured on the levels themselves, a blurred digit would count as noise.

    Args:
        picture: uint8 (height, width).
        where: bool (height, width), the part that is measured; None for all of it.
    """
    grain = cv2.absdiff(picture, cv2.medianBlur(picture, 3))
    if where is not None:
        grain = grain[where]
    return 1.4826 * float(np.mean(grain)) if grain.size else 0.0


def _paper_level(ink: GrayImage, threshold: float) -> float:
    """The level that most of a picture is on; where ink covers most of it, that of the rest."""
    is_ink = ink > threshold
    covers_most = np.count_nonzero(is_ink) > 0.5 * ink.size
    return quantile(ink[~is_ink] if covers_most else ink, 0.5)


def without_edges(ink: GrayImage) -> GrayImage:
    """The picture without its outermost parts, where the heavy lines of a cell would set the level of ink."""
    height, width = ink.shape
    margin_y, margin_x = height // 8, width // 8
    return ink[margin_y : height - margin_y, margin_x : width - margin_x]


def stretch(ink: GrayImage, levels: Levels) -> GrayImage:
    """Bring paper to 0 and ink to 255; where there is no contrast, everything is paper."""
    if levels.contrast <= 0:
        return np.zeros_like(ink)
    low = levels.paper + max(3.0 * levels.noise, 0.15 * levels.contrast)
    high = levels.paper + max(0.9 * levels.contrast, 3.0 * levels.noise + 1.0)
    scale = 255.0 / (high - low)
    stretched: GrayImage = cv2.addWeighted(ink, scale, ink, 0.0, -low * scale)
    return stretched


def with_full_peak(ink: GrayImage, *, full: int = FULL_INK) -> GrayImage:
    """Ink brought up to 255, where its peak is paler than `full`: uint8 (height, width), paper 0."""
    peak = int(ink.max())
    return cv2.convertScaleAbs(ink, alpha=255.0 / peak) if 0 < peak < full else ink
