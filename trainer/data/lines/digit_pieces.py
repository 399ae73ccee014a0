"""The digits of a composed number: somebody's pictures at their size, slanted, bent, with another pen."""

from collections.abc import Sequence

import cv2
import numpy as np

from service.recognition.alphabet import class_of_digit
from trainer.data.lines.piece import HEIGHT_PX, Manner, Picture, Piece, cropped
from trainer.data.lines.style import LineStyle

BEND_PX = 1.7  # typical displacement, 1.2 on a canvas of 28 pixels
_BEND_SIGMA_PX = 5.6  # as wide as Simard et al. 2003 found best for MNIST, in digits of this height
_SPRITE_PX = 20  # of a digit on a canvas of MNIST
_ROOM_PX = 3  # on each side of a digit, for what bending and a thicker pen add


def write_digits(
    text: str, sprites: Sequence[Picture], style: LineStyle, manner: Manner, rng: np.random.Generator
) -> list[Piece]:
    """A piece for each digit.

    Args:
        text: the digits.
        sprites: a picture of each, uint8 (height, width), cropped, of the size that it has on a canvas of MNIST.
        style: how single digits differ from each other.
        manner: what they have in common.
        rng: where chance comes from.
    """
    pieces = []
    for symbol, sprite in zip(text, sprites, strict=True):
        picture = _write(sprite, style, manner, rng)
        rise = rng.normal(0, style.baseline_jitter) * HEIGHT_PX
        pieces.append(Piece(picture, rise, class_of_digit(int(symbol))))
    return pieces


def join_zeros(pieces: list[Piece], rng: np.random.Generator) -> None:
    """Two zeros or more at the end become smaller and hang together, at the foot of the line or above it."""
    num_zeros = 0
    while num_zeros < len(pieces) and pieces[-1 - num_zeros].class_index == class_of_digit(0):
        num_zeros += 1
    if num_zeros < 2:
        return
    size = rng.uniform(0.5, 1.0)
    rise = rng.uniform(0.0, 1.0 - size) * HEIGHT_PX if rng.random() < 0.4 else 0.0
    for index, piece in enumerate(pieces[-num_zeros:]):
        piece.picture = cropped(cv2.resize(piece.picture, None, fx=size, fy=size, interpolation=cv2.INTER_AREA))
        piece.rise += rise
        piece.is_joined = index > 0


def _write(sprite: Picture, style: LineStyle, manner: Manner, rng: np.random.Generator) -> Picture:
    """One digit at its size, slanted, with its pen; cropped."""
    picture = _slanted(sprite, style, manner, rng)
    if style.bend_chance and rng.random() < style.bend_chance:
        picture = _bent(picture, rng)
    if manner.pen_change:
        picture = _thickened(picture, manner.pen_change)
    return cropped(picture)


def _slanted(sprite: Picture, style: LineStyle, manner: Manner, rng: np.random.Generator) -> Picture:
    """Scaled, stretched, leaning and a little turned, with room around it."""
    height, width = sprite.shape
    usual_scale = HEIGHT_PX / _SPRITE_PX
    scale = usual_scale * (1 + rng.normal(0, style.size_jitter)) if style.size_jitter else usual_scale
    scale = float(np.clip(scale, 0.8, 2.0))
    lean = manner.slant + rng.normal(0, style.digit_slant) if style.digit_slant else manner.slant
    turn = rng.normal(0, 0.3 * style.digit_slant) if style.digit_slant else 0.0
    scale_x = scale * manner.stretch
    matrix = np.array([[scale_x, -lean * scale, 0.0], [turn * scale_x, scale, 0.0]])
    corners = matrix[:, :2] @ np.array([[0, width, width, 0], [0, 0, height, height]], dtype=np.float64)
    low, high = corners.min(axis=1), corners.max(axis=1)
    matrix[:, 2] = _ROOM_PX - low
    size = np.ceil(high - low).astype(int) + 2 * _ROOM_PX
    return np.asarray(cv2.warpAffine(sprite, matrix, (int(size[0]), int(size[1])), flags=cv2.INTER_LINEAR), np.uint8)


def _bent(picture: Picture, rng: np.random.Generator) -> Picture:
    """Moved along a smooth random field; what is moved over the edge is lost."""
    height, width = picture.shape
    noise = rng.standard_normal((height, width, 2), dtype=np.float32)
    # Smoothed noise is fainter by this factor; its displacements are to be those of `BEND_PX`.
    strength = BEND_PX * 2 * np.sqrt(np.pi) * _BEND_SIGMA_PX
    field = cv2.GaussianBlur(noise, (0, 0), _BEND_SIGMA_PX, borderType=cv2.BORDER_CONSTANT) * np.float32(strength)
    ys, xs = np.mgrid[0:height, 0:width].astype(np.float32)
    return np.asarray(cv2.remap(picture, xs + field[..., 0], ys + field[..., 1], cv2.INTER_LINEAR), np.uint8)


def _thickened(picture: Picture, pen_change: int) -> Picture:
    """With a thicker pen, or below 0 a thinner one; as it was where nothing clear would be left."""
    change = cv2.dilate if pen_change > 0 else cv2.erode
    cross = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], np.uint8)
    changed = np.asarray(change(picture, cross, iterations=abs(pen_change)), np.uint8)
    return changed if changed.max() > 128 else picture
