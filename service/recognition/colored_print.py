"""Print in another color than what is written on it: squared paper in green, red boxes around a number in blue.

An ink darkens the paper along a direction of color space that is its own, its tint, the further the more there is of
it. So two inks can be told apart, and there is an axis along which one of them does nothing. Seen along it, print is
gone and no stroke is cut where a line runs through it. Print is what surrounds the other ink.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from service.recognition.color import ColorAxis, ColorImage

LEAST_DARKER = 24  # of 255 than the paper, from which a pixel is ink
LIGHT_PX = 96  # longer side at which the light on the paper is measured
WIDEST_PX = 15  # of a stroke, at that size
LEAST_PIXELS = 200  # of ink; fewer tell no tints
MAX_PIXELS = 4_000  # of ink that are looked at
MOST_COVERED = 0.4  # of the picture, by ink; what covers more is no print
LEAST_SHARE = 0.015  # of all ink, that each of the two has
MOST_SPREAD = 0.22  # of the tints of one ink; what scatters further is none, as the edges of a tinted surface
LEAST_APART = 0.12  # between two tints
CLEARER = 1.6  # times as far apart as both scatter
LEAST_CONTRAST = 20  # of 255, that the ink has along the axis
MARGIN_PERCENT = 5  # of each ink, that may lie beyond its extent: specks, and pixels of the other
BEYOND = 0.04  # of the shorter side of what is written, that print goes on beyond it on every side
LEAST_ASIDE = 0.5  # of its width, above and below which print is; of digits in two colors hardly any stands out so far
_ROUNDS = 8
_WIDTH_PARTS = 8


@dataclass(frozen=True, slots=True)
class _Ink:
    """One of two inks.

    Attributes:
        tint: float64 (2,), how far it takes red and blue away per step of luminance that it takes.
        spread: how far its pixels' tints scatter.
        darkness: of its typical pixel, in 255ths.
        num_pixels: how many were looked at.
        first: float64 (2,), row and column that it begins at.
        last: float64 (2,), row and column that it ends at.
        places: int64 (num_pixels, 2), row and column of each pixel.
    """

    tint: NDArray[np.float64]
    spread: float
    darkness: float
    num_pixels: int
    first: NDArray[np.float64]
    last: NDArray[np.float64]
    places: NDArray[np.int64]

    def surrounds(self, other: "_Ink") -> bool:
        """Whether it lies on all sides of another, above and below it too and not only further up at the sides."""
        room = BEYOND * float((other.last - other.first).min())
        if (self.first > other.first - room).any() or (self.last < other.last + room).any():
            return False
        above, below = self.places[:, 0] <= other.first[0] - room, self.places[:, 0] >= other.last[0] + room
        return min(_covered(self.places[side, 1], other) for side in (above, below)) >= LEAST_ASIDE


def _covered(columns: NDArray[np.int64], ink: _Ink) -> float:
    """The share of an ink's width in which some columns are."""
    width = max(1.0, float(ink.last[1] - ink.first[1]))
    parts = np.floor(_WIDTH_PARTS * (columns - ink.first[1]) / width)
    return len(np.unique(parts[(parts >= 0) & (parts < _WIDTH_PARTS)])) / _WIDTH_PARTS


def axis_without_print(picture: ColorImage) -> ColorAxis | None:
    """The axis along which print is as the paper, and ink as dark as in luminance; None where there are no two inks.

    Args:
        picture: uint8 (height, width, 3), dark on light; see `color.preview_of`.
    """
    inks = _two_inks(picture)
    if inks is None:
        return None
    one, other = inks
    if min(one.num_pixels, other.num_pixels) < LEAST_SHARE * (one.num_pixels + other.num_pixels):
        return None
    if max(one.spread, other.spread) > MOST_SPREAD:
        return None
    apart = float(np.linalg.norm(one.tint - other.tint))
    if apart < max(LEAST_APART, CLEARER * (one.spread + other.spread)) or one.surrounds(other) == other.surrounds(one):
        return None
    printed, written = (one, other) if one.surrounds(other) else (other, one)
    return _axis_without(printed, written, paper=_paper_of(picture))


def _axis_without(printed: _Ink, written: _Ink, *, paper: NDArray[np.float64]) -> ColorAxis | None:
    """None where too little of the ink would be left."""
    along_print, along_ink = (np.array([1.0, *ink.tint]) for ink in (printed, written))
    axis = along_ink - along_print * (along_ink @ along_print) / (along_print @ along_print)
    axis /= axis @ along_ink
    if written.darkness < LEAST_CONTRAST * np.linalg.norm(axis):
        return None
    return ColorAxis(np.array([[*axis, paper[0] - axis @ paper]]))


def _two_inks(picture: ColorImage) -> tuple[_Ink, _Ink] | None:
    """What is darker than the paper, parted by its tint into two inks, which may be one."""
    darker = cv2.subtract(_light_on(picture), picture[..., 0])
    places = np.argwhere(darker >= LEAST_DARKER)
    if not LEAST_PIXELS <= len(places) <= MOST_COVERED * darker.size:
        return None
    places = places[:: 1 + len(places) // MAX_PIXELS]
    rows, columns = places.T
    darkness = darker[rows, columns].astype(np.float64)
    tints = (_paper_of(picture)[1:] - picture[rows, columns, 1:]) / darkness[:, None]
    is_second = _parted(tints, darkness)
    if is_second is None:
        return None
    one, other = (_ink_of(tints[part], darkness[part], places[part]) for part in (~is_second, is_second))
    return one, other


def _paper_of(picture: ColorImage) -> NDArray[np.float64]:
    """The paper's color, float64 (3,): most of the picture shows it."""
    return np.asarray(np.median(picture[::4, ::4].reshape(-1, 3), axis=0), np.float64)


def _light_on(picture: ColorImage) -> NDArray[np.uint8]:
    """Luminance of the paper everywhere, uint8 (height, width)."""
    height, width = picture.shape[:2]
    scale = min(1.0, LIGHT_PX / max(height, width))
    size = (max(1, round(scale * width)), max(1, round(scale * height)))
    small = cv2.resize(picture[..., 0], size, interpolation=cv2.INTER_AREA)
    paper = cv2.morphologyEx(small, cv2.MORPH_CLOSE, np.ones((WIDEST_PX, WIDEST_PX), np.uint8))
    return np.asarray(cv2.resize(paper, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)


def _parted(tints: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.bool_] | None:
    """Two groups of tints: k-means, begun on either side of the mean; None where all is one.

    Args:
        tints: float64 (num_pixels, 2).
        weights: float64 (num_pixels,); the tint of a pixel that is hardly darker is mostly noise.
    """
    weighted = weights[:, None] * tints
    total, num = weighted.sum(axis=0), float(weights.sum())
    offsets = tints - total / num
    _, axes = np.linalg.eigh((offsets * weights[:, None]).T @ offsets)
    is_second = offsets @ axes[:, -1] > 0
    for _ in range(_ROUNDS):
        if is_second.all() or not is_second.any():
            return None
        of_second, num_second = weighted[is_second].sum(axis=0), float(weights[is_second].sum())
        second, first = of_second / num_second, (total - of_second) / (num - num_second)
        # What is nearer to one of two points lies on its side of the line halfway between them.
        is_second = tints @ (second - first) > (second @ second - first @ first) / 2
    return None if is_second.all() or not is_second.any() else is_second


def _ink_of(tints: NDArray[np.float64], darkness: NDArray[np.float64], places: NDArray[np.int64]) -> _Ink:
    tint = np.median(tints, axis=0)
    spread = float(np.sqrt(((tints - tint) ** 2).sum(axis=1).mean()))
    first, last = np.percentile(places, [MARGIN_PERCENT, 100 - MARGIN_PERCENT], axis=0)
    return _Ink(tint, spread, float(np.median(darkness)), len(tints), first, last, places)
