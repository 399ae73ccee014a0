"""Fifteen corruptions: each changes pictures, by its own chance alone, and leaves the digit in them."""

import numpy as np
import pytest

from trainer.corruptions import CORRUPTIONS, corrupt
from trainer.golden import draw_digit

PICTURES = np.stack([draw_digit(digit, stroke_px=3)[..., 0] for digit in range(10)])


def test_there_are_fifteen():
    assert len(CORRUPTIONS) == 15


@pytest.mark.parametrize("kind", CORRUPTIONS)
def test_corrupted_pictures_repeat_with_their_seed_and_differ_from_the_clean_ones(kind):
    before = PICTURES.copy()
    changed = corrupt(PICTURES, kind, seed=3)
    assert changed.shape == PICTURES.shape
    assert changed.dtype == np.uint8
    assert all((one != clean).any() for one, clean in zip(changed, PICTURES, strict=True))
    np.testing.assert_array_equal(changed, corrupt(PICTURES, kind, seed=3))
    np.testing.assert_array_equal(PICTURES, before)


@pytest.mark.parametrize("kind", CORRUPTIONS)
def test_the_digit_stays_the_brightest_thing(kind):
    changed = corrupt(PICTURES, kind, seed=3).astype(float)
    if kind in ("scale", "rotation", "shear"):  # moved: there is as much ink, or less
        assert (changed.sum(axis=(1, 2)) < 1.3 * PICTURES.sum(axis=(1, 2))).all()
        assert (changed.max(axis=(1, 2)) > 150).all()
        return
    for one, clean in zip(changed, PICTURES, strict=True):
        assert one[clean > 0].mean() > one[clean == 0].mean() + 30


def test_each_picture_is_warped_on_its_own():
    alone = np.zeros((2, 28, 28), np.uint8)
    alone[0, 10:18, 10:18] = 255
    assert corrupt(alone, "rotation", seed=1)[1].max() == 0


def test_brightness_is_cut_off_at_white_and_contrast_keeps_the_order():
    assert corrupt(PICTURES, "brightness", seed=0).max() == 255
    faint = corrupt(PICTURES, "contrast", seed=0)
    assert int(faint.max()) - int(faint.min()) < 70
