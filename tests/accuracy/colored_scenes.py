"""Handwriting that luminance alone does not show, or not alone: scenes in color.

A scene takes the ink of a digit or a number, float32 (height, width), 0 to 1, cropped to it, and a generator of chance;
it gives a photograph, uint8 (height, width, 3).
"""

import colorsys

import cv2
import numpy as np

from tests.accuracy.scenes import photographed, with_margin

WHITE = np.array((242.0, 240.0, 235.0))
BLACK, NAVY, BLUE, RED = ((35, 35, 38), (35, 40, 90), (45, 65, 165), (200, 45, 50))
FONT = cv2.FONT_HERSHEY_SIMPLEX
_LUMINANCE = np.array((0.299, 0.587, 0.114))
_WORDS = ("Date of birth", "Account No.", "Total amount", "Meter reading", "Postcode")


def as_bright_as_its_paper(ink: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Colored paper and a pen of another color, whose luminances differ by 8 of 255 at most."""
    paper, pen = _equally_bright(rng)
    drawn = with_margin(ink, 0.6)[..., None]
    return photographed(paper * (1.0 - drawn) + pen * drawn, rng)


def in_colored_cells(ink: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A row of cells printed in a strong color, their lines through the ink; a dark pen."""
    hue = float(rng.uniform(-0.12, 0.6)) % 1.0  # pink to sky blue
    printed = np.array(colorsys.hsv_to_rgb(hue, rng.uniform(0.55, 0.75), rng.uniform(0.8, 0.95))) * 255.0
    height, width = ink.shape
    margin = round(0.6 * height)
    drawn = with_margin(ink, 0.6)
    lines = np.zeros(drawn.shape, np.uint8)
    line_px, pitch = int(rng.integers(2, 5)), round(rng.uniform(0.55, 0.8) * height)
    top, bottom = margin - 3, margin + height + 2
    for left in range(margin - int(rng.integers(4, pitch)), margin + width + pitch, pitch):
        cv2.rectangle(lines, (left, top), (left + pitch, bottom), 255, line_px)
    page = _under(np.broadcast_to(WHITE, (*drawn.shape, 3)), lines / 255.0, printed)
    return photographed(_under(page, drawn, np.array(NAVY if rng.random() < 0.5 else BLACK)), rng)


def on_a_form(ink: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Black print all around, a word close to the number and a frame; a blue or a red pen."""
    height, width = ink.shape
    drawn = np.pad(ink, ((height, height), (2 * height, height)))
    size = height / 55.0
    words = [str(word) for word in rng.choice(_WORDS, 3, replace=False)]
    places = ((6, round(0.5 * height)), (6, round(1.7 * height)), (2 * height, round(2.8 * height)))
    lines = np.zeros(drawn.shape, np.uint8)
    for word, place, share in zip((words[0], "No.", words[2]), places, (0.9, 1.0, 0.6), strict=True):
        cv2.putText(lines, word, place, FONT, share * size, 255, max(1, round(2 * size)), cv2.LINE_AA)
    inset = round(0.14 * height)
    corner = (2 * height + width + inset, 2 * height + inset)
    cv2.rectangle(lines, (2 * height - inset, height - inset), corner, 255, max(1, round(2 * size)))
    page = _under(np.broadcast_to(WHITE, (*drawn.shape, 3)), lines / 255.0, np.array(BLACK))
    return photographed(_under(page, drawn, np.array(BLUE if rng.random() < 0.7 else RED)), rng)


def _equally_bright(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    while True:
        paper, pen = rng.uniform(40, 250, (2, 3))
        bright, other = paper @ _LUMINANCE, pen @ _LUMINANCE
        # The differences of blue and red from luminance are what color is beside it.
        apart = np.hypot(*(((paper - bright) - (pen - other))[[0, 2]] * (0.713, 0.564)))
        if 90 <= bright <= 200 and abs(bright - other) <= 8 and apart >= 55:
            return paper, pen


def _under(page: np.ndarray, ink: np.ndarray, color: np.ndarray) -> np.ndarray:
    """The page with ink on it, which only darkens."""
    return np.minimum(page, page * (1.0 - ink[..., None]) + color * ink[..., None])
