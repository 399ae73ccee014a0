"""Characters of alphabets that do not exist."""

import cv2
import numpy as np

from trainer.data.characters import draw_character
from trainer.data.marks import INK_PX


def test_characters_fill_the_box_of_a_digit_and_repeat_with_their_generator():
    for seed in range(40):
        ink = draw_character(np.random.default_rng(seed))
        assert ink.shape == (INK_PX, INK_PX)
        assert ink.dtype == np.uint8
        _, _, width, height = cv2.boundingRect(ink)
        assert 50 <= max(width, height) <= 80  # 60 px, and the pen around them
        np.testing.assert_array_equal(ink, draw_character(np.random.default_rng(seed)))


def test_no_two_characters_are_alike():
    rng = np.random.default_rng(0)
    inks = np.stack([draw_character(rng).ravel() >= 128 for _ in range(40)]).astype(np.float64)
    inks -= inks.mean(axis=1, keepdims=True)
    inks /= np.linalg.norm(inks, axis=1, keepdims=True)
    assert (inks @ inks.T - np.eye(40)).max() < 0.9
