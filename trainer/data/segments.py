"""Digits traced over the guides of a form: angular, tall, with open corners.

Forms that are read by machines print the seven segments of a display into their boxes, and ask that the digit be drawn
along them. To a network that knows handwriting alone, such a digit is a piece of a box.
"""

from itertools import pairwise

import numpy as np

from trainer.data.marks import INK_PX, Ink, draw_curve, draw_line, pen_px

_HEIGHT_PX = 60.0  # three times the 20 px that digits are scaled to
_WIDTH_SHARES = (0.42, 0.8)  # of the height
# The six corners of a display, and the ways along them; a digit has one or more ways, a way one or more strokes.
_CORNERS = {"a": (-0.5, -0.5), "b": (0.5, -0.5), "c": (-0.5, 0.0), "d": (0.5, 0.0), "e": (-0.5, 0.5), "f": (0.5, 0.5)}
_WAYS: tuple[tuple[tuple[str, ...], ...], ...] = (
    (("abfea",), ("bacefdb",)),
    (("bf",), ("bdf",)),
    (("abdcef",),),
    (("abfe", "cd"), ("abdc", "dfe")),
    (("acd", "bf"), ("acdb", "df")),
    (("bacdfe",), ("acdfe", "ab")),
    (("bacefdc",), ("acefdc",)),
    (("abf",), ("cabf",), ("abdf",)),
    (("abfea", "cd"), ("abdc", "cefdca")),
    (("dcabfe",), ("dcabf",)),
)
_GAP_CHANCE = 0.35  # of a digit whose segments are drawn one by one, not quite meeting
_ROUND_CHANCE = 0.3  # of one whose corners are cut


def draw_segment_digit(digit: int, rng: np.random.Generator) -> Ink:
    """A digit along the segments of a display, with one pen, 0 to 9."""
    ways = _WAYS[digit]
    way = ways[int(rng.integers(len(ways)))]
    width_px = _HEIGHT_PX * rng.uniform(*_WIDTH_SHARES)
    slant = rng.normal(0, 0.08)
    corners = {}
    for name, at in _CORNERS.items():
        x, y = (np.array(at) + rng.normal(0, 0.035, 2)) * (width_px, _HEIGHT_PX)
        corners[name] = np.array([x - slant * y, y]) + INK_PX / 2
    shortening = rng.uniform(0.04, 0.28) if rng.random() < _GAP_CHANCE else 0.0
    rounding = rng.uniform(0.05, 0.3) if rng.random() < _ROUND_CHANCE else 0.0
    ink, pen = np.zeros((INK_PX, INK_PX), np.uint8), pen_px(rng)
    for stroke in way:
        points = np.array([corners[name] for name in stroke])
        # Pens start and stop a little early or late.
        points[0] += (points[1] - points[0]) * rng.normal(0, 0.06)
        points[-1] += (points[-2] - points[-1]) * rng.normal(0, 0.06)
        for index, (start, end) in enumerate(pairwise(points)):
            is_last = index == len(points) - 2
            early, late = (rounding if index else 0.0) + shortening, (0.0 if is_last else rounding) + shortening
            ends = np.array([start + (end - start) * early, end + (start - end) * late])
            draw_line(ink, draw_curve(ends, ends.mean(axis=0) + rng.normal(0, 1.2, 2)), pen)
            if rounding and not is_last:
                after = points[index + 2]
                turn = np.array([ends[1], end + (after - end) * (rounding + shortening)])
                draw_line(ink, draw_curve(turn, end), pen)
    return ink
