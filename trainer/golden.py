"""Golden canvases: what an exported model must answer to again wherever it is loaded.

They are drawn here, from lines and arcs, so that no one's handwriting travels with a model.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

_CENTER = (14, 14)

# Per digit its strokes as polylines of (x, y) on the canvas, plain enough for every network to read.
_STROKES: dict[int, list[list[tuple[int, int]]]] = {
    0: [[(14, 4), (18, 6), (20, 11), (20, 17), (18, 22), (14, 24), (10, 22), (8, 17), (8, 11), (10, 6), (14, 4)]],
    1: [[(14, 4), (14, 24)]],
    2: [[(8, 9), (10, 5), (14, 4), (18, 5), (20, 9), (18, 13), (8, 24), (21, 24)]],
    3: [[(8, 6), (13, 4), (18, 6), (18, 11), (13, 13), (19, 16), (19, 21), (14, 24), (8, 22)]],
    4: [[(10, 4), (8, 15), (20, 15)], [(17, 8), (17, 24)]],
    5: [[(19, 4), (10, 4), (9, 12), (15, 12), (19, 16), (18, 22), (13, 24), (8, 22)]],
    6: [[(17, 4), (11, 9), (8, 17), (10, 23), (15, 24), (19, 20), (17, 15), (12, 15), (9, 19)]],
    7: [[(8, 5), (20, 5), (12, 24)]],
    8: [[(14, 13), (9, 9), (11, 5), (17, 5), (19, 9), (14, 13), (9, 18), (11, 23), (17, 23), (19, 18), (14, 13)]],
    9: [[(18, 11), (13, 13), (9, 10), (11, 5), (16, 4), (18, 8), (18, 11), (17, 18), (14, 24)]],
}


def draw_digit(digit: int, *, stroke_px: int) -> NDArray[np.uint8]:
    """One digit in straight strokes: uint8 (28, 28, 1), paper 0 and ink 255."""
    canvas = np.zeros((28, 28), dtype=np.uint8)
    for stroke in _STROKES[digit]:
        cv2.polylines(canvas, [np.array(stroke, dtype=np.int32)], False, 255, stroke_px, cv2.LINE_8)
    return canvas[..., np.newaxis]


def golden_canvases() -> NDArray[np.uint8]:
    """Each digit with a thin and a thick pen, then blank, full, a frame, a disc and a gray ramp.

    The last five are no digits; they reach parts of a network that clean strokes leave at rest.

    Returns:
        uint8 (25, 28, 28, 1), paper 0 and ink 255.
    """
    digits = [draw_digit(digit, stroke_px=stroke_px) for stroke_px in (2, 3) for digit in range(10)]
    blank = np.zeros((28, 28, 1), dtype=np.uint8)
    full = np.full_like(blank, 255)
    frame = blank.copy()
    cv2.rectangle(frame, (4, 4), (23, 23), 255, 2)
    disc = blank.copy()
    cv2.circle(disc, _CENTER, 9, 255, -1)
    ramp = np.broadcast_to((np.arange(28, dtype=np.uint8) * 9)[:, np.newaxis, np.newaxis], (28, 28, 1))
    return np.stack([*digits, blank, full, frame, disc, ramp])
