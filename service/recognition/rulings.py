"""Printed lines in a picture of a number: the rule it stands on, the frame around it, the walls between its cells.

In a number of several digits no stroke is level for half the picture, so what is, was printed. Upright strokes are many
(every 1 is one); only those that join a printed line above to one below are walls.
"""

import numpy as np
from numpy.typing import NDArray
import cv2

from service.recognition.lines import Mask, _level_strokes, _without_crossings, printed_lines, widened

SQUARE = 1.5  # pictures narrower than this many heights may hold a single digit
WALL_SHARE = 0.85  # of the space between two rules that a wall takes up at least


def ruled_lines(strokes: Mask, *, least_share: float) -> Mask:
    """Find the pixels of printed lines, but for those where a stroke of a digit crosses them.

    Args:
        strokes: uint8 (height, width), 1 where there is ink.
        least_share: of a piece that hangs together, which a line is at least, where the picture may hold a single digit.

    Returns:
        uint8 (height, width), 1 on and next to printed lines.
    """
    height, width = strokes.shape
    if width < SQUARE * height:
        return printed_lines(strokes, least_share=least_share)
    rules = _level_strokes(strokes)
    if not rules.any():
        return rules
    walls = _walls(strokes, rules)
    cleared = _without_crossings(strokes, rules)
    if walls.any():
        transposed = np.ascontiguousarray(strokes.T), np.ascontiguousarray(walls.T)
        cleared |= _without_crossings(*transposed).T
    return cleared


def _walls(strokes: Mask, rules: Mask) -> Mask:
    """Straight upright strokes from a rule above to a rule below."""
    rows = np.flatnonzero(rules.any(axis=1))
    upper, lower = int(rows[0]), int(rows[-1])
    space = lower - upper
    if space < 0.3 * strokes.shape[0]:
        return np.zeros_like(strokes)
    length = max(3, round(WALL_SHARE * space))
    slack = max(1, round(0.02 * length))
    wide = cv2.dilate(strokes, np.ones((1, 2 * slack + 1), np.uint8))
    walls: Mask = cv2.morphologyEx(wide, cv2.MORPH_OPEN, np.ones((length, 1), np.uint8)) & strokes
    return walls
