"""Marks that are no digit, drawn here: strokes, waves, rules, crosses, ticks, corners, scribbles, smudges.

What a network learns from them is what they have in common and digits have not. So they are drawn broadly rather
than well, and kept away from shapes that a person could read as a digit: no lone upright, no lone ring.
"""

from collections.abc import Callable
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

Ink: TypeAlias = NDArray[np.uint8]
"""uint8 (84, 84), paper 0 and ink 255: a digit canvas three times as large."""

Points: TypeAlias = NDArray[np.float64]
"""float64 (n, 2), x before y, in pixels of an `Ink`."""

INK_PX = 84
_BOX_PX = 60.0  # three times the 20 px that digits are scaled to
_MIDDLE = np.array([INK_PX / 2, INK_PX / 2])
_SUBPIXEL_BITS = 4


def draw_mark(rng: np.random.Generator) -> Ink:
    """One mark of a kind drawn by chance."""
    names, weights = zip(*((kind, weight) for kind, (_, weight) in _KINDS.items()), strict=True)
    share = np.array(weights, dtype=np.float64)
    return draw_mark_of(names[int(rng.choice(len(names), p=share / share.sum()))], rng)


def draw_mark_of(kind: str, rng: np.random.Generator) -> Ink:
    """One mark of this kind, a key of `MARK_KINDS`."""
    draw, _ = _KINDS[kind]
    return draw(rng)


def pen_px(rng: np.random.Generator) -> int:
    """Thickness of a stroke: 1 to 5 px on the canvas, mostly 2 to 3 as MNIST's."""
    return round(3 * float(np.clip(rng.normal(2.4, 0.8), 0.9, 5.0)))


def draw_line(ink: Ink, points: Points, thickness_px: int) -> None:
    """Draw through the points into `ink`, smooth-edged."""
    fixed = np.rint(points * (1 << _SUBPIXEL_BITS)).astype(np.int32)
    cv2.polylines(ink, [fixed], False, 255, thickness_px, cv2.LINE_AA, _SUBPIXEL_BITS)


def draw_curve(ends: Points, bend: Points) -> Points:
    """Points along a quadratic Bezier curve: `ends` (2, 2) with the control point `bend` (2,)."""
    t = np.linspace(0, 1, 16)[:, np.newaxis]
    return (1 - t) ** 2 * ends[0] + 2 * t * (1 - t) * bend + t**2 * ends[1]


def _empty() -> Ink:
    return np.zeros((INK_PX, INK_PX), np.uint8)


def _turned(points: Points, angle: float) -> Points:
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return (points - _MIDDLE) @ turn.T + _MIDDLE


def _placed(unit: Points, rng: np.random.Generator, *, tilt: float) -> Points:
    """Points of a square -0.5..0.5 in the box of a digit, with its own proportions and slant."""
    aspect = np.exp(rng.uniform(-0.5, 0.5))
    size = np.array([min(1.0, aspect), min(1.0, 1 / aspect)]) * _BOX_PX
    shaken = unit + rng.normal(0, 0.03, unit.shape)
    return _turned(shaken * size + _MIDDLE, rng.uniform(-tilt, tilt))


def _character(rng: np.random.Generator) -> Ink:
    """Three to six strokes between the nodes of a loose grid, as the characters of many scripts."""
    ink, pen = _empty(), pen_px(rng)
    num_strokes = int(rng.integers(3, 7))
    nodes = rng.permutation(9)[: num_strokes + 2]
    points = _placed(np.stack([nodes % 3 - 1.0, nodes // 3 - 1.0], axis=1) / 2, rng, tilt=0.3)
    before = 0
    for _ in range(num_strokes):
        # A pen mostly goes on from where it was, or from a node that it has passed.
        start = before if rng.random() < 0.5 else int(rng.integers(len(points)))
        end = int((start + rng.integers(1, len(points))) % len(points))
        ends = points[[start, end]]
        bend = ends.mean(axis=0) + rng.normal(0, 14 if rng.random() < 0.5 else 2, 2)
        draw_line(ink, draw_curve(ends, bend), pen)
        before = end
    if rng.random() < 0.2:
        radius = int(rng.integers(6, 14))
        center = tuple(int(value) for value in points[int(rng.integers(len(points)))])
        cv2.circle(ink, center, radius, 255, pen, cv2.LINE_AA)
    return ink


def _wave(rng: np.random.Generator) -> Ink:
    """Two to five humps, round or pointed: w, m, a snake, a signature."""
    ink = _empty()
    num_turns = int(rng.integers(3, 9))
    xs = np.linspace(-0.5, 0.5, num_turns)
    heights = rng.uniform(0.25, 0.5, num_turns) * np.where(np.arange(num_turns) % 2, 1, -1) * rng.choice([-1, 1])
    if rng.random() < 0.5:
        fine = np.linspace(-0.5, 0.5, 60)
        heights, xs = np.interp(fine, xs, heights), fine
        heights = np.convolve(np.pad(heights, 4, mode="edge"), np.full(9, 1 / 9), mode="valid")
    unit = np.stack([xs, heights * rng.uniform(0.3, 1.0)], axis=1)
    points = unit * _BOX_PX + _MIDDLE + rng.normal(0, 1, unit.shape) * (len(unit) < 20)
    draw_line(ink, _turned(points, rng.uniform(-0.4, 0.4)), pen_px(rng))
    return ink


def _bars(ink: Ink, rows: list[tuple[float, float, float, float]], rng: np.random.Generator, *, tilt: float) -> Ink:
    """Draw straight bars (x, y, x, y) of the square -0.5..0.5, with one pen and one tilt."""
    pen = pen_px(rng)
    ends = np.array(rows).reshape(-1, 2)
    placed = _placed(ends, rng, tilt=tilt).reshape(-1, 2, 2)
    for bar in placed:
        draw_line(ink, draw_curve(bar, bar.mean(axis=0) + rng.normal(0, 1.5, 2)), pen)
    return ink


def _rule(rng: np.random.Generator) -> Ink:
    """A level line, two, or three: a page's rule, a dash, an equals sign."""
    num_lines = int(rng.choice([1, 1, 1, 2, 3]))
    gap = rng.uniform(0.15, 0.3)
    rows = [(-0.5, gap * index, 0.5, gap * index) for index in range(num_lines)]
    angle = rng.uniform(-0.45, 0.45)
    ends = _turned(np.array(rows).reshape(-1, 2) * _BOX_PX + _MIDDLE, angle)
    ink, pen = _empty(), pen_px(rng)
    for line in ends.reshape(-1, 2, 2):
        draw_line(ink, line, pen)
    return ink


def _cross(rng: np.random.Generator) -> Ink:
    """An X that fills an unused box, a plus, a star, a hash."""
    rows = {
        "x": [(-0.5, -0.5, 0.5, 0.5), (-0.5, 0.5, 0.5, -0.5)],
        "plus": [(-0.5, 0, 0.5, 0), (0, -0.5, 0, 0.5)],
        "star": [(-0.5, -0.3, 0.5, 0.3), (-0.5, 0.3, 0.5, -0.3), (0, -0.5, 0, 0.5)],
        "hash": [(-0.2, -0.5, -0.2, 0.5), (0.2, -0.5, 0.2, 0.5), (-0.5, -0.2, 0.5, -0.2), (-0.5, 0.2, 0.5, 0.2)],
    }
    return _bars(_empty(), rows[str(rng.choice(["x", "x", "plus", "star", "hash"]))], rng, tilt=0.25)


def _tick(rng: np.random.Generator) -> Ink:
    """A check mark, a V, a caret, an arrowhead."""
    apex = rng.uniform(-0.3, 0.1)
    rows = [(-0.5, rng.uniform(-0.2, 0.2), apex, 0.5), (apex, 0.5, 0.5, -0.5)]
    ink = _bars(_empty(), rows, rng, tilt=0.2)
    turns = int(rng.choice([0, 0, 0, 1]))  # on its side: an arrowhead
    return np.ascontiguousarray(np.rot90(ink, turns))


def _cell_border(rng: np.random.Generator) -> Ink:
    """Pieces of the box that a digit is written in: a corner, a T, a U, a frame with sharp corners."""
    sides = [(-0.5, -0.5, 0.5, -0.5), (0.5, -0.5, 0.5, 0.5), (0.5, 0.5, -0.5, 0.5), (-0.5, 0.5, -0.5, -0.5)]
    kind = rng.choice(["corner", "tee", "three", "frame"])
    if kind == "tee":
        x = rng.uniform(-0.3, 0.3)
        rows = [(-0.5, -0.5, 0.5, -0.5), (x, -0.5, x, 0.5)]
    else:
        num_sides = {"corner": 2, "three": 3, "frame": 4}[str(kind)]
        # Two sides from the first on would be an angular 7.
        first = int(rng.integers(1 if kind == "corner" else 0, 4))
        rows = [sides[(first + index) % 4] for index in range(num_sides)]
    ink = _bars(_empty(), rows, rng, tilt=0.08)
    return np.ascontiguousarray(np.rot90(ink, int(rng.integers(4)))) if kind == "tee" else ink


def _scribble(rng: np.random.Generator) -> Ink:
    """A pen that wanders: to and fro, or around and around."""
    ink = _empty()
    num_steps = int(rng.integers(8, 40))
    if rng.random() < 0.5:
        corners = rng.uniform(-0.5, 0.5, (num_steps, 2)) * rng.uniform(0.4, 1.0, 2)
    else:
        angles = np.cumsum(rng.uniform(0.5, 1.8, num_steps))
        radii = rng.uniform(0.15, 0.5, num_steps)[:, np.newaxis]
        corners = np.stack([np.cos(angles), np.sin(angles)], axis=1) * radii
    draw_line(ink, _turned(corners * _BOX_PX + _MIDDLE, rng.uniform(-3, 3)), max(2, pen_px(rng) - 2))
    return ink


def _smudge(rng: np.random.Generator) -> Ink:
    """A dot, a blot, a smear of overlapping discs."""
    ink = _empty()
    center = _MIDDLE.copy()
    drift = rng.normal(0, 9, 2) * (rng.random() < 0.6)
    for _ in range(int(rng.integers(1, 7))):
        axes = tuple(int(value) for value in rng.integers(8, 22, 2))
        cv2.ellipse(ink, tuple(int(value) for value in center), axes, float(rng.uniform(0, 180)), 0, 360, 255, -1)
        center = np.clip(center + drift + rng.normal(0, 4, 2), 20, INK_PX - 20)
    if rng.random() < 0.4:
        ink = cv2.GaussianBlur(ink, (0, 0), float(rng.uniform(1, 5)))
    return ink


def _texture(rng: np.random.Generator) -> Ink:
    """Grain, cloth, crumbs: smooth noise cut off at a level."""
    noise = rng.standard_normal((INK_PX, INK_PX)).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), float(rng.uniform(1.5, 7)), sigmaY=float(rng.uniform(1.5, 7)))
    level = np.quantile(smooth, rng.uniform(0.55, 0.9))
    ink = np.where(smooth > level, 255, 0).astype(np.uint8)
    margin = int(rng.integers(8, 18))
    ink[:margin] = ink[-margin:] = 0
    ink[:, :margin] = ink[:, -margin:] = 0
    return cv2.GaussianBlur(ink, (0, 0), 0.8)


def _arc(rng: np.random.Generator) -> Ink:
    """An open bow with what else may hang on it: C, U, n, an ear, a hook with a bar."""
    ink, pen = _empty(), pen_px(rng)
    opening = np.deg2rad(rng.choice([0, 90, 180, 270]) + rng.uniform(-25, 25))
    span = np.deg2rad(rng.uniform(170, 250))
    angles = np.linspace(opening + (2 * np.pi - span) / 2, opening + (2 * np.pi + span) / 2, 30)
    unit = np.stack([np.cos(angles), np.sin(angles)], axis=1) / 2
    points = _placed(unit, rng, tilt=0.1)
    points = cv2.blur(points, (1, 5))
    draw_line(ink, points, pen)
    for _ in range(int(rng.integers(0, 3))):
        ends = np.stack([points[int(rng.integers(30))], _MIDDLE + rng.uniform(-28, 28, 2)])
        draw_line(ink, draw_curve(ends, ends.mean(axis=0) + rng.normal(0, 5, 2)), pen)
    return ink


# Kind, how it is drawn, and how often: broad shapes more often than single ones.
_KINDS: dict[str, tuple[Callable[[np.random.Generator], Ink], float]] = {
    "character": (_character, 8),
    "wave": (_wave, 3),
    "arc": (_arc, 3),
    "rule": (_rule, 1.5),
    "cross": (_cross, 2),
    "tick": (_tick, 1.5),
    "cell_border": (_cell_border, 2),
    "scribble": (_scribble, 2),
    "smudge": (_smudge, 1.5),
    "texture": (_texture, 1),
}
MARK_KINDS = tuple(_KINDS)
