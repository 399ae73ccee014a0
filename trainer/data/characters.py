"""Characters of alphabets that do not exist: what a person might write that is no digit, made up here.

A character is two to five strokes of a pen: lines, bows, hooks, loops, waves, angles and dots, of any size, each set on
another one's start, middle or end, or beside it. No real script is copied, so that a network that has learned to refuse
these has learned what digits are, not what Greek is. Some come out as digits by chance; `likeness` finds these.

Source of the idea: Lake, Salakhutdinov and Tenenbaum 2015, "Human-level concept learning through probabilistic program
induction": characters as strokes and the relations between them. None of its data is used.
"""

from collections.abc import Callable
from itertools import pairwise

import numpy as np

from trainer.data.marks import INK_PX, Ink, Points, draw_curve, draw_line

_BOX_PX = 60.0  # three times the 20 px that digits are scaled to
_NUM_STROKES = (2, 3, 4, 5)
_NUM_STROKES_CHANCES = (0.4, 0.35, 0.17, 0.08)
_ATTACHED_CHANCE = 0.7
_PEN_PX = (1.1, 3.2)  # on the canvas; thinner than for marks, because strokes lie closer
_FINE = np.linspace(0, 1, 24)


def draw_character(rng: np.random.Generator) -> Ink:
    """One character, its longer side 60 px, in the middle."""
    strokes: list[Points] = []
    for _ in range(int(rng.choice(_NUM_STROKES, p=_NUM_STROKES_CHANCES))):
        stroke = _sized(_STROKES[int(rng.choice(len(_STROKES), p=_CHANCES))](rng), rng)
        if strokes and rng.random() < _ATTACHED_CHANCE:
            stroke = stroke + _joint(strokes[int(rng.integers(len(strokes)))], rng) - _joint(stroke, rng)
        elif strokes:
            stroke = stroke + rng.uniform(-0.35, 0.35, 2)
        strokes.append(stroke)
    ink, pen = np.zeros((INK_PX, INK_PX), np.uint8), round(3 * rng.uniform(*_PEN_PX))
    for stroke in _in_box(strokes, rng):
        draw_line(ink, stroke, pen)
    return ink


def _sized(unit: Points, rng: np.random.Generator) -> Points:
    """A stroke of a square -0.5..0.5 with its own size, mostly upright, level or on a diagonal."""
    size = rng.uniform(0.3, 1.0) * np.exp(rng.uniform(-0.35, 0.35, 2))
    turned = float(rng.choice([0, 90, 180, 270]) + rng.normal(0, 10) + 45 * (rng.random() < 0.2))
    angle = np.deg2rad(turned)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return unit * size @ turn.T


def _joint(stroke: Points, rng: np.random.Generator) -> Points:
    """Where strokes meet: at the start, the end, the middle, or anywhere along; float64 (2,)."""
    at = float(rng.choice([0.0, 1.0, 0.5, rng.random()]))
    return stroke[round(at * (len(stroke) - 1))]


def _in_box(strokes: list[Points], rng: np.random.Generator) -> list[Points]:
    """The strokes slanted, scaled to the box with their own proportions, and shaken as a hand shakes."""
    slant = np.array([[1.0, rng.normal(0, 0.12)], [0.0, 1.0]])
    slanted = [stroke @ slant.T for stroke in strokes]
    points = np.concatenate(slanted)
    low, high = points.min(axis=0), points.max(axis=0)
    scale = _BOX_PX / max(float((high - low).max()), 1e-6)
    placed = []
    for stroke in slanted:
        # Slow waves of half a pixel of the canvas, not the jitter of single points.
        knots = rng.normal(0, 1.2, (5, 2))
        drift = np.stack(
            [np.interp(np.linspace(0, 4, len(stroke)), np.arange(5), knots[:, axis]) for axis in (0, 1)], axis=1
        )
        placed.append((stroke - (low + high) / 2) * scale + INK_PX / 2 + drift)
    return placed


def _line(rng: np.random.Generator) -> Points:
    ends = np.array([[-0.5, 0.0], [0.5, 0.0]])
    return draw_curve(ends, ends.mean(axis=0) + rng.normal(0, 0.05, 2))


def _bow(rng: np.random.Generator) -> Points:
    """A part of an ellipse, a sixth to nearly the whole."""
    angles = _FINE * np.deg2rad(rng.uniform(60, 320)) + rng.uniform(0, 2 * np.pi)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1) / 2


def _hook(rng: np.random.Generator) -> Points:
    """A line that ends in a small bow."""
    radius = rng.uniform(0.1, 0.25)
    angles = _FINE * np.deg2rad(rng.uniform(100, 260)) * rng.choice([-1, 1]) - np.pi / 2
    bow = np.stack([np.cos(angles), np.sin(angles) + 1], axis=1) * radius
    return np.concatenate([_line(rng) - (0.5, 0.0), bow])


def _loop(rng: np.random.Generator) -> Points:
    """A ring, or a ring whose pen runs on."""
    angles = _FINE * 2 * np.pi + rng.uniform(0, 2 * np.pi)
    ring = np.stack([np.cos(angles), np.sin(angles)], axis=1) * rng.uniform(0.12, 0.4)
    if rng.random() < 0.5:
        return ring
    return np.concatenate([ring, ring[-1:] + _FINE[:, np.newaxis] * rng.uniform(-0.6, 0.6, 2)])


def _wave(rng: np.random.Generator) -> Points:
    """An S, or more turns than that."""
    turns = rng.uniform(1.0, 2.5)
    heights = np.sin(_FINE * turns * 2 * np.pi + rng.choice([0, np.pi])) * rng.uniform(0.1, 0.3)
    return np.stack([_FINE - 0.5, heights], axis=1)


def _angle(rng: np.random.Generator) -> Points:
    """Two or three straight lines without lifting the pen."""
    corners = rng.uniform(-0.5, 0.5, (int(rng.integers(3, 5)), 2))
    return np.concatenate([np.linspace(start, end, 10) for start, end in pairwise(corners)])


def _spiral(rng: np.random.Generator) -> Points:
    angles = _FINE * rng.uniform(2.5, 4.5) * np.pi * rng.choice([-1, 1]) + rng.uniform(0, 2 * np.pi)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1) * (0.08 + 0.42 * _FINE[:, np.newaxis])


def _dot(rng: np.random.Generator) -> Points:
    return np.array([[-0.02, 0.0], [0.02, 0.0]]) + rng.normal(0, 0.005, (2, 2))


_SHARES: dict[Callable[[np.random.Generator], Points], float] = {
    _line: 9, _bow: 5, _hook: 3, _loop: 2, _wave: 2, _angle: 4, _spiral: 0.7, _dot: 1.3,
}  # fmt: skip
_STROKES = tuple(_SHARES)
_CHANCES = np.array(list(_SHARES.values())) / sum(_SHARES.values())
