"""Training canvases, bent the way that pens, scanners and cameras bend digits.

Everything is done for a whole batch at once. The network spends some hundred microseconds on a canvas, and
a loop over canvases in Python would cost as much again. Geometry is one `cv2.remap` over the batch laid out as a tall
strip; blur and resolution are products with 28 x 28 matrices.
"""

from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from trainer.config import Augmentation

Canvases: TypeAlias = NDArray[np.uint8]
Coordinates: TypeAlias = NDArray[np.float32]

SIDE_PX = 28
CENTER_PX = 14.0  # where canvases have their center of mass
_BOX_PX = 20.0  # longer side of a digit's box
_BORDER_PX = 1  # of paper around each canvas in the strip
_TILE_PX = SIDE_PX + 2 * _BORDER_PX
MAX_BATCH_SIZE = 32_767 // _TILE_PX  # cv2.remap counts source rows in 16 bits
_NARROWEST = 0.6  # of the width, as in the narrow cells of forms
_ELASTIC_SIGMA_PX = 4.0  # as wide as Simard et al. 2003 found best for MNIST


def augment(canvases: Canvases, settings: Augmentation, rng: np.random.Generator, *, strength: float = 1.0) -> Canvases:
    """A bent copy of each canvas; no canvas ever shows a part of another.

    Args:
        canvases: uint8 (n, 28, 28, 1), paper 0 and ink 255, n at most `MAX_BATCH_SIZE`.
        settings: how far, and how often.
        rng: where chance comes from; the same state gives the same canvases.
        strength: factor on distances and chances, 0 (the canvases as they are) to 1. Bold and reshaped digits are as
            frequent at any strength above 0: other pens and scanners do not get rarer.

    Returns:
        uint8 (n, 28, 28, 1).

    Raises:
        ValueError: the batch is too large for one strip.
    """
    if len(canvases) > MAX_BATCH_SIZE:
        raise ValueError(f"Batch of {len(canvases)} canvases; at most {MAX_BATCH_SIZE} fit on one strip.")
    if strength <= 0:
        return canvases.copy()
    images = canvases[..., 0]
    images = _change_thickness(images, settings, rng, strength)
    coordinates = _affine_coordinates(images, settings, rng, strength)
    coordinates += _elastic_field(len(images), settings, rng, strength)
    images = _sample(images, coordinates)
    images = _lower_resolution(images, settings.resolution_chance * strength, rng)
    images = _change_contrast(images, settings.contrast_chance * strength, rng)
    return images[..., np.newaxis]


def _draw(rng: np.random.Generator, num_canvases: int, chance: float) -> NDArray[np.int64]:
    """Rows of those canvases that something happens to."""
    return np.flatnonzero(rng.random(num_canvases) < chance)


def _to_strip(images: Canvases) -> Canvases:
    """(n, 28, 28) -> (n * 30, 30): one below the other, each with its own border of paper."""
    padded = np.zeros((len(images), _TILE_PX, _TILE_PX), dtype=np.uint8)
    padded[:, _BORDER_PX:-_BORDER_PX, _BORDER_PX:-_BORDER_PX] = images
    return padded.reshape(-1, _TILE_PX)


def _from_strip(strip: Canvases) -> Canvases:
    tiles = strip.reshape(-1, _TILE_PX, _TILE_PX)
    return tiles[:, _BORDER_PX:-_BORDER_PX, _BORDER_PX:-_BORDER_PX]


def _change_thickness(images: Canvases, settings: Augmentation, rng: np.random.Generator, strength: float) -> Canvases:
    """Thicker by up to one pixel, thinner by up to half of one, or bold by two."""
    images = images.copy()
    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3)) | cross
    rows = _draw(rng, len(images), settings.thickness_chance * strength)
    # Wholly eroded strokes of one or two pixels are gone; half is what a hard pencil loses.
    for chosen, morph, most in ((rows[::2], cv2.dilate, 1.0), (rows[1::2], cv2.erode, 0.5)):
        if len(chosen):
            changed = _from_strip(morph(_to_strip(images[chosen]), cross))
            share = rng.uniform(0.2, most, (len(chosen), 1, 1)).astype(np.float32)
            images[chosen] = np.rint(images[chosen] * (1 - share) + changed * share).astype(np.uint8)
    rows = _draw(rng, len(images), settings.bold_chance)
    if len(rows):
        # Two steps of one pixel, not one of two: between neighbors on the strip lie two rows of paper.
        bolder = _from_strip(cv2.dilate(_to_strip(images[rows]), disc))
        boldest = _from_strip(cv2.dilate(_to_strip(bolder), cross))
        share = rng.uniform(0, 1, (len(rows), 1, 1)).astype(np.float32)
        images[rows] = np.rint(bolder * (1 - share) + boldest * share).astype(np.uint8)
    return images


def _affine_coordinates(
    images: Canvases, settings: Augmentation, rng: np.random.Generator, strength: float
) -> Coordinates:
    """Where each pixel of the result is taken from: float32 (n, 2, 28, 28), x before y."""
    num_canvases = len(images)

    def uniform(limit: float) -> NDArray[np.float64]:
        return rng.uniform(-limit * strength, limit * strength, num_canvases)

    angle = np.deg2rad(uniform(settings.rotation_deg))
    shear = uniform(settings.shear)
    # Width and height change together, and a little apart.
    zoom = np.exp(uniform(np.log1p(settings.zoom)))
    aspect = np.exp(uniform(np.log1p(settings.zoom) / 2))
    shift = np.stack([uniform(settings.shift), uniform(settings.shift)], axis=1) * SIDE_PX

    cosine, sine = np.cos(angle), np.sin(angle)
    turn = np.stack([np.stack([cosine, -sine], axis=1), np.stack([sine, cosine], axis=1)], axis=1)
    slant = np.tile(np.eye(2), (num_canvases, 1, 1))
    slant[:, 0, 1] = shear
    scale = np.zeros((num_canvases, 2, 2))
    scale[:, 0, 0], scale[:, 1, 1] = 1 / (zoom * aspect), aspect / zoom

    matrix = scale @ turn @ slant
    stretch, box_center = _reshape(images, settings, rng)
    ys, xs = np.mgrid[0:SIDE_PX, 0:SIDE_PX]
    pixels = np.stack([xs.ravel(), ys.ravel()]) - CENTER_PX  # (2, 784)
    source = matrix @ pixels - shift[:, :, np.newaxis]
    # Stretched around the middle of its box, so that the box becomes a square standing where it stood.
    offset = (box_center - CENTER_PX)[:, :, np.newaxis]
    source = stretch[:, :, np.newaxis] * (source - offset) + offset + CENTER_PX
    return source.reshape(num_canvases, 2, SIDE_PX, SIDE_PX).astype(np.float32)


def _reshape(
    images: Canvases, settings: Augmentation, rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Factors of the coordinates that fill the square box or make digits narrow, (n, 2); their fixed points, (n, 2)."""
    factors = np.ones((len(images), 2))
    centers = np.full((len(images), 2), CENTER_PX)
    for row in _draw(rng, len(images), settings.stretch_chance):
        x, y, width, height = cv2.boundingRect(images[row])
        if min(width, height) == 0:
            continue
        amount = rng.uniform(0.3, 1.0)
        factors[row] = (width / _BOX_PX) ** amount, (height / _BOX_PX) ** amount
        centers[row] = x + (width - 1) / 2, y + (height - 1) / 2
    rows = _draw(rng, len(images), settings.narrow_chance)
    factors[rows, 0] /= rng.uniform(_NARROWEST, 1.0, len(rows))
    return factors, centers


def _elastic_field(num_canvases: int, settings: Augmentation, rng: np.random.Generator, strength: float) -> Coordinates:
    """Smooth random displacements of some canvases, zero for the others: float32 (n, 2, 28, 28).

    Source: Simard, Steinkraus and Platt 2003, "Best Practices for Convolutional Neural Networks Applied to
    Visual Document Analysis".
    """
    field = np.zeros((num_canvases, 2, SIDE_PX, SIDE_PX), dtype=np.float32)
    rows = _draw(rng, num_canvases, settings.elastic_chance * strength)
    noise = rng.standard_normal((len(rows), 2, SIDE_PX, SIDE_PX), dtype=np.float32)
    # Rows of this matrix are scaled to keep the variance of the noise at one.
    smooth = _gaussian_matrix(_ELASTIC_SIGMA_PX)
    smooth /= np.sqrt((smooth**2).sum(axis=1, keepdims=True))
    field[rows] = (smooth @ noise @ smooth.T) * np.float32(settings.elastic_px * strength)
    return field


def _sample(images: Canvases, coordinates: Coordinates) -> Canvases:
    """Read every canvas at its coordinates, paper outside of it."""
    # Clipped to the border of its own tile, which is paper, no coordinate reaches a neighbor.
    inside = np.clip(coordinates, -_BORDER_PX, SIDE_PX) + np.float32(_BORDER_PX)
    inside[:, 1] += (np.arange(len(images), dtype=np.float32) * _TILE_PX)[:, np.newaxis, np.newaxis]
    map_x = np.ascontiguousarray(inside[:, 0]).reshape(-1, SIDE_PX)
    map_y = np.ascontiguousarray(inside[:, 1]).reshape(-1, SIDE_PX)
    return cv2.remap(_to_strip(images), map_x, map_y, cv2.INTER_LINEAR).reshape(-1, SIDE_PX, SIDE_PX)


def _lower_resolution(images: Canvases, chance: float, rng: np.random.Generator) -> Canvases:
    """Some canvases as a coarser scanner or a softer lens would give them."""
    rows = _draw(rng, len(images), chance)
    if not len(rows):
        return images
    # Along an axis, each of these is a matrix; in the plane, that matrix from the left and from the right.
    chosen = _RESOLUTIONS[rng.integers(len(_RESOLUTIONS), size=len(rows))]
    changed = chosen @ images[rows].astype(np.float32) @ chosen.transpose(0, 2, 1)
    # Serving stretches the contrast of what it finds, so blur softens edges and does not dim the ink.
    changed *= 255 / np.maximum(changed.max(axis=(1, 2), keepdims=True), 1)
    images = images.copy()
    images[rows] = np.clip(np.rint(changed), 0, 255).astype(np.uint8)
    return images


def _change_contrast(images: Canvases, chance: float, rng: np.random.Generator) -> Canvases:
    """Some canvases with harder or softer edges, fainter ink and grain in the ink."""
    rows = _draw(rng, len(images), chance)
    if not len(rows):
        return images
    gray = images[rows].astype(np.float32) / 255
    shape = (len(rows), 1, 1)
    gamma = np.exp(rng.uniform(-0.6, 0.3, shape)).astype(np.float32)
    gray **= gamma
    # Steepness 1 leaves the edges as they are; a high one gives the black and white of a thresholded scan.
    steepness = np.exp(rng.uniform(0, 3, shape)).astype(np.float32)
    steepness[rng.random(len(rows)) < 0.5] = 1
    gray = np.clip((gray - 0.4) * steepness + 0.4, 0, 1)
    grain = rng.standard_normal(gray.shape, dtype=np.float32) * rng.uniform(0, 0.12, shape).astype(np.float32)
    # Served paper is exactly 0, so grain stands in the ink alone.
    gray = np.where(gray > 0, gray * rng.uniform(0.6, 1.0, shape).astype(np.float32) + grain, 0)
    images = images.copy()
    images[rows] = np.rint(np.clip(gray, 0, 1) * 255).astype(np.uint8)
    return images


def _gaussian_matrix(sigma_px: float) -> NDArray[np.float32]:
    """Blur along one axis, with paper beyond the edge: float32 (28, 28)."""
    distance = np.arange(SIDE_PX)[:, np.newaxis] - np.arange(SIDE_PX)
    reach = np.exp(-0.5 * (distance / sigma_px) ** 2)
    return (reach / reach[SIDE_PX // 2].sum()).astype(np.float32)


def _coarse_matrix(num_pixels: int, interpolation: int) -> NDArray[np.float32]:
    """Down to so many pixels by area and up again, along one axis: float32 (28, 28)."""
    impulses = np.eye(SIDE_PX, dtype=np.float32)  # columns are images one pixel wide
    down = cv2.resize(impulses, (SIDE_PX, num_pixels), interpolation=cv2.INTER_AREA)
    return cv2.resize(down, (SIDE_PX, SIDE_PX), interpolation=interpolation)


_RESOLUTIONS = np.stack(
    [_gaussian_matrix(sigma) for sigma in (0.5, 0.8, 1.1, 1.4)]
    + [_coarse_matrix(size, cv2.INTER_LINEAR) for size in (11, 13, 16, 20)]
    + [_coarse_matrix(size, cv2.INTER_NEAREST) for size in (11, 14, 18, 22)]
)
