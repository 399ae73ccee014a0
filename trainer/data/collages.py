"""What becomes of digits that are no longer one digit: crossed out, cut, mirrored, turned, side by side."""

import cv2
import numpy as np

from trainer.data.digits import Digits
from trainer.data.marks import INK_PX, Ink, draw_curve, draw_line

_BOX_PX = 60
# Cut or turned, some digits are others: the right half of an 8 is a 3, a 6 on its head is a 9. These are not.
_LEFT_HALVES = (2, 3, 4, 5, 7, 8, 9)
_RIGHT_HALVES = (2, 5, 6)
_UPPER_HALVES = (2, 3, 5)
_MIRRORED = (3, 4, 6, 7, 9)
_ON_THE_SIDE = (3, 4, 7)
_ON_THE_HEAD = (3, 4, 7)


def enlarged(canvas: np.ndarray) -> Ink:
    """A digit canvas uint8 (28, 28, 1) three times as large."""
    return cv2.resize(canvas[..., 0], (INK_PX, INK_PX), interpolation=cv2.INTER_CUBIC)


def crossed_out(canvas: np.ndarray, rng: np.random.Generator) -> Ink:
    """A digit that its writer took back, with one to four strokes or a scribble."""
    ink = enlarged(canvas)
    x, y, width, height = cv2.boundingRect(ink)
    low, high = np.array([x, y]) - 5.0, np.array([x + width, y + height]) + 5.0
    pen = int(rng.integers(4, 11))
    kind = rng.choice(["x", "slashes", "scribble"])
    if kind == "x":
        strokes = [np.array([low, high]), np.array([[low[0], high[1]], [high[0], low[1]]])]
    elif kind == "slashes":
        # A stroke across an upright digit, more than the bar of a crossed 7 or a slashed 0: two or more.
        offsets = np.linspace(0.15, 0.85, int(rng.integers(2, 5))) + rng.normal(0, 0.04)
        rise = rng.uniform(-0.3, 0.3)
        size = high - low
        strokes = [np.array([low + size * (0, at - rise), low + size * (1, at + rise)]) for at in offsets]
    else:
        corners = rng.uniform(low, high, (int(rng.integers(6, 14)), 2))
        strokes = [corners[index : index + 2] for index in range(len(corners) - 1)]
    for ends in strokes:
        shaken = np.clip(ends + rng.normal(0, 3, (2, 2)), 2, INK_PX - 3)
        draw_line(ink, draw_curve(shaken, shaken.mean(axis=0) + rng.normal(0, 3, 2)), pen)
    return ink


def cut_or_turned(digits: Digits, rng: np.random.Generator) -> Ink:
    """A half of a digit, a mirrored one, or one on its side or its head, that no longer is any digit."""
    kind = rng.choice(["left", "right", "upper", "mirrored", "side", "head"], p=[0.2, 0.1, 0.1, 0.25, 0.25, 0.1])
    wanted = {
        "left": _LEFT_HALVES,
        "right": _RIGHT_HALVES,
        "upper": _UPPER_HALVES,
        "mirrored": _MIRRORED,
        "side": _ON_THE_SIDE,
        "head": _ON_THE_HEAD,
    }[str(kind)]
    ink = enlarged(_draw(digits, rng, wanted))
    if kind == "mirrored":
        return np.ascontiguousarray(ink[:, ::-1])
    if kind in ("side", "head"):
        return np.ascontiguousarray(np.rot90(ink, 2 if kind == "head" else int(rng.choice([1, 3]))))
    x, y, width, height = cv2.boundingRect(ink)
    if kind == "left":
        ink[:, x + round(width * rng.uniform(0.4, 0.55)) :] = 0
    elif kind == "right":
        ink[:, : x + round(width * rng.uniform(0.45, 0.6))] = 0
    else:
        ink[y + round(height * rng.uniform(0.4, 0.55)) :] = 0
    return ink


def several(digits: Digits, rng: np.random.Generator) -> Ink:
    """Two or three digits, sometimes four: apart, touching, run into each other, now and then in two lines."""
    num_digits = int(rng.choice([2, 3, 4], p=[0.75, 0.2, 0.05]))
    crops = [_crop(digits.canvases[int(rng.integers(len(digits)))]) for _ in range(num_digits)]
    height_px = 20
    spread = rng.choice(["touching", "near", "wide"], p=[0.35, 0.45, 0.2])
    stacked = num_digits < 4 and rng.random() < 0.08
    page = np.zeros((height_px * 8, 28 * 16), np.uint8)
    x, y = 4, 8
    for crop in crops:
        scale = rng.uniform(0.85, 1.15)
        height, width = crop.shape
        piece = cv2.resize(crop, (max(1, round(width * scale)), max(1, round(height * scale))))
        height, width = piece.shape
        top = y if stacked else max(0, y + round((height_px - height) / 2 + rng.normal(0, 1.2)))
        part = page[top : top + height, x : x + width]
        np.maximum(part, piece, out=part)
        gap = {"touching": rng.uniform(-3, 0.5), "near": rng.uniform(0.5, 7), "wide": rng.uniform(7, 28)}[str(spread)]
        if stacked:
            y += height + max(1, round(gap))
        else:
            x += max(2, width + round(gap))
    return _fitted(page)


def _draw(digits: Digits, rng: np.random.Generator, wanted: tuple[int, ...]) -> np.ndarray:
    while True:
        row = int(rng.integers(len(digits)))
        if digits.labels[row] in wanted:
            return digits.canvases[row]


def _crop(canvas: np.ndarray) -> np.ndarray:
    image = canvas[..., 0]
    x, y, width, height = cv2.boundingRect(image)
    return image[y : y + height, x : x + width]


def _fitted(page: np.ndarray) -> Ink:
    """What stands on a page, its longer side 60 px, in the middle."""
    crop = _crop(page[..., np.newaxis])
    height, width = crop.shape
    scale = _BOX_PX / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    fitted = cv2.resize(crop, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    ink = np.zeros((INK_PX, INK_PX), np.uint8)
    top, left = (INK_PX - fitted.shape[0]) // 2, (INK_PX - fitted.shape[1]) // 2
    ink[top : top + fitted.shape[0], left : left + fitted.shape[1]] = fitted
    return ink
