"""Color where light tells nothing: red ink on green paper, as bright as the paper.

Pictures keep luminance better than color, and people write so that it can be read in any light; so color counts only
where something stands out in it, and hardly anything does in luminance. Then the picture is seen along the one axis of
color space along which it stands out most.
"""

from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

ColorImage: TypeAlias = NDArray[np.uint8]
"""uint8 (height, width, 3): Y, Cr and Cb of full range, as in JPEG (ITU-T T.871) but for their order."""

PREVIEW_PX = 512  # longer side at which color is looked at
LAG_PX = 3  # between pixels that are compared; across the edge of a stroke
NUM_EDGES = 64  # pixels that stand out most; a small digit has some hundreds
COLORED = 12  # of 255, in blue or red; what differs by less is gray
LEAST_DIFFERENCE = 20  # of 255, in blue or red; the color noise of a camera stays below
FAINT = 28  # of 255; what stands out further than this in luminance is found there
CLEARER = 1.5  # times as far as in luminance, that something stands out in color
PAPER = 224  # what paper comes to; some of it is lighter


@dataclass(frozen=True, slots=True)
class ColorAxis:
    """What becomes of a color: float64 (1, 4), weights of Y, Cr and Cb, and what is added."""

    weights: NDArray[np.float64]

    def seen_in(self, picture: ColorImage) -> NDArray[np.uint8]:
        """The picture along the axis: uint8 (height, width)."""
        return np.asarray(cv2.transform(picture, self.weights), np.uint8)


def colors_of(rgb: NDArray[np.uint8]) -> ColorImage:
    """The same picture, uint8 (height, width, 3), with luminance apart."""
    return np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2YCrCb), np.uint8)


def preview_of(rgb: NDArray[np.uint8]) -> ColorImage:
    """A picture reduced to what color is looked at in; uint8 (height, width, 3)."""
    height, width = rgb.shape[:2]
    scale = PREVIEW_PX / max(height, width)
    if scale < 1:
        size = (max(1, round(scale * width)), max(1, round(scale * height)))
        # At more than half the size pixels are hardly averaged, and a mean over areas takes ten times as long.
        how = cv2.INTER_LINEAR if scale > 0.5 else cv2.INTER_AREA
        rgb = np.asarray(cv2.resize(rgb, size, interpolation=how), np.uint8)
    return colors_of(rgb)


def is_colored(picture: ColorImage) -> bool:
    """Whether something stands out in color; most photographs of a page are as good as gray.

    Args:
        picture: uint8 (height, width, 3), see `preview_of`.
    """
    return _farthest(_in_color(_smooth(picture))) >= COLORED


def clearest_axis(picture: ColorImage) -> ColorAxis | None:
    """The axis along which a picture stands out; None where luminance will do, as it nearly always does.

    Args:
        picture: uint8 (height, width, 3), see `preview_of`.
    """
    smooth = _smooth(picture)
    in_color = _in_color(smooth)
    farthest = _farthest(in_color)
    in_luminance = _farthest(_stands_out(np.ascontiguousarray(smooth[..., 0])))
    if in_luminance > FAINT or farthest < max(LEAST_DIFFERENCE, CLEARER * in_luminance):
        return None
    is_edge = in_color >= farthest / 2
    steps = [cv2.subtract(smooth, np.roll(smooth, LAG_PX, axis), dtype=cv2.CV_64F)[is_edge] for axis in (0, 1)]
    differences = np.concatenate(steps)
    _, axes = np.linalg.eigh(differences.T @ differences)
    return _with_dark_ink(smooth, axes[:, -1])


def _smooth(picture: ColorImage) -> ColorImage:
    """Noise would stand out as far as a faint stroke does."""
    return np.asarray(cv2.blur(picture, (3, 3)), np.uint8)


def _in_color(smooth: ColorImage) -> NDArray[np.uint8]:
    """How far the pixels around each pixel differ in blue or red, uint8 (height, width)."""
    _, red, blue = cv2.split(smooth)
    return np.asarray(cv2.max(_stands_out(red), _stands_out(blue)), np.uint8)


def _stands_out(channel: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """How far the pixels around each pixel differ, uint8 (height, width)."""
    around = np.ones((LAG_PX + 1, LAG_PX + 1), np.uint8)
    return np.asarray(cv2.morphologyEx(channel, cv2.MORPH_GRADIENT, around), np.uint8)


def _farthest(differences: NDArray[np.uint8]) -> int:
    """What the `NUM_EDGES` largest of the differences reach; 0 where there are not so many pixels."""
    counts = cv2.calcHist([differences], [0], None, [256], [0, 256]).ravel()
    reached = np.flatnonzero(counts[::-1].cumsum()[::-1] >= NUM_EDGES)
    return int(reached[-1]) if len(reached) else 0


def _with_dark_ink(smooth: ColorImage, axis: NDArray[np.float64]) -> ColorAxis:
    """The axis in the direction in which the smaller part of the picture is the darker one."""
    values = smooth.reshape(-1, 3) @ axis
    paper = float(np.median(values))
    sign = -1.0 if values.mean() > paper else 1.0
    return ColorAxis(np.array([[*(sign * axis), PAPER - sign * paper]]))
