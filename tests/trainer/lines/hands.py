"""Hands that write the trainer's own golden digits, so that no data is needed."""

import numpy as np

from trainer.data.digits import Digits
from trainer.data.lines.hands import Hands, mnist_hands
from trainer.golden import draw_digit


def drawn_hands() -> Hands:
    """Two hands with one picture of each digit: a thin pen and a thick one."""
    canvases = np.stack([draw_digit(digit, stroke_px=stroke_px) for stroke_px in (2, 3) for digit in range(10)])
    labels = np.tile(np.arange(10), 2)
    return mnist_hands(Digits(canvases, labels), np.repeat([100, 200], 10))


def drawn_letters() -> list[np.ndarray]:
    """An H, bright on dark."""
    letter = np.zeros((20, 16), np.uint8)
    letter[:, :3] = letter[:, -3:] = letter[9:12] = 255
    return [letter]
