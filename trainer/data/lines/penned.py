"""Digits drawn by the trainer in the shapes that MNIST hardly has.

MNIST was written by Americans. Elsewhere a 1 has an upstroke as long as itself, a 7 a bar, a 9 the loop of a P, a 5 is
drawn like a root sign, a 2 begins with a loop, and a 4 stays open; on forms digits are traced over the guides of
a seven-segment display. Every hand here keeps to one shape of each digit and draws it a little otherwise each time.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from trainer.data.digits import Digits

Points = tuple[tuple[float, float], ...]
Shape = tuple[Points, ...]
"""Strokes through points (x, y) of a box one high, y downwards; a point that is named twice is a corner."""

_SCALE = 4  # drawn this much larger than it is kept
_HEIGHT_PX = 20
_CANVAS_PX = 28
_SAMPLES = 12  # of each piece of a curve
_SEGMENT_CHANCE = 0.12  # of a hand to trace the guides of a seven-segment display

_OVAL: Points = ((0.45, 0.0), (0.1, 0.2), (0.0, 0.55), (0.15, 0.9), (0.4, 1.0), (0.65, 0.8), (0.72, 0.4), (0.6, 0.1))
_DOWN_OF_EIGHT: Points = ((0.55, 0.1), (0.25, 0.0), (0.1, 0.25), (0.5, 0.6), (0.5, 0.95))
_CROSSBAR: Points = ((0.15, 0.5), (0.75, 0.45))

SHAPES: dict[int, tuple[Shape, ...]] = {
    0: (
        ((*_OVAL, (0.42, 0.0)),),
        ((*_OVAL, (0.5, 0.08), (0.3, 0.1)),),  # the stroke ends inside
        ((*_OVAL, (0.42, 0.02)), ((0.75, 0.05), (0.0, 0.95))),  # slashed
        (((0.3, 0.05), (0.0, 0.4), (0.05, 0.85), (0.4, 1.0), (0.7, 0.7), (0.65, 0.25), (0.4, 0.05)),),
        ((*_OVAL, (0.45, 0.05), (0.6, 0.02), (0.95, 0.1)),),  # the stroke runs on to the next digit
    ),
    1: (
        (((0.2, 0.0), (0.15, 1.0)),),
        (((0.0, 0.3), (0.3, 0.0), (0.3, 0.0), (0.28, 1.0)),),
        (((0.0, 0.75), (0.45, 0.0), (0.45, 0.0), (0.35, 1.0)),),  # an upstroke nearly as long as the stem
        (((0.0, 0.35), (0.35, 0.0), (0.35, 0.0), (0.33, 1.0)), ((0.1, 1.0), (0.6, 0.98))),
        (((0.0, 0.95), (0.5, 0.0), (0.5, 0.0), (0.45, 1.0)),),
        (((0.0, 0.8), (0.3, 0.35), (0.42, 0.04), (0.3, 0.02), (0.22, 0.5), (0.15, 1.0)),),  # a narrow loop on top
    ),
    2: (
        (((0.05, 0.25), (0.35, 0.0), (0.65, 0.2), (0.45, 0.6), (0.0, 0.98), (0.0, 0.98), (0.75, 0.95)),),
        (((0.0, 0.2), (0.35, 0.0), (0.6, 0.25), (0.3, 0.7), (0.05, 0.95), (0.1, 0.75), (0.4, 0.92), (0.8, 0.95)),),
        (((0.0, 0.05), (0.65, 0.02), (0.65, 0.02), (0.0, 0.97), (0.0, 0.97), (0.7, 0.97)),),  # like a Z
        (((0.3, 0.35), (0.1, 0.35), (0.05, 0.15), (0.3, 0.0), (0.6, 0.2), (0.4, 0.65), (0.0, 0.97), (0.75, 0.95)),),
        (((0.2, 0.5), (0.0, 0.3), (0.15, 0.02), (0.5, 0.05), (0.58, 0.4), (0.05, 0.9), (0.25, 0.82), (0.8, 1.0)),),  # Q
    ),
    3: (
        (((0.05, 0.1), (0.4, 0.0), (0.6, 0.2), (0.25, 0.45), (0.25, 0.45), (0.65, 0.65), (0.45, 0.97), (0.0, 0.9)),),
        (((0.0, 0.02), (0.6, 0.0), (0.6, 0.0), (0.25, 0.4), (0.25, 0.4), (0.65, 0.65), (0.45, 0.97), (0.0, 0.92)),),
        (((0.1, 0.05), (0.5, 0.05), (0.5, 0.3), (0.2, 0.4), (0.35, 0.42), (0.6, 0.7), (0.3, 1.0), (0.0, 0.85)),),
    ),
    4: (
        (((0.15, 0.0), (0.05, 0.55), (0.05, 0.55), (0.75, 0.5)), ((0.6, 0.15), (0.5, 1.0))),
        (((0.5, 0.0), (0.0, 0.65), (0.0, 0.65), (0.75, 0.62)), ((0.5, 0.3), (0.48, 1.0))),
        (((0.55, 1.0), (0.55, 0.0), (0.55, 0.0), (0.0, 0.65), (0.0, 0.65), (0.8, 0.65)),),  # closed, in one stroke
        (((0.3, 0.0), (0.0, 0.5), (0.3, 0.5), (0.55, 0.3), (0.55, 0.3), (0.4, 1.0)),),  # like a lightning, open
        (((0.1, 0.05), (0.08, 0.5), (0.5, 0.45), (0.6, 0.1), (0.6, 0.1), (0.5, 1.0)),),  # round, open
        (((0.0, 0.0), (0.15, 0.5), (0.15, 0.5), (0.55, 0.42)), ((0.7, 0.0), (0.4, 1.0))),  # like a y
        (((0.3, 0.0), (0.0, 0.65), (0.0, 0.65), (0.45, 0.5), (0.45, 0.5), (0.4, 1.0)),),  # like an h
    ),
    5: (
        (((0.65, 0.0), (0.1, 0.02), (0.1, 0.02), (0.05, 0.45), (0.45, 0.4), (0.65, 0.7), (0.35, 1.0), (0.0, 0.9)),),
        (((0.15, 0.05), (0.1, 0.45), (0.5, 0.45), (0.55, 0.85), (0.2, 1.0), (0.0, 0.9)), ((0.15, 0.03), (0.75, 0.0))),
        (((0.7, 0.05), (0.25, 0.1), (0.1, 0.35), (0.5, 0.55), (0.5, 0.9), (0.0, 0.95)),),  # like an S
        (((0.05, 0.4), (0.25, 0.98), (0.25, 0.98), (0.5, 0.02), (0.5, 0.02), (0.95, 0.0)),),  # like a root sign
        (((0.2, 0.05), (0.3, 0.5), (0.3, 0.95), (0.05, 0.95)), ((0.2, 0.05), (0.9, 0.0))),  # like a J
        (((0.0, 0.5), (0.2, 1.0), (0.2, 1.0), (0.45, 0.0)), ((0.4, 0.03), (0.9, 0.0))),
        (((0.3, 0.03), (0.2, 0.45), (0.5, 0.5), (0.5, 0.9), (0.1, 1.0)), ((0.3, 0.05), (1.0, 0.0))),  # a long flag
    ),
    6: (
        (((0.6, 0.0), (0.15, 0.35), (0.0, 0.75), (0.3, 1.0), (0.6, 0.8), (0.45, 0.55), (0.1, 0.7)),),
        (((0.3, 0.0), (0.05, 0.5), (0.05, 0.9), (0.35, 1.0), (0.55, 0.8), (0.35, 0.6), (0.1, 0.75)),),
        (((0.25, 0.0), (0.0, 0.6), (0.1, 0.97), (0.45, 0.95), (0.5, 0.65), (0.25, 0.68)),),  # the loop stays open
        (((0.1, 0.0), (0.05, 0.6), (0.1, 0.95), (0.4, 1.0), (0.5, 0.75), (0.3, 0.6), (0.08, 0.75)),),  # like a b
        (((0.25, 0.0), (0.05, 0.6), (0.05, 0.95), (0.3, 1.0), (0.4, 0.88), (0.2, 0.82)),),  # a loop like a dot
    ),
    7: (
        (((0.0, 0.05), (0.65, 0.0), (0.65, 0.0), (0.25, 1.0)),),
        (((0.0, 0.05), (0.65, 0.0), (0.65, 0.0), (0.25, 1.0)), _CROSSBAR),
        (((0.0, 0.2), (0.05, 0.03), (0.05, 0.03), (0.65, 0.02), (0.65, 0.02), (0.3, 1.0)), _CROSSBAR),
        (((0.0, 0.15), (0.2, 0.02), (0.4, 0.1), (0.65, 0.0), (0.65, 0.0), (0.4, 0.5), (0.35, 1.0)),),
        (((0.0, 0.2), (0.25, 0.0), (0.45, 0.05), (0.35, 0.5), (0.3, 1.0)), ((0.05, 0.5), (0.7, 0.42))),
        (((0.2, 0.06), (0.45, 0.0), (0.36, 0.5), (0.3, 1.0)), ((0.0, 0.47), (0.8, 0.43))),  # like a plus
    ),
    8: (
        ((*_DOWN_OF_EIGHT, (0.15, 0.95), (0.1, 0.65), (0.5, 0.35), (0.6, 0.1)),),
        (
            ((0.3, 0.0), (0.1, 0.2), (0.3, 0.43), (0.5, 0.2), (0.3, 0.0)),
            ((0.3, 0.43), (0.0, 0.75), (0.3, 1.0), (0.6, 0.75), (0.3, 0.43)),
        ),
        (((0.0, 0.05), (0.35, 0.5), (0.5, 0.9), (0.25, 1.0), (0.1, 0.85), (0.35, 0.5), (0.65, 0.0)),),  # open on top
        (((0.6, 0.15), (0.3, 0.0), (0.1, 0.2), (0.5, 0.62), (0.4, 1.0), (0.05, 0.9), (0.2, 0.6), (0.6, 0.3)),),
        (
            ((0.1, 0.0), (0.1, 1.0)),  # like a B
            ((0.1, 0.05), (0.45, 0.1), (0.4, 0.4), (0.12, 0.48), (0.12, 0.48), (0.55, 0.6), (0.5, 0.95), (0.1, 1.0)),
        ),
    ),
    9: (
        (((0.55, 0.15), (0.25, 0.0), (0.0, 0.25), (0.2, 0.5), (0.5, 0.35), (0.58, 0.1), (0.58, 0.1), (0.5, 1.0)),),
        (((0.55, 0.1), (0.2, 0.02), (0.05, 0.35), (0.35, 0.5), (0.55, 0.15), (0.55, 0.6), (0.4, 0.97), (0.0, 0.9)),),
        (((0.2, 0.05), (0.15, 0.5), (0.05, 1.0)), ((0.2, 0.1), (0.5, 0.0), (0.65, 0.2), (0.45, 0.42), (0.15, 0.48))),
        (((0.15, 1.0), (0.3, 0.3), (0.1, 0.15), (0.35, 0.0), (0.6, 0.2), (0.4, 0.45), (0.2, 0.42)),),  # like a P
        (((0.5, 0.2), (0.3, 0.0), (0.05, 0.2), (0.2, 0.45), (0.5, 0.2), (0.5, 0.2), (0.1, 1.0)),),
        (((0.25, 1.0), (0.2, 0.4), (0.2, 0.1), (0.5, 0.0), (0.65, 0.25), (0.4, 0.45), (0.2, 0.35)),),  # from below
        (
            (
                (0.5, 0.15),
                (0.2, 0.0),
                (0.0, 0.25),
                (0.25, 0.45),
                (0.5, 0.2),
                (0.5, 0.2),
                (0.45, 0.8),
                (0.2, 1.0),
                (0.1, 0.8),
            ),
        ),
        (((0.55, 0.05), (0.15, 0.1), (0.1, 0.4), (0.55, 0.4)), ((0.55, 0.0), (0.5, 1.0))),  # like a q
        (((0.45, 0.45), (0.15, 0.45), (0.05, 0.15), (0.35, 0.0), (0.6, 0.2), (0.5, 0.6), (0.2, 1.0)),),  # like a Q
    ),
}
_SEGMENTS: dict[str, Points] = {
    "a": ((0.0, 0.0), (0.6, 0.0)),
    "b": ((0.6, 0.0), (0.6, 0.5)),
    "c": ((0.6, 0.5), (0.6, 1.0)),
    "d": ((0.0, 1.0), (0.6, 1.0)),
    "e": ((0.0, 0.5), (0.0, 1.0)),
    "f": ((0.0, 0.0), (0.0, 0.5)),
    "g": ((0.0, 0.5), (0.6, 0.5)),
}
_LIT = ("abcdef", "bc", "abged", "abgcd", "fgbc", "afgcd", "afgedc", "abc", "abcdefg", "abcdfg")
SEGMENT_SHAPES: dict[int, Shape] = {digit: tuple(_SEGMENTS[name] for name in lit) for digit, lit in enumerate(_LIT)}


@dataclass(frozen=True, slots=True)
class _Hand:
    shapes: dict[int, Shape]
    slant: float
    width: float
    pen_px: float
    wobble: float
    roundness: float  # 0: straight from point to point


def load_penned(*, num_hands: int, per_digit: int, seed: int) -> tuple[Digits, NDArray[np.int64]]:
    """Draw digits of many hands.

    Args:
        num_hands: how many.
        per_digit: pictures of each digit by each hand.
        seed: where chance starts.

    Returns:
        The digits, num_hands * 10 * per_digit of them, canvases uint8 (n, 28, 28, 1); and int64 (n,), the hand of each.
    """
    rng = np.random.default_rng([seed, 17])
    canvases, labels, hands = [], [], []
    for index in range(num_hands):
        hand = _draw_hand(rng)
        for digit in range(10):
            for _ in range(per_digit):
                canvases.append(_draw(hand.shapes[digit], hand, rng))
                labels.append(digit)
                hands.append(index)
    return Digits(np.stack(canvases)[..., None], np.array(labels, np.int64)), np.array(hands, np.int64)


def _draw_hand(rng: np.random.Generator) -> _Hand:
    traces_segments = rng.random() < _SEGMENT_CHANCE
    shapes = {
        digit: SEGMENT_SHAPES[digit] if traces_segments else variants[rng.integers(len(variants))]
        for digit, variants in SHAPES.items()
    }
    return _Hand(
        shapes,
        slant=float(np.clip(rng.normal(0.1, 0.2), -0.4, 0.7)),
        width=float(rng.uniform(0.7, 1.35)),
        pen_px=float(rng.uniform(1.2, 3.2)),
        wobble=float(rng.uniform(0.01, 0.05)),
        roundness=0.0 if traces_segments and rng.random() < 0.5 else float(rng.uniform(0.6, 1.1)),
    )


def _draw(shape: Shape, hand: _Hand, rng: np.random.Generator) -> NDArray[np.uint8]:
    """One digit, uint8 (28, 28), its ink 20 px high or wide, in the middle."""
    shift = rng.normal(0, hand.wobble, 2)
    strokes = []
    for points in shape:
        wobbling = np.array(points) + rng.normal(0, hand.wobble, (len(points), 2)) + shift * rng.random()
        # Corners stay corners: a point that is named twice is moved once.
        for index in range(1, len(points)):
            if points[index] == points[index - 1]:
                wobbling[index] = wobbling[index - 1]
        curve = _curve(wobbling, hand.roundness)
        curve[:, 0] = (curve[:, 0] - hand.slant * (curve[:, 1] - 0.5)) * hand.width
        strokes.append(curve)
    everything = np.concatenate(strokes)
    low, high = everything.min(axis=0), everything.max(axis=0)
    pen = hand.pen_px * rng.uniform(0.85, 1.15) * _SCALE
    scale = (_HEIGHT_PX * _SCALE - pen) / float((high - low).max())
    middle = _CANVAS_PX * _SCALE / 2
    picture = np.zeros((_CANVAS_PX * _SCALE,) * 2, np.uint8)
    for curve in strokes:
        placed = (curve - (low + high) / 2) * scale + middle
        # OpenCV takes whole numbers with this many bits behind the point.
        cv2.polylines(
            picture, [np.rint(placed * 16).astype(np.int32)], False, 255, max(1, round(pen)), cv2.LINE_AA, shift=4
        )
    return np.asarray(cv2.resize(picture, (_CANVAS_PX, _CANVAS_PX), interpolation=cv2.INTER_AREA), np.uint8)


def _curve(points: NDArray[np.float64], roundness: float) -> NDArray[np.float64]:
    """A cardinal spline through the points; float64 (n, 2)."""
    padded = np.concatenate([points[:1], points, points[-1:]])
    steps = np.linspace(0, 1, _SAMPLES)[:, None]
    pieces = []
    for index in range(len(points) - 1):
        before, start, end, after = padded[index : index + 4]
        leaving, arriving = roundness * (end - before) / 2, roundness * (after - start) / 2
        pieces.append(
            (2 * steps**3 - 3 * steps**2 + 1) * start
            + (steps**3 - 2 * steps**2 + steps) * leaving
            + (3 * steps**2 - 2 * steps**3) * end
            + (steps**3 - steps**2) * arriving
        )
    return np.concatenate(pieces)
