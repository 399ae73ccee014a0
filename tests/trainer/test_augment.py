from dataclasses import replace

import numpy as np
import pytest

from trainer.augment import MAX_BATCH_SIZE, augment
from trainer.config import Augmentation
from trainer.configs import cnn
from trainer.golden import draw_digit

EVERYTHING = replace(
    cnn.CONFIG.augmentation,
    elastic_chance=1,
    thickness_chance=1,
    bold_chance=1,
    stretch_chance=1,
    narrow_chance=1,
    resolution_chance=1,
    contrast_chance=1,
)
DIGITS = np.stack([draw_digit(digit % 10, stroke_px=2) for digit in range(64)])


def rng():
    return np.random.default_rng(3)


@pytest.mark.parametrize(("settings", "strength"), [(EVERYTHING, 0.0), (Augmentation(), 1.0)])
def test_nothing_changes_at_zero(settings, strength):
    np.testing.assert_array_equal(augment(DIGITS, settings, rng(), strength=strength), DIGITS)


@pytest.mark.parametrize(
    "changed",
    ["rotation_deg", "zoom", "shift", "shear", "elastic_chance", "thickness_chance", "bold_chance", "stretch_chance",
     "narrow_chance",
     "resolution_chance", "contrast_chance"],
)  # fmt: skip
def test_each_setting_alone_changes_digits(changed):
    settings = replace(Augmentation(), **{changed: getattr(EVERYTHING, changed)})
    canvases = augment(DIGITS, settings, rng())
    assert (canvases != DIGITS).any(axis=(1, 2, 3)).mean() > 0.5


def test_same_state_gives_same_canvases_and_inputs_stay_untouched():
    before = DIGITS.copy()
    first, second = augment(DIGITS, EVERYTHING, rng()), augment(DIGITS, EVERYTHING, rng())
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(DIGITS, before)
    assert first.shape == DIGITS.shape
    assert first.dtype == np.uint8


def test_no_canvas_shows_a_part_of_its_neighbors():
    # Every second canvas is full of ink, right up to its edges; what lies between must stay paper.
    canvases = np.zeros((64, 28, 28, 1), dtype=np.uint8)
    canvases[::2] = 255
    far = replace(EVERYTHING, shift=0.5, zoom=0.5, rotation_deg=90, elastic_px=10)
    assert augment(canvases, far, rng())[1::2].max() == 0


def test_thin_strokes_never_vanish():
    ones = np.stack([draw_digit(1, stroke_px=1)] * 500)
    canvases = augment(ones, cnn.CONFIG.augmentation, rng())
    assert canvases.max(axis=(1, 2, 3)).min() > 60


def test_stretching_fills_the_box():
    ones = np.stack([draw_digit(1, stroke_px=3)] * 200)
    canvases = augment(ones, Augmentation(stretch_chance=1), rng())
    widths = (canvases.max(axis=(1, 3)) > 127).sum(axis=1)
    assert widths.min() > 3
    assert 18 <= widths.max() <= 22


def test_batch_that_does_not_fit_on_the_strip_is_refused():
    with pytest.raises(ValueError, match=f"at most {MAX_BATCH_SIZE}"):
        augment(np.zeros((MAX_BATCH_SIZE + 1, 28, 28, 1), dtype=np.uint8), EVERYTHING, rng())
