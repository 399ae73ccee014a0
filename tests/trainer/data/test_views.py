"""What a frozen network sees, as batches."""

import keras
import numpy as np

from trainer.config import Augmentation
from trainer.data.digits import Digits
from trainer.data.views import View, view_of
from trainer.golden import draw_digit

DIGITS = Digits(np.stack([draw_digit(digit, stroke_px=2) for digit in range(10)]), np.arange(10))


def sums_and_rows() -> keras.Model:
    """A stand-in for a network: rows of the canvas as the early map, its sum as the last feature."""
    canvases = keras.Input((28, 28, 1), dtype="uint8")
    gray = keras.ops.cast(canvases, "float32")
    return keras.Model(canvases, [gray, keras.ops.sum(gray, axis=(1, 2)) / 1000.0, gray])


def test_every_canvas_comes_once_an_epoch_in_another_order_with_its_label():
    view = view_of(sums_and_rows(), DIGITS, Augmentation(), strength=0.0, rng=np.random.default_rng(0), batch_size=4)
    orders = []
    for _ in range(3):
        batches = [view[index] for index in range(len(view))]
        assert [len(labels) for _, labels in batches] == [4, 4, 2]
        for (early, late), labels in batches:
            assert early.dtype == late.dtype == np.float32
            np.testing.assert_array_equal(early, DIGITS.canvases[labels])
            np.testing.assert_allclose(late[:, 0], DIGITS.canvases[labels].sum(axis=(1, 2, 3)) / 1000, rtol=1e-3)
        order = np.concatenate([labels for _, labels in batches])
        assert sorted(order) == list(range(10))
        orders.append(order.tolist())
        view.on_epoch_end()
    assert orders[0] != orders[1] != orders[2]


def test_canvases_are_augmented_by_the_generator():
    def early(seed: int) -> np.ndarray:
        rng = np.random.default_rng(seed)
        view = view_of(sums_and_rows(), DIGITS, Augmentation(rotation_deg=15), strength=1.0, rng=rng, batch_size=10)
        assert isinstance(view, View)
        (canvases, _), labels = view[0]
        return canvases[np.argsort(labels)]

    assert (early(1) != DIGITS.canvases).any()
    np.testing.assert_array_equal(early(1), early(1))
    assert (early(1) != early(2)).any()
