"""Ink that is hardly darker than its paper: a pale pencil, an overexposed photograph, thermal paper that has faded.

Ink as strong as usual stands out whatever the light and the grain of the paper. Ink that is paler can be told from
them only where both have been taken away first: light by a smooth surface over the whole picture, grain by smoothing.
What stays is believed to be ink where it is far above the grain that is left, and where the picture's edges are
paper; uneven light that no surface follows, such as the edge of a shadow, shows there.

Source: surface fitting with least squares trimmed by their residuals, as Lu, Su and Tan 2010 estimate a document's
background, "Document image binarization using background estimation and stroke edges", IJDAR 13.
"""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from service.recognition.image import GrayImage
from service.recognition.levels import grain_of

LEAST_CONTRAST = 12.0  # of 255; in JPEG, what is paler than this has lost its shape
CLARITY = 10.0  # times the grain that is left; grain alone comes to 8 at the most
SURFACE_PX = 32  # longer side at which the light is guessed; it has no finer detail
DEGREES = (1, 1, 2, 2)  # of the polynomial in x and y, guess by guess; enough for a lamp on one side
FARTHEST = 1.5  # times the median distance from the last guess, within which a pixel has part in the next
DARKEST = 16.0  # of 255; light is never taken for less, or grain would be amplified without end
SMOOTHING = 0.01  # standard deviation of a Gaussian, as a share of the shorter side
LEAST_SMOOTHING_PX = 0.6
INK_LEVEL = 128  # of 255, once full ink is that
MAX_INK_AT_EDGES = 0.05  # of the pixels along them; strokes may be cut there


def brought_out(picture: GrayImage) -> tuple[GrayImage, float]:
    """A picture in even light, and with little of its grain.

    Args:
        picture: uint8 (height, width), luminance.

    Returns:
        uint8 (height, width), as bright as it was in the mean; and the standard deviation of the grain that is left, if
        its grain is that of a camera, where no pixel knows of its neighbors.
    """
    even = _with_even_light(picture)
    sigma = max(LEAST_SMOOTHING_PX, SMOOTHING * min(picture.shape))
    left = grain_of(even) / (2.0 * math.sqrt(math.pi) * sigma)
    return np.asarray(cv2.GaussianBlur(even, (0, 0), sigma), np.uint8), left


def is_written(image: GrayImage, *, contrast: float, noise: float) -> bool:
    """Whether pale ink is ink, and neither the grain of its paper nor what is left of the light.

    Args:
        image: uint8 (height, width), paper 0 and ink up to 255.
        contrast: of the ink before it was brought to 255.
        noise: standard deviation of the grain, on that scale.
    """
    edges = np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])
    ends_on_paper = float(np.mean(edges >= INK_LEVEL)) <= MAX_INK_AT_EDGES
    return ends_on_paper and contrast >= max(LEAST_CONTRAST, CLARITY * noise)


def _with_even_light(picture: GrayImage) -> GrayImage:
    """The picture as if the same light fell on all of it."""
    height, width = picture.shape
    scale = min(1.0, SURFACE_PX / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA).astype(np.float64)
    light = np.maximum(_surface(small), DARKEST).astype(np.float32)
    level = float(np.mean(light))
    light = cv2.resize(light, (width, height), interpolation=cv2.INTER_LINEAR)
    even: GrayImage = np.clip(np.rint(picture * (level / light)), 0, 255).astype(np.uint8)
    return even


def _surface(small: NDArray[np.float64]) -> NDArray[np.float64]:
    """The smooth surface that most of a picture lies on, of its shape; strokes have no part in it."""
    values = small.ravel()
    surface = np.full(values.size, np.median(values))
    for degree in DEGREES:
        terms = _terms(small.shape, degree)
        distance = np.abs(values - surface)
        is_paper = distance <= max(1.0, FARTHEST * float(np.median(distance)))
        of_paper = terms[is_paper]
        # The normal equations: a tenth of the time, and as good for a handful of terms between -1 and 1.
        weights, *_ = np.linalg.lstsq(of_paper.T @ of_paper, of_paper.T @ values[is_paper], rcond=None)
        surface = terms @ weights
    return surface.reshape(small.shape)


def _terms(shape: tuple[int, ...], degree: int) -> NDArray[np.float64]:
    """Every product of powers of x and y up to a degree, at every pixel: float64 (num_pixels, num_terms)."""
    y, x = (axis.ravel() for axis in np.mgrid[-1 : 1 : shape[0] * 1j, -1 : 1 : shape[1] * 1j])
    powers = [(i, j) for i in range(degree + 1) for j in range(degree + 1 - i)]
    return np.stack([x**i * y**j for i, j in powers], axis=1)
