"""Hard versions of clean digits: written on paper and photographed, without a camera.

Calibration on clean scans alone would promise more than a photograph keeps. The pictures made here go through the
service's own ink finding, so the confidence is calibrated on what that leaves.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from service.recognition.canvas import DigitCanvas, digit_canvas
from service.recognition.errors import BlankImage
from service.recognition.image import GrayImage
from service.recognition.ink import find_ink
from trainer.data.digits import Digits


def photographed_digits(digits: Digits, *, seed: int) -> Digits:
    """Each digit as it comes out of a hard photograph; those in which no ink is found are left out.

    Digit i depends on `seed` and i alone.
    """
    canvases, kept = [], []
    for row, canvas in enumerate(digits.canvases):
        picture = photograph(canvas, np.random.default_rng([seed, row]))
        try:
            canvases.append(digit_canvas(find_ink(picture).image))
        except BlankImage:
            continue
        kept.append(row)
    return Digits(np.stack(canvases), digits.labels[kept])


def photograph(canvas: DigitCanvas, rng: np.random.Generator) -> GrayImage:
    """A picture of a digit on paper, dark on light.

    Args:
        canvas: uint8 (28, 28, 1), paper 0 and ink 255.
        rng: where chance comes from.

    Returns:
        uint8 (height, width), 48 to 160 px a side.
    """
    side_px = int(rng.integers(48, 161))
    large = cv2.resize(canvas[..., 0], None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC)
    return _photograph(large, side_px, rng)


def photograph_ink(ink: NDArray[np.uint8], rng: np.random.Generator, *, prints_lines: bool = False) -> GrayImage:
    """The same of anything that is drawn finer than on a canvas.

    Args:
        ink: uint8 (84, 84), paper 0 and ink 255.
        rng: where chance comes from.
        prints_lines: whether the paper is ruled or squared, or has a box around the ink; the lines are paler than it.

    Returns:
        uint8 (height, width), 48 to 160 px a side.
    """
    side_px = int(rng.integers(48, 161))
    lines = _printed_lines(side_px, rng) if prints_lines else None
    return _photograph(ink, side_px, rng, lines=lines)


def _photograph(
    large: NDArray[np.uint8], side_px: int, rng: np.random.Generator, *, lines: NDArray[np.uint8] | None = None
) -> GrayImage:
    ink = _pen(large, rng)
    ink = cv2.warpPerspective(ink, _viewpoint(side_px, rng), (side_px, side_px), flags=cv2.INTER_LINEAR)
    paper = _light(side_px, rng)
    darkness = rng.uniform(0.35, 0.9)
    strokes = ink if lines is None else np.maximum(ink, (rng.uniform(0.3, 0.9) * lines).astype(np.uint8))
    picture = paper * (1 - darkness * strokes.astype(np.float64) / 255)
    picture = cv2.GaussianBlur(picture, (0, 0), side_px / 28 * rng.uniform(0.15, 0.8))
    picture += rng.normal(0, rng.uniform(0, 8), picture.shape)
    picture = _crop(picture, ink, rng)
    return through_jpeg(np.clip(np.rint(picture), 0, 255).astype(np.uint8), quality=int(rng.integers(35, 96)))


def _pen(large: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """The enlarged ink with a thinner, the same or a thicker stroke."""
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3))
    num_steps = int(rng.integers(-1, 4))
    change = cv2.dilate if num_steps > 0 else cv2.erode
    return change(large, disc, iterations=abs(num_steps))


def _printed_lines(side_px: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Rulings, a grid of squares, or a box: uint8 (side_px, side_px), 255 on a line."""
    lines = np.zeros((side_px, side_px), np.uint8)
    thickness = max(1, round(side_px / 90 * rng.uniform(0.5, 3)))
    kind = rng.choice(["box", "rulings", "grid"])
    if kind == "box":
        margin = round(side_px * rng.uniform(0.01, 0.12))
        cv2.rectangle(lines, (margin, margin), (side_px - 1 - margin, side_px - 1 - margin), 255, thickness)
        return lines
    rise, spacing = round(side_px * rng.uniform(-0.03, 0.03)), max(8, round(side_px * rng.uniform(0.2, 0.4)))
    for y in range(int(rng.integers(-spacing, 0)), 2 * side_px, spacing):
        cv2.line(lines, (0, y), (side_px - 1, y + rise), 255, thickness)
    return lines | lines.T[:, ::-1] if kind == "grid" else lines


def _viewpoint(side_px: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Perspective matrix from the enlarged digit to a picture in which it stands turned, off center and tilted."""
    from_px = 28 * 3
    angle = np.deg2rad(rng.uniform(-20, 20))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    slant = np.array([[1, rng.uniform(-0.2, 0.2)], [0, 1]])
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], dtype=np.float64) / 2
    placed = corners @ (turn @ slant).T * rng.uniform(0.7, 1.0) + rng.uniform(-0.06, 0.06, (4, 2))
    target = (placed + 0.5 + rng.uniform(-0.08, 0.08, 2)) * side_px
    return cv2.getPerspectiveTransform(((corners + 0.5) * from_px).astype(np.float32), target.astype(np.float32))


def _light(side_px: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Paper under uneven light: float64 (side_px, side_px), gray levels; one picture in three has a shadow's edge."""
    ys, xs = np.mgrid[0:side_px, 0:side_px] / side_px - 0.5
    direction = rng.uniform(0, 2 * np.pi)
    along = xs * np.cos(direction) + ys * np.sin(direction)
    paper = rng.uniform(150, 245) * (1 + rng.uniform(0, 0.4) * along)
    if rng.random() < 1 / 3:
        softness = rng.uniform(0.03, 0.2)
        paper *= 1 - rng.uniform(0.1, 0.4) / (1 + np.exp(-(along - rng.uniform(-0.3, 0.3)) / softness))
    return paper


def _crop(picture: NDArray[np.float64], ink: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.float64]:
    """One picture in twelve is cut through its digit, by up to a tenth of the digit's size, on one side."""
    x, y, width, height = cv2.boundingRect((ink > 64).astype(np.uint8))
    if rng.random() >= 1 / 12 or min(width, height) < 10:
        return picture
    cut_x, cut_y = x + int(width * rng.uniform(0, 0.1)), y + int(height * rng.uniform(0, 0.1))
    side = rng.integers(4)
    if side == 0:
        return picture[cut_y:]
    if side == 1:
        return picture[:, cut_x:]
    if side == 2:
        return picture[: y + height - (cut_y - y)]
    return picture[:, : x + width - (cut_x - x)]


def through_jpeg(picture: GrayImage, *, quality: int) -> GrayImage:
    """A picture as a JPEG file of this quality, 0 to 100, shows it: uint8 (height, width) to the same."""
    _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    developed: GrayImage | None = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE)
    if developed is None:
        raise RuntimeError("OpenCV cannot decode the JPEG file that it has just encoded.")
    return developed
