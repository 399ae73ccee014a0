import numpy as np

from trainer.data.digits import Digits
from trainer.golden import draw_digit
from trainer.photograph import photograph, photographed_digits

DIGITS = Digits(np.stack([draw_digit(digit, stroke_px=2) for digit in range(10)] * 3), np.arange(30) % 10)


def test_photographs_are_dark_on_light_and_repeat_with_their_seed():
    pictures = [photograph(DIGITS.canvases[3], np.random.default_rng(5)) for _ in range(2)]
    np.testing.assert_array_equal(*pictures)
    assert pictures[0].dtype == np.uint8
    assert np.median(pictures[0]) > 100
    assert pictures[0].min() < np.median(pictures[0]) - 40


def test_digits_are_found_again_and_differ_from_the_clean_ones():
    hard = photographed_digits(DIGITS, seed=1)
    assert len(hard) >= 29
    assert hard.canvases.shape[1:] == (28, 28, 1)
    digit = {tuple(canvas.ravel()) for canvas in DIGITS.canvases}
    assert not any(tuple(canvas.ravel()) in digit for canvas in hard.canvases)
    np.testing.assert_array_equal(photographed_digits(DIGITS, seed=1).canvases, hard.canvases)
