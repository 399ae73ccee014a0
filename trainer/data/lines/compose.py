"""A number as a hand would write it: which digits, whose, how, and what else stands among them."""

import numpy as np

from trainer.data.lines.digit_pieces import join_zeros, write_digits
from trainer.data.lines.hands import Hands
from trainer.data.lines.layout import Composed, lay_out
from trainer.data.lines.other_pieces import add_marks, add_others, add_signs
from trainer.data.lines.piece import Picture, draw_manner
from trainer.data.lines.style import LineStyle
from trainer.data.lines.texts import draw_text


def compose(
    hands: Hands, style: LineStyle, rng: np.random.Generator, *, letters: list[Picture], text: str | None = None
) -> Composed:
    """Write a number.

    The order in which chance is asked is part of what a seed means: whoever changes it changes all numbers.

    Args:
        hands: whose digits.
        style: how.
        rng: where chance comes from.
        letters: what may stand in a digit's place.
        text: the number; drawn where it is not given.
    """
    if text is None:
        text = _draw_text(style, rng) if rng.random() >= style.nothing_chance else ""
    manner = draw_manner(style, rng)
    sprites = hands.pick(text, rng, one_hand=rng.random() < style.one_writer_chance)
    pieces = write_digits(text, sprites, style, manner, rng)
    if style.joined_chance and rng.random() < style.joined_chance:
        join_zeros(pieces, rng)
    if rng.random() < style.other_chance or (not text and rng.random() < 0.6):
        add_others(pieces, letters, manner.pen, rng, may_strike=bool(text))
    if rng.random() < style.mark_chance or (not text and rng.random() < 0.5):
        add_marks(pieces, manner.pen, rng)
    if style.sign_chance and pieces and rng.random() < style.sign_chance:
        add_signs(pieces, manner, rng)
    return lay_out(pieces, style, manner.pen, rng)


def _draw_text(style: LineStyle, rng: np.random.Generator) -> str:
    return draw_text(
        rng, max_length=style.max_length, repeat_chance=style.repeat_chance, round_chance=style.round_chance
    )
