"""Numbers that the tests write themselves, on paper of their own."""

import math

import cv2
import numpy as np

PAPER, PEN = 235, 40
FONT = cv2.FONT_HERSHEY_SIMPLEX


def number(text: str, *, height: int = 40, thickness: int | None = None, gap: float = 0.25) -> np.ndarray:
    """The ink of a number: uint8, paper 0 and ink 255, cropped to it; `height` high.

    Args:
        text: digits, and marks that the font knows.
        height: of the digits, in pixels.
        thickness: of the pen, in pixels.
        gap: between digits, in heights.
    """
    scale = 4  # drawn larger, as the font's thickness is in whole pixels
    pen = scale * (thickness or max(1, height // 10))
    size = cv2.getFontScaleFromHeight(FONT, scale * height - pen, pen)
    digits = []
    for symbol in text:
        (width, above), below = cv2.getTextSize(symbol, FONT, size, pen)
        sprite = np.zeros((above + below + 2 * pen, width + 2 * pen), np.uint8)
        cv2.putText(sprite, symbol, (pen, above + pen), FONT, size, 255, pen, cv2.LINE_AA)
        x, _, ink_width, _ = cv2.boundingRect(sprite)
        digits.append(np.pad(sprite[:, x : x + ink_width], ((0, 0), (0, round(gap * scale * height)))))
    rows = max(sprite.shape[0] for sprite in digits)
    line = np.hstack([np.pad(sprite, ((0, rows - sprite.shape[0]), (0, 0))) for sprite in digits])
    x, y, width, ink_height = cv2.boundingRect(line)
    factor = height / ink_height
    size_px = max(1, round(width * factor)), height
    return cv2.resize(line[y : y + ink_height, x : x + width], size_px, interpolation=cv2.INTER_AREA)


def on_paper(ink: np.ndarray, *, margin: int | tuple[int, int, int, int] = 20, pen: int = PEN) -> np.ndarray:
    """Ink on plain paper with margins (top, bottom, left, right); dark on light."""
    margins = (margin,) * 4 if isinstance(margin, int) else margin
    share = cv2.copyMakeBorder(ink, *margins, cv2.BORDER_CONSTANT, value=0) / 255.0
    return np.rint(PAPER - (PAPER - pen) * share).astype(np.uint8)


def turned(picture: np.ndarray, degrees: float) -> tuple[np.ndarray, np.ndarray]:
    """The picture turned clockwise about its middle on more paper, and the matrix (2, 3) that turns its points."""
    height, width = picture.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), -degrees, 1.0)
    cos, sin = abs(math.cos(math.radians(degrees))), abs(math.sin(math.radians(degrees)))
    new_width, new_height = math.ceil(width * cos + height * sin), math.ceil(height * cos + width * sin)
    matrix[:, 2] += (new_width - width) / 2, (new_height - height) / 2
    paper = cv2.warpAffine(picture, matrix, (new_width, new_height), borderValue=PAPER)
    return paper, matrix


def ink_in_picture(line_image: np.ndarray, to_picture: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The ink that was found, laid back where it stood in the picture: bool (height, width)."""
    return cv2.warpAffine(line_image, to_picture, shape[::-1], flags=cv2.INTER_LINEAR) >= 64


def shares(found: np.ndarray, written: np.ndarray) -> tuple[float, float]:
    """How much of what was written was found, and how much of what was found was written, but for a pixel's rim.

    Args:
        found: bool (height, width).
        written: bool (height, width).
    """
    rim = np.ones((3, 3), np.uint8)
    near_found, near_written = (cv2.dilate(mask.astype(np.uint8), rim) > 0 for mask in (found, written))
    return float(near_found[written].mean()), float(near_written[found].mean()) if found.any() else 0.0
