"""Signs that stand before, after and between the digits of a number: of currencies, of dates, of a share in hundred."""

import numpy as np
from numpy.typing import NDArray

from trainer.data.lines.pen import Pen, Points, Shape, draw_shape

_S: Points = ((0.6, 0.2), (0.3, 0.08), (0.05, 0.25), (0.3, 0.5), (0.6, 0.72), (0.35, 0.93), (0.0, 0.82))
_TALL_S: Points = ((0.5, 0.15), (0.3, 0.1), (0.12, 0.28), (0.3, 0.5), (0.45, 0.7), (0.28, 0.9), (0.05, 0.85))
_C: Points = ((0.7, 0.12), (0.4, 0.0), (0.1, 0.25), (0.08, 0.7), (0.4, 1.0), (0.72, 0.88))
_ROUND_E: Points = ((0.65, 0.15), (0.3, 0.0), (0.05, 0.5), (0.3, 1.0), (0.65, 0.85))
_L_OF_POUND: Points = ((0.6, 0.2), (0.4, 0.0), (0.25, 0.25), (0.25, 0.7), (0.05, 0.98), (0.05, 0.98), (0.7, 0.95))

SIGNS: dict[str, tuple[Shape, ...]] = {
    "dollar": (
        (_S, ((0.3, 0.0), (0.3, 1.0))),
        (_S, ((0.36, -0.1), (0.26, 1.1))),
        (_TALL_S, ((0.3, -0.08), (0.27, 1.08))),
        (_S, ((0.25, -0.08), (0.22, 1.08)), ((0.4, -0.08), (0.37, 1.08))),
        (_S, ((0.32, -0.12), (0.31, 0.1)), ((0.3, 0.9), (0.3, 1.12))),  # ticks above and below alone
    ),
    "euro": (
        (_C, ((-0.1, 0.4), (0.5, 0.38)), ((-0.1, 0.6), (0.45, 0.58))),
        (_ROUND_E, ((-0.12, 0.42), (0.55, 0.4)), ((-0.12, 0.6), (0.5, 0.56))),
        (_C, ((-0.15, 0.5), (0.5, 0.48))),
    ),
    "pound": (
        (_L_OF_POUND, ((0.05, 0.5), (0.5, 0.48))),
        (_L_OF_POUND, ((0.05, 0.45), (0.5, 0.43)), ((0.05, 0.6), (0.5, 0.58))),
    ),
    "yen": ((((0.0, 0.0), (0.35, 0.5)), ((0.7, 0.0), (0.35, 0.5), (0.35, 1.0)), ((0.1, 0.6), (0.6, 0.6))),),
    "number": (
        (((0.3, 0.0), (0.15, 1.0)), ((0.6, 0.0), (0.45, 1.0)), ((0.0, 0.36), (0.75, 0.3)), ((0.0, 0.7), (0.7, 0.64))),
        (((0.2, 0.1), (0.2, 0.9)), ((0.5, 0.1), (0.5, 0.9)), ((0.0, 0.35), (0.7, 0.35)), ((0.0, 0.65), (0.7, 0.65))),
    ),
    "percent": (
        (
            ((0.15, 0.1), (0.0, 0.25), (0.15, 0.38), (0.28, 0.22), (0.15, 0.1)),
            ((0.7, 0.0), (0.05, 1.0)),
            ((0.65, 0.62), (0.48, 0.78), (0.63, 0.93), (0.8, 0.76), (0.65, 0.62)),
        ),
    ),
    "slash": ((((0.45, 0.0), (0.0, 1.0)),), (((0.3, 0.0), (0.0, 1.0)),), (((0.6, 0.0), (0.3, 0.5), (0.0, 1.0)),)),
}
"""Of each sign the shapes it is written in."""

# How high they stand, in heights of a digit. A slash as low as a digit may be a 1; so may a parenthesis of any height,
# and there is none: with some, more was lost of real cheques, at their first digit.
_SIZES = {"slash": (1.25, 1.8), "percent": (0.7, 1.1)}
_USUAL_SIZES = (0.8, 1.35)


def draw_sign(kind: str, height: int, breadth: int, slant: float, rng: np.random.Generator) -> NDArray[np.uint8]:
    """A sign, bright on dark.

    Args:
        kind: one of `SIGNS`.
        height: of a digit, in pixels.
        breadth: of the stroke, in pixels.
        slant: of the number, as pixels sideways per pixel of height, to the left going down.
        rng: where chance comes from.

    Returns:
        uint8 (side, side), with the ink somewhere in it.
    """
    shapes = SIGNS[kind]
    pen = Pen(
        slant=slant + float(rng.normal(0, 0.08)),
        width=float(rng.uniform(0.75, 1.25)),
        breadth_px=breadth,
        wobble=float(rng.uniform(0.01, 0.04)),
        roundness=float(rng.uniform(0.6, 1.1)),
    )
    size = height * rng.uniform(*_SIZES.get(kind, _USUAL_SIZES))
    return draw_shape(shapes[int(rng.integers(len(shapes)))], pen, rng, size_px=round(size))
