import hashlib

import numpy as np

from trainer.golden import draw_digit, golden_canvases


def test_golden_canvases_never_change():
    # Whole-pixel strokes without smoothing, so that every version of OpenCV draws the same.
    canvases = golden_canvases()
    assert canvases.shape == (25, 28, 28, 1)
    assert (
        hashlib.sha256(canvases.tobytes()).hexdigest()
        == "5a281bd9f5aafa51910bd0111b635d952f7f1ca68d7cb9457563e00116307b52"
    )


def test_no_two_golden_canvases_are_alike():
    assert len(np.unique(golden_canvases(), axis=0)) == 25


def test_drawn_digits_stand_where_served_digits_stand():
    for digit in range(10):
        ys, xs, _ = np.nonzero(draw_digit(digit, stroke_px=2))
        assert abs(ys.mean() - 14) < 4
        assert abs(xs.mean() - 14) < 4
