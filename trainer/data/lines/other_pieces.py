"""What stands among the digits of a composed number: in a digit's place, and marks and signs that are not read."""

from collections.abc import Mapping, Sequence

import cv2
import numpy as np

from service.recognition.alphabet import OTHER, class_of_digit
from trainer.data.lines.marks import draw_filler, draw_mark, strike_out, strike_through
from trainer.data.lines.piece import HEIGHT_PX, Manner, Picture, Piece, cropped
from trainer.data.lines.signs import draw_sign

# Through a 0, 1, 4 or 7 some writers draw a stroke without meaning anything by it.
_CLEARLY_STRUCK = frozenset(class_of_digit(digit) for digit in (2, 3, 5, 6, 8, 9))

# Kinds with their chances.
_MARKS = {
    "dot": 0.38,
    "comma": 0.14,
    "dash": 0.2,
    "equals": 0.08,
    "plus": 0.04,
    "star": 0.05,
    "apostrophe": 0.06,
    "colon": 0.05,
}
_BETWEEN_THOUSANDS = {"dot": 0.7, "comma": 0.2, "apostrophe": 0.1}
_SIGNS_BEFORE = {"dollar": 0.45, "euro": 0.2, "pound": 0.15, "yen": 0.05, "number": 0.15}
_SIGNS_AFTER = {"euro": 0.35, "percent": 0.35, "number": 0.15, "dollar": 0.15}

_MARKS_BEFORE = ("dash", "plus", "star", "equals")
_ENDINGS = (
    ("dash",),
    ("dot", "dash"),
    ("equals",),
    ("dot",),
    ("comma",),
    ("comma", "dash"),
    ("dash", "dash"),
    ("dot", "equals"),
    ("star",),
)


def add_others(
    pieces: list[Piece], letters: Sequence[Picture], pen: int, rng: np.random.Generator, *, may_strike: bool
) -> None:
    """Up to three things that are read as `other`: struck-out digits, where there may be any; fillers; letters."""
    for _ in range(int(rng.integers(1, 4))):
        kind = rng.random()
        if may_strike and kind < 0.3:
            index = int(rng.integers(len(pieces)))
            pieces[index] = _struck(pieces[index], pen, rng)
            continue
        picture = draw_filler(HEIGHT_PX, pen, rng) if kind < 0.65 else _letter(letters, rng)
        at_end = rng.random() < 0.7
        index = int(rng.choice([0, len(pieces)])) if at_end else int(rng.integers(len(pieces) + 1))
        pieces.insert(index, Piece(picture, 0.0, OTHER))


def _struck(piece: Piece, pen: int, rng: np.random.Generator) -> Piece:
    is_clear = piece.class_index in _CLEARLY_STRUCK
    strike = strike_through if is_clear and rng.random() < 0.4 else strike_out
    return Piece(strike(piece.picture, pen, rng), piece.rise, OTHER)


def _letter(letters: Sequence[Picture], rng: np.random.Generator) -> Picture:
    letter = letters[int(rng.integers(len(letters)))]
    scale = HEIGHT_PX / max(8, letter.shape[0]) * rng.uniform(0.7, 1.1)
    return cropped(cv2.resize(letter, None, fx=scale, fy=scale, interpolation=cv2.INTER_LINEAR))


def add_marks(pieces: list[Piece], pen: int, rng: np.random.Generator) -> None:
    """Dots, commas, dashes and the like: between thousands or anywhere, at the end, before the number."""
    num_digits = len(pieces)
    if rng.random() < 0.45 and num_digits > 3:
        kind = _drawn(_BETWEEN_THOUSANDS, rng)
        for index in range(num_digits - 3, 0, -3):
            pieces.insert(index, _mark(kind, pen, rng))
    elif num_digits and rng.random() < 0.5:
        kind = _drawn(_MARKS, rng)
        pieces.insert(int(rng.integers(num_digits + 1)), _mark(kind, pen, rng))
    if rng.random() < 0.5:
        pieces += [_mark(kind, pen, rng) for kind in _ENDINGS[int(rng.integers(len(_ENDINGS)))]]
    if rng.random() < 0.12:
        pieces.insert(0, _mark(str(rng.choice(_MARKS_BEFORE)), pen, rng))


def _mark(kind: str, pen: int, rng: np.random.Generator) -> Piece:
    picture, level = draw_mark(kind, HEIGHT_PX, pen, rng)
    return Piece(picture, level * HEIGHT_PX - picture.shape[0] / 2, None)


def add_signs(pieces: list[Piece], manner: Manner, rng: np.random.Generator) -> None:
    """What says of what the number is: before it or after it, or as strokes between its digits."""
    kind = rng.random()
    if kind < 0.6:
        pieces.insert(0, _sign(_drawn(_SIGNS_BEFORE, rng), manner, rng))
    elif kind < 0.8:
        pieces.append(_sign(_drawn(_SIGNS_AFTER, rng), manner, rng))
    elif len(pieces) > 1:
        for index in sorted({int(index) for index in rng.integers(1, len(pieces), rng.integers(1, 3))}, reverse=True):
            pieces.insert(index, _sign("slash", manner, rng))


def _sign(kind: str, manner: Manner, rng: np.random.Generator) -> Piece:
    picture = cropped(draw_sign(kind, HEIGHT_PX, manner.pen, manner.slant, rng))
    hangs = (picture.shape[0] - HEIGHT_PX) * rng.uniform(0.2, 0.8)
    return Piece(picture, -hangs, None)


def _drawn(chances: Mapping[str, float], rng: np.random.Generator) -> str:
    return str(rng.choice([*chances], p=[*chances.values()]))
