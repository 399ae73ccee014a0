"""Marks that happen to be digits."""

import numpy as np

from service.recognition.canvas import digit_canvas
from trainer.data.digits import Digits
from trainer.data.likeness import DIGIT_LIKENESS, DigitLikeness
from trainer.data.marks import draw_mark_of
from trainer.golden import draw_digit

DIGITS = Digits(np.stack([draw_digit(digit, stroke_px=2) for digit in range(10)]), np.arange(10))


def test_a_digit_is_like_itself_and_like_one_drawn_with_a_thicker_pen():
    likeness = DigitLikeness(DIGITS, np.random.default_rng(0))
    for digit in range(10):
        assert likeness.of(DIGITS.canvases[digit]) > 0.999
        assert likeness.of(draw_digit(digit, stroke_px=3)) > DIGIT_LIKENESS


def test_a_mark_is_not():
    likeness = DigitLikeness(DIGITS, np.random.default_rng(0))
    rng = np.random.default_rng(0)
    for kind in ("rule", "texture", "wave"):
        values = [likeness.of(digit_canvas(draw_mark_of(kind, rng))) for _ in range(20)]
        assert np.mean([value >= DIGIT_LIKENESS for value in values]) < 0.1
