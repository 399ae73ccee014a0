"""A page for a composed number, and a camera in front of it."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from trainer.data.lines.style import LineStyle
from trainer.photograph import through_jpeg

Picture = NDArray[np.uint8]
Light = NDArray[np.float32]


def photograph_line(ink: Picture, style: LineStyle, rng: np.random.Generator) -> Picture:
    """A picture of a number on paper.

    Args:
        ink: uint8 (height, width), paper 0 and ink 255; may be empty.
        style: how hard the page is.
        rng: where chance comes from.

    Returns:
        uint8 (height, width), mostly dark on light; the number is 14 to 90 px high in it.
    """
    height = max(8, ink.shape[0])
    scale = float(np.exp(rng.uniform(math.log(14), math.log(90)))) / height
    if rng.random() < 0.5:
        scale = rng.uniform(18, 50) / height  # what scanned forms and cheques have
    scale = min(scale, 2200 / max(1, ink.shape[1]))
    size = (max(8, round(max(8, ink.shape[1]) * scale)), max(8, round(height * scale)))
    if ink.size:
        interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        written = cv2.resize(ink, size, interpolation=interpolation)
    else:
        written = np.zeros(size[::-1], np.uint8)
    line_px = size[1]
    margins = _margins(line_px, rng)
    written = cv2.copyMakeBorder(written, *margins, cv2.BORDER_CONSTANT, value=0)
    ink_share = written.astype(np.float32) / 255 * rng.uniform(0.4, 0.95)
    if rng.random() < 0.3:  # uneven ink
        ink_share *= _blotches(written.shape, rng, low=0.6)
    paper = _paper(written.shape, rng)
    if rng.random() < style.print_chance:
        paper = _security_print(paper, line_px, rng)
    if rng.random() < style.ruling_chance:
        paper = _rulings(paper, margins, line_px, rng)
    if rng.random() < 0.12:
        _neighbors(ink_share, margins, rng)
    picture = paper * (1 - ink_share)
    picture = _camera(picture, line_px, rng)
    if rng.random() < 0.08:
        picture = 255 - picture
    return _developed(picture, rng)


def _margins(line_px: int, rng: np.random.Generator) -> tuple[int, int, int, int]:
    """Top, bottom, left, right, in pixels: often a tight crop, seldom a wide one."""
    largest = 0.08 if rng.random() < 0.3 else 0.5 if rng.random() < 0.8 else 2.0
    return tuple(int(px) for px in rng.uniform(0, largest, 4) * line_px + 1)  # type: ignore[return-value]


def _blotches(shape: tuple[int, ...], rng: np.random.Generator, *, low: float) -> Light:
    coarse = rng.uniform(low, 1, (max(2, shape[0] // 12), max(2, shape[1] // 12))).astype(np.float32)
    return cv2.resize(coarse, shape[::-1], interpolation=cv2.INTER_CUBIC)


def _paper(shape: tuple[int, ...], rng: np.random.Generator) -> Light:
    """Paper under uneven light; float32 (height, width), gray levels."""
    height, width = shape
    xs = np.linspace(-0.5, 0.5, width, dtype=np.float32)[None, :]
    ys = np.linspace(-0.5, 0.5, height, dtype=np.float32)[:, None]
    direction = rng.uniform(0, 2 * np.pi)
    along = xs * np.cos(direction) + ys * np.sin(direction)
    strength = rng.uniform(0, 0.35)
    paper = rng.uniform(130, 250) * (1 + strength * along)
    if rng.random() < 0.2:
        softness = rng.uniform(0.01, 0.2)
        paper = paper * (1 - rng.uniform(0.1, 0.45) / (1 + np.exp(-(along - rng.uniform(-0.3, 0.3)) / softness)))
    if rng.random() < 0.3:
        paper = paper * (0.9 + 0.1 * _blotches(shape, rng, low=0.2))
    return paper.astype(np.float32)


def _security_print(paper: Light, line_px: int, rng: np.random.Generator) -> Light:
    """Fine waves, hatching or dots, as on cheques."""
    height, width = paper.shape
    ys, xs = np.mgrid[0:height, 0:width].astype(np.float32)
    strength = rng.uniform(0.04, 0.3)
    pattern = np.zeros_like(paper)
    for _ in range(int(rng.integers(1, 4))):
        period = max(2.5, line_px * rng.uniform(0.06, 0.25))
        angle = rng.choice([0.0, 0.5 * np.pi, rng.uniform(0, np.pi)]) + rng.normal(0, 0.05)
        wave = (
            rng.uniform(0, 1.5)
            * period
            * np.sin(
                (xs * np.cos(angle + 1.2) + ys * np.sin(angle + 1.2)) * 2 * np.pi / (line_px * rng.uniform(0.5, 3))
            )
        )
        phase = (xs * np.sin(angle) + ys * np.cos(angle) + wave) / period + rng.random()
        distance = np.abs(phase - np.rint(phase)) * period
        pattern = np.maximum(pattern, np.clip(rng.uniform(0.5, 1.2) - distance + 0.5, 0, 1))
    if rng.random() < 0.2:
        pattern *= rng.random(paper.shape) < 0.6
    return paper * (1 - strength * pattern)


def _rulings(paper: Light, margins: tuple[int, int, int, int], line_px: int, rng: np.random.Generator) -> Light:
    """A rule below, rules above and below, a frame, or a row of cells."""
    height, width = paper.shape
    top, bottom, left, right = margins
    darkness = np.float32(rng.uniform(0.15, 0.8))
    thickness = max(1, round(line_px * rng.uniform(0.02, 0.08)))
    tilt = rng.normal(0, 0.008)
    mask = np.zeros(paper.shape, np.uint8)
    lower = height - bottom + line_px * rng.uniform(-0.12, 0.25)
    upper = top - line_px * rng.uniform(0.0, 0.25)

    def level(y: float) -> None:
        rise = tilt * width
        cv2.line(mask, (-2, round(y - rise / 2)), (width + 2, round(y + rise / 2)), 255, thickness, cv2.LINE_AA)

    def upright(x: float) -> None:
        lean = tilt * (lower - upper)
        cv2.line(mask, (round(x + lean), round(upper)), (round(x - lean), round(lower)), 255, thickness, cv2.LINE_AA)

    kind = rng.random()
    level(lower)
    if kind > 0.4:
        level(upper)
    if kind > 0.65:
        upright(left - line_px * rng.uniform(0.02, 0.3))
        upright(width - right + line_px * rng.uniform(0.02, 0.3))
    if kind > 0.9:
        for x in np.arange(left, width - right, line_px * rng.uniform(0.6, 0.9)):
            upright(float(x))
    if rng.random() < 0.15:  # dotted
        dots = (np.arange(width) // max(1, thickness * 2)) % 2 == 0
        mask[:, ~dots] = 0
    return paper * (np.float32(1) - darkness * mask.astype(np.float32) / np.float32(255))


def _neighbors(ink_share: Light, margins: tuple[int, int, int, int], rng: np.random.Generator) -> None:
    """Pieces of the lines above or below, cut by the picture's edge."""
    height, width = ink_share.shape
    top, bottom = margins[0], margins[1]
    for is_above, room in ((True, top), (False, bottom)):
        if room < 8 or rng.random() < 0.4:
            continue
        reach = max(2, int(room * rng.uniform(0.2, 0.6)))
        y = 0 if is_above else height - 1
        for _ in range(int(rng.integers(1, 5))):
            x = int(rng.integers(0, width))
            end = (x + int(rng.integers(-reach, reach + 1)), y + (reach if is_above else -reach))
            cv2.line(ink_share, (x, y), end, float(rng.uniform(0.3, 0.8)), max(1, room // 12), cv2.LINE_AA)


def _camera(picture: Light, line_px: int, rng: np.random.Generator) -> Light:
    """Viewpoint, focus and sensor."""
    height, width = picture.shape
    if rng.random() < 0.6:
        angle = math.radians(rng.normal(0, 3.0))
        depth = rng.uniform(-0.12, 0.12) * line_px
        corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
        middle = corners.mean(axis=0)
        turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]], np.float32)
        turned = (corners - middle) @ turn.T
        turned[[0, 3], 1] *= 1 + depth / max(height, line_px)
        low, high = turned.min(axis=0), turned.max(axis=0)
        size = np.ceil(high - low).astype(int)
        matrix = cv2.getPerspectiveTransform(corners, (turned - low).astype(np.float32))
        picture = cv2.warpPerspective(
            picture, matrix, (int(size[0]), int(size[1])), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
    if rng.random() < 0.7:
        picture = cv2.GaussianBlur(picture, (0, 0), max(0.3, line_px / 28 * rng.uniform(0.1, 0.9)))
    noise = rng.uniform(0, 9) if rng.random() < 0.7 else 0.0
    if noise:
        grain = np.empty(picture.shape, np.int16)
        cv2.setRNGSeed(int(rng.integers(2**31)))
        cv2.randn(grain, 0, noise)
        picture = picture + grain
    return picture


def _developed(picture: Light, rng: np.random.Generator) -> Picture:
    """Gray levels as a file has them: clipped, sometimes thresholded, often through JPEG."""
    developed = np.clip(np.rint(picture), 0, 255).astype(np.uint8)
    if rng.random() < 0.05:
        threshold, _ = cv2.threshold(developed, 0, 255, cv2.THRESH_OTSU)
        developed = np.where(developed > threshold, 255, 0).astype(np.uint8)
    if rng.random() < 0.6:
        developed = through_jpeg(developed, quality=int(rng.integers(30, 96)))
    return developed
