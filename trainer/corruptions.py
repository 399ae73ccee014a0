"""Fifteen ways in which a picture of a digit gets worse, each at one fixed strength.

Digits stay readable to a person. Everything is done for all pictures at once, on pictures of 28 x 28 px, light ink on
dark paper; what follows from `seed` follows from nothing else.

Source of the idea, and of many of the kinds: Mu and Gilmer 2019, "MNIST-C: A Robustness Benchmark for Computer
Vision", arXiv 1906.02337. The code and the strengths are our own.
"""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from trainer.photograph import through_jpeg

Pictures: TypeAlias = NDArray[np.uint8]
"""uint8 (n, 28, 28), paper 0 and ink 255."""

SIDE_PX = 28
_CENTER = (SIDE_PX - 1) / 2

GAUSSIAN_DEVIATION = 40.0  # of 255
BLUR_SIGMA_PX = 1.0
FOG_SHARE = 0.45  # of the light that a picture ends up with comes from the fog where it is densest
SCALE_RANGE = (0.55, 0.75)  # of the size
ROTATION_DEG = (15.0, 30.0)  # to either side
SHEAR_RANGE = (0.3, 0.5)  # pixels sideways per pixel of height, to either side
STRIPE_LEVEL = 110  # of 255, as a printed ruling is paler than a pen
NUM_SPATTERS = 4
SPATTER_RADIUS_PX = (0.6, 1.6)
DOT_SPACING_PX = 4
BRIGHTNESS = 90  # added, of 255
CONTRAST = 0.25  # what is left of it
JPEG_QUALITY = 8
IMPULSE_SHARE = 0.05  # of the pixels, half of them black and half white
GLASS_SHARE = 0.6  # of the pixels come from a neighbor
ZIGZAG_LEVEL = 150  # of 255


def corrupt(pictures: Pictures, kind: str, *, seed: int) -> Pictures:
    """The pictures with one thing wrong.

    Args:
        pictures: uint8 (n, 28, 28), paper 0 and ink 255.
        kind: a key of `CORRUPTIONS`.
        seed: the same one gives the same pictures.

    Returns:
        uint8 (n, 28, 28).
    """
    changed = CORRUPTIONS[kind](pictures.astype(np.float32), np.random.default_rng(seed))
    return np.clip(np.rint(changed), 0, 255).astype(np.uint8)


Floats: TypeAlias = NDArray[np.float32]
"""float32 (n, 28, 28), gray levels, about 0 to 255."""


def _noise(pictures: Floats, rng: np.random.Generator) -> Floats:
    """Normally distributed noise on every pixel."""
    return pictures + rng.normal(0, GAUSSIAN_DEVIATION, pictures.shape).astype(np.float32)


def _blur(pictures: Floats, rng: np.random.Generator) -> Floats:
    """Out of focus."""
    return _smoothed(pictures, BLUR_SIGMA_PX)


def _fog(pictures: Floats, rng: np.random.Generator) -> Floats:
    """A light veil of uneven density."""
    cloud = _smoothed(rng.standard_normal(pictures.shape).astype(np.float32), 4.0)
    low, high = cloud.min(axis=(1, 2), keepdims=True), cloud.max(axis=(1, 2), keepdims=True)
    density = FOG_SHARE * (cloud - low) / (high - low)
    return pictures * (1 - density) + 255 * density


def _scale(pictures: Floats, rng: np.random.Generator) -> Floats:
    """Smaller."""
    factor = rng.uniform(*SCALE_RANGE, len(pictures))
    return _warped(pictures, np.eye(2) / factor[:, np.newaxis, np.newaxis])


def _rotation(pictures: Floats, rng: np.random.Generator) -> Floats:
    """Turned to either side."""
    angle = np.deg2rad(rng.uniform(*ROTATION_DEG, len(pictures)) * rng.choice([-1, 1], len(pictures)))
    cosine, sine = np.cos(angle), np.sin(angle)
    return _warped(pictures, np.stack([np.stack([cosine, sine], 1), np.stack([-sine, cosine], 1)], 1))


def _shear(pictures: Floats, rng: np.random.Generator) -> Floats:
    """Slanted to either side."""
    matrices = np.tile(np.eye(2), (len(pictures), 1, 1))
    matrices[:, 0, 1] = rng.uniform(*SHEAR_RANGE, len(pictures)) * rng.choice([-1, 1], len(pictures))
    return _warped(pictures, matrices)


def _stripe(pictures: Floats, rng: np.random.Generator) -> Floats:
    """A thin line from edge to edge, level or upright."""
    starts = rng.integers(2, SIDE_PX - 2, len(pictures))
    is_on = np.arange(SIDE_PX)[np.newaxis] == starts[:, np.newaxis]
    is_level = rng.random(len(pictures)) < 0.5
    masks = np.where(is_level[:, np.newaxis, np.newaxis], is_on[:, :, np.newaxis], is_on[:, np.newaxis, :])
    return np.where(masks, np.maximum(pictures, STRIPE_LEVEL), pictures)


def _spatter(pictures: Floats, rng: np.random.Generator) -> Floats:
    """Drops of ink."""
    ys, xs = np.mgrid[0:SIDE_PX, 0:SIDE_PX].astype(np.float32)
    result = pictures.copy()
    for _ in range(NUM_SPATTERS):
        center = rng.uniform(0, SIDE_PX, (2, len(pictures), 1, 1)).astype(np.float32)
        radius = rng.uniform(*SPATTER_RADIUS_PX, (len(pictures), 1, 1)).astype(np.float32)
        distance = np.hypot(xs - center[0], ys - center[1])
        result = np.maximum(result, 255 * np.clip(radius - distance + 0.5, 0, 1))
    return result


def _dotted_line(pictures: Floats, rng: np.random.Generator) -> Floats:
    """Dots along a straight line across the picture."""
    starts, ends = _line_ends(len(pictures), rng)
    num_dots = SIDE_PX // DOT_SPACING_PX + 1
    shares = np.linspace(0, 1, num_dots)
    return _with_dots(pictures, starts[:, np.newaxis] + (ends - starts)[:, np.newaxis] * shares[:, np.newaxis])


def _zigzag(pictures: Floats, rng: np.random.Generator) -> Floats:
    """A thin zigzag line across the picture."""
    starts, ends = _line_ends(len(pictures), rng)
    shares = np.linspace(0, 1, 4 * SIDE_PX)
    points = starts[:, np.newaxis] + (ends - starts)[:, np.newaxis] * shares[:, np.newaxis]
    swing = 2.0 * np.abs(2 * (shares * 6 % 1) - 1) - 1.0
    points[:, :, 1] += 2.0 * swing
    return _with_dots(pictures, points, level=ZIGZAG_LEVEL)


def _brightness(pictures: Floats, rng: np.random.Generator) -> Floats:
    """Lighter throughout, and cut off at white."""
    return pictures + BRIGHTNESS


def _contrast(pictures: Floats, rng: np.random.Generator) -> Floats:
    """Faint ink on gray paper."""
    return 128 + CONTRAST * (pictures - 128)


def _jpeg(pictures: Floats, rng: np.random.Generator) -> Floats:
    """Compressed until blocks show."""
    decoded = [through_jpeg(picture.astype(np.uint8), quality=JPEG_QUALITY) for picture in pictures]
    return np.stack(decoded).astype(np.float32)


def _impulse(pictures: Floats, rng: np.random.Generator) -> Floats:
    """Salt and pepper."""
    chance = rng.random(pictures.shape)
    salted = np.where(chance < IMPULSE_SHARE / 2, np.float32(255), pictures)
    return np.where(chance > 1 - IMPULSE_SHARE / 2, np.float32(0), salted)


def _glass(pictures: Floats, rng: np.random.Generator) -> Floats:
    """Seen through frosted glass: every pixel comes from somewhere near."""
    rows = np.arange(len(pictures))[:, np.newaxis, np.newaxis]
    ys, xs = np.mgrid[0:SIDE_PX, 0:SIDE_PX]
    moved = rng.integers(-1, 2, (2, *pictures.shape)) * (rng.random(pictures.shape) < GLASS_SHARE)
    result = pictures[rows, np.clip(ys + moved[0], 0, SIDE_PX - 1), np.clip(xs + moved[1], 0, SIDE_PX - 1)]
    return _smoothed(result, 0.4)


CORRUPTIONS: dict[str, Callable[[Floats, np.random.Generator], Floats]] = {
    "noise": _noise,
    "blur": _blur,
    "fog": _fog,
    "scale": _scale,
    "rotation": _rotation,
    "shear": _shear,
    "stripe": _stripe,
    "spatter": _spatter,
    "dotted_line": _dotted_line,
    "zigzag": _zigzag,
    "brightness": _brightness,
    "contrast": _contrast,
    "jpeg": _jpeg,
    "impulse": _impulse,
    "glass": _glass,
}


def _smoothed(pictures: Floats, sigma_px: float) -> Floats:
    """Gaussian blur of each picture, as products with a matrix; beyond the edge it goes on as at the edge."""
    offsets = np.arange(-SIDE_PX, SIDE_PX + 1)
    kernel = np.exp(-(offsets**2) / (2 * sigma_px**2))
    matrix = np.zeros((SIDE_PX, SIDE_PX))
    for row in range(SIDE_PX):
        np.add.at(matrix[row], np.clip(row + offsets, 0, SIDE_PX - 1), kernel / kernel.sum())
    smooth = matrix.astype(np.float32)
    return np.matmul(np.matmul(smooth, pictures), smooth.T)


def _warped(pictures: Floats, matrices: NDArray[np.float64]) -> Floats:
    """Each picture read where its own matrix, (n, 2, 2) on (x, y) from the middle, says; paper outside."""
    ys, xs = np.mgrid[0:SIDE_PX, 0:SIDE_PX]
    pixels = np.stack([xs.ravel(), ys.ravel()]) - _CENTER
    source = matrices @ pixels + _CENTER
    x, y = source.reshape(len(pictures), 2, SIDE_PX, SIDE_PX).transpose(1, 0, 2, 3)
    left, top = np.floor(x).astype(np.int64), np.floor(y).astype(np.int64)
    share_x, share_y = x - left, y - top
    padded = np.pad(pictures, ((0, 0), (1, 1), (1, 1)))
    rows = np.arange(len(pictures))[:, np.newaxis, np.newaxis]

    def at(row: NDArray[np.int64], column: NDArray[np.int64]) -> Floats:
        return padded[rows, np.clip(row, -1, SIDE_PX) + 1, np.clip(column, -1, SIDE_PX) + 1]

    upper = (1 - share_x) * at(top, left) + share_x * at(top, left + 1)
    lower = (1 - share_x) * at(top + 1, left) + share_x * at(top + 1, left + 1)
    return ((1 - share_y) * upper + share_y * lower).astype(np.float32)


def _line_ends(num_pictures: int, rng: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Where lines across the pictures begin and end, (n, 2) each, x before y."""
    heights = rng.uniform(5, SIDE_PX - 5, (2, num_pictures))
    starts = np.stack([np.full(num_pictures, 1.0), heights[0]], axis=1)
    ends = np.stack([np.full(num_pictures, SIDE_PX - 2.0), heights[1]], axis=1)
    return starts, ends


def _with_dots(pictures: Floats, points: NDArray[np.float64], *, level: float = 255) -> Floats:
    """Pixels at the points, (n, num_points, 2), at least as bright as this."""
    result = pictures.copy()
    columns, rows = np.clip(np.rint(points), 0, SIDE_PX - 1).astype(np.int64).transpose(2, 0, 1)
    index = (np.arange(len(pictures))[:, np.newaxis], rows, columns)
    result[index] = np.maximum(pictures[index], level)
    return result
