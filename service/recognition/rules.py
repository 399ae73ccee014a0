"""Straight, nearly level lines in a picture, as printing presses and rulers draw them.

A rule may lie tilted, as in a photograph, may be dotted, and digits may stand on it or cross it. Ink that is level for
a while votes for the straight lines through it; a line with enough votes is a rule if the ink along it is unbroken and
as thick nearly everywhere, or if it is a regular row of dots.

Source: Duda and Hart 1972, "Use of the Hough transformation to detect lines and curves in pictures".
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from service.recognition.lines import Mask

MAX_TILT = math.radians(12)
LEVEL_RUN = 0.25  # of the picture's height; ink that is level for less does not vote
MAX_LEVEL_RUN_PX = 18  # for which a fine line is level at the largest tilt
BRIDGED_GAP = 0.1  # of the picture's height; dots nearer to each other vote together
MAX_VOTERS = 3000  # pixels; more of them find the same lines later
MAX_LINES = 100  # with most votes that are looked at, and of these
MAX_CANDIDATES = 12  # are looked at closely
COVERED = 0.8  # of a rule's least length that has ink in a candidate
EVEN_SHARE = 0.55  # of a rule's length along which it is as thick as usual; elsewhere strokes cross it
UNBROKEN = 0.92  # of its length along which it has ink
NUM_DOTS = 11  # in a row that make a dotted rule
EVEN_DOTS = 0.7  # of the dots' columns in which they are as high as usual
REGULAR = 0.6  # of the dots that follow in the usual distance


@dataclass(frozen=True, slots=True)
class Rule:
    """A straight and nearly level line, y = offset + slope * x, from x = start to before end, in pixels."""

    start: int
    end: int
    slope: float
    offset: float
    thickness: float

    def y(self, x: float) -> float:
        """Where it is at a column."""
        return self.offset + self.slope * x


def find_rules(strokes: Mask, *, length: float, thickest: int) -> list[Rule]:
    """Straight and nearly level lines, those that are likeliest to be printed first.

    Args:
        strokes: uint8 (height, width), 1 where there is ink.
        length: of a line at least, in pixels.
        thickest: that one is, in pixels.
    """
    height, width = strokes.shape
    thin = strokes & ~cv2.morphologyEx(strokes, cv2.MORPH_OPEN, np.ones((thickest + 1, 1), np.uint8))
    level = cv2.dilate(thin, np.ones((3, 1), np.uint8))
    gap, run = max(3, round(BRIDGED_GAP * height)), min(MAX_LEVEL_RUN_PX, max(6, round(LEVEL_RUN * height)))
    level = cv2.morphologyEx(level, cv2.MORPH_CLOSE, np.ones((1, gap), np.uint8))
    level = cv2.morphologyEx(level, cv2.MORPH_OPEN, np.ones((1, run), np.uint8))
    if np.count_nonzero(level.any(axis=0)) < COVERED * length:
        return []
    rules: list[Rule] = []
    for slope, offset in _candidates(level, thin, length):
        if any(abs(rule.y(width / 2) - offset - slope * width / 2) <= max(3.0, 1.2 * rule.thickness) for rule in rules):
            continue
        found = _rule_near(strokes, thin, slope, offset, length=length, thickest=thickest)
        if found and all(abs(rule.y(width / 2) - found.y(width / 2)) > max(2.0, rule.thickness) for rule in rules):
            rules.append(found)
    return rules


def _candidates(level: Mask, thin: Mask, length: float) -> list[tuple[float, float]]:
    """Slope and offset of the lines that most ink votes for, those with most votes first."""
    height, width = thin.shape
    voters = level & thin
    step = max(1, math.ceil(cv2.countNonZero(voters) / MAX_VOTERS))
    if step > 1:
        every = np.zeros_like(voters)
        every[:, ::step] = voters[:, ::step]
        voters = every
    angle = max(2.0 / width, 0.002)  # between neighbors, which are then two pixels apart at the far end
    least = max(3, int(0.45 * length / step))
    votes = cv2.HoughLines(voters, 1.0, angle, least, None, 0, 0, math.pi / 2 - MAX_TILT, math.pi / 2 + MAX_TILT)
    if votes is None:
        return []
    rho, theta = votes[:MAX_LINES, 0, :2].T.astype(np.float64)
    at_left, rise = rho / np.sin(theta), -width / np.tan(theta)
    columns = np.arange(0, width, max(1, width // 200))
    rows = np.rint(at_left[:, np.newaxis] + rise[:, np.newaxis] * columns / width).astype(np.int64)
    is_inside = (rows >= 0) & (rows < height)
    has_ink = np.where(is_inside, level[rows.clip(0, height - 1), columns], 0).astype(bool)
    num_columns = COVERED * length * len(columns) / width
    gap = math.ceil(BRIDGED_GAP * height * len(columns) / width)
    at_right = at_left + rise
    distinct: list[tuple[float, float]] = []
    for index in np.flatnonzero(has_ink.sum(axis=1) >= num_columns):
        left, right = float(at_left[index]), float(at_right[index])
        if any(abs(left - first) + abs(right - last) <= 6 for first, last in distinct):
            continue
        start, end = _longest(*_runs(has_ink[index]), gap=gap)
        if end - start >= num_columns:
            distinct.append((left, right))
        if len(distinct) == MAX_CANDIDATES:
            break
    return [((right - left) / width, left) for left, right in distinct]


def _rule_near(strokes: Mask, thin: Mask, slope: float, offset: float, *, length: float, thickest: int) -> Rule | None:
    """The rule along a candidate; None where the ink along it was written and not printed."""
    reach = thickest + 2
    fit = _fit_to_ink(thin, slope, offset, reach=reach, least=0.6 * length)
    if fit is None:
        return None
    slope, offset = fit
    has_ink, above, below = _ink_along(strokes, slope, offset, reach=reach, aside=1)
    thickness_at, aside = above + below, np.abs(above - below) / 2
    is_thin = has_ink & (thickness_at <= thickest)
    if not is_thin.any():
        return None
    thickness = float(np.median(thickness_at[is_thin]))
    is_even = has_ink & (np.abs(thickness_at - thickness) <= max(1.0, 0.3 * thickness))
    is_even &= aside <= max(1.0, 0.25 * thickness)
    starts, ends = _runs(has_ink)
    start, end = _longest(starts, ends, gap=max(2, round(0.5 * thickness) + 1))
    is_unbroken = has_ink[start:end].mean() >= UNBROKEN and is_even[start:end].mean() >= EVEN_SHARE
    if end - start >= length and is_unbroken:
        return Rule(start, end, slope, offset, thickness)
    start, end = _longest(starts, ends, gap=max(3, round(3 * thickness)))
    is_dotted = is_even[start:end].sum() >= EVEN_DOTS * has_ink[start:end].sum()
    is_dotted = is_dotted and _is_regular(starts[(starts >= start) & (starts < end)], thickness)
    return Rule(start, end, slope, offset, thickness) if end - start >= length and is_dotted else None


def _fit_to_ink(thin: Mask, slope: float, offset: float, *, reach: int, least: float) -> tuple[float, float] | None:
    """Slope and offset of the straight line along the middle of the thin ink that a candidate runs through."""
    for limit in (3.0, 1.0):  # strokes that touch the rule pull at the first fit
        has_ink, above, below = _ink_along(thin, slope, offset, reach=reach, aside=2)
        middles = (below - above) / 2
        usual = float(np.median(middles[has_ink])) if has_ink.any() else 0.0
        x = np.flatnonzero(has_ink & (np.abs(middles - usual) <= limit))
        if len(x) < max(8.0, 0.5 * least):
            return None
        y = offset + slope * x + middles[x]
        away = x - x.mean()
        slope = float((away * y).sum() / max(1e-9, float((away * away).sum())))
        offset = float(y.mean() - slope * x.mean())
    return (slope, offset) if np.count_nonzero(has_ink) >= least else None


def _ink_along(
    mask: Mask, slope: float, offset: float, *, reach: int, aside: int
) -> tuple[NDArray[np.bool_], NDArray[np.float64], NDArray[np.float64]]:
    """What a nearly level line runs through, column by column.

    Args:
        mask: uint8 (height, width).
        slope: of the line.
        offset: of the line, at x = 0.
        reach: how far above and below the line is looked, in pixels.
        aside: how far from the line ink may begin to be ink that it runs through, in pixels.

    Returns:
        Three arrays (width,): whether there is ink; how far it goes above the line and how far below it, in pixels, to
        the edges of its first and last row. Without ink both are 0.
    """
    height, width = mask.shape
    columns = np.arange(width)
    line = offset + slope * columns
    middle_rows = np.rint(line).astype(np.int64)
    rows = middle_rows + np.arange(-reach, reach + 1)[:, np.newaxis]
    is_inside = (rows >= 0) & (rows < height)
    ink = np.where(is_inside, mask[rows.clip(0, height - 1), columns], 0).astype(bool)
    nearest = reach + np.array(sorted(range(-aside, aside + 1), key=abs))
    hits = ink[nearest]
    has_ink: NDArray[np.bool_] = hits.any(axis=0)
    at = nearest[hits.argmax(axis=0)]
    indices = np.arange(2 * reach + 1)[:, np.newaxis]
    gap_above = np.maximum.accumulate(np.where(ink, -1, indices), axis=0)[at, columns]
    gap_below = np.minimum.accumulate(np.where(ink, 2 * reach + 1, indices)[::-1], axis=0)[::-1][at, columns]
    rounding = line - middle_rows
    above = np.where(has_ink, reach - gap_above - 0.5 + rounding, 0.0)
    below = np.where(has_ink, gap_below - reach - 0.5 - rounding, 0.0)
    return has_ink, above, below


def _runs(has_ink: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where runs of ink start, and where they have ended."""
    edges = np.diff(np.concatenate([[False], has_ink, [False]]).astype(np.int8))
    return np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)


def _longest(starts: NDArray[np.int64], ends: NDArray[np.int64], *, gap: int) -> tuple[int, int]:
    """Start and end of the longest run once gaps of at most `gap` pixels are closed."""
    is_wide = starts[1:] - ends[:-1] > gap
    starts, ends = starts[np.concatenate([[True], is_wide])], ends[np.concatenate([is_wide, [True]])]
    longest = int((ends - starts).argmax())
    return int(starts[longest]), int(ends[longest])


def _is_regular(starts: NDArray[np.int64], thickness: float) -> bool:
    """Whether dots, by where they start, follow each other closely and in equal distances, as no digits do."""
    if len(starts) < NUM_DOTS:
        return False
    distances = np.diff(starts)
    usual = float(np.median(distances))
    is_usual = np.abs(distances - usual) <= max(1.0, 0.2 * usual)
    return bool(usual <= max(5.0, 6 * thickness) and is_usual.mean() >= REGULAR)
