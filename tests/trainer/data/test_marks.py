"""Drawn marks and collages: what a gate learns to reject."""

import numpy as np
import pytest

from trainer.data import marks
from trainer.data.collages import crossed_out, cut_or_turned, enlarged, several
from trainer.data.digits import Digits
from trainer.data.marks import INK_PX, MARK_KINDS, draw_mark, draw_mark_of
from trainer.golden import draw_digit

DIGITS = Digits(np.stack([draw_digit(digit, stroke_px=2) for digit in range(10)]), np.arange(10))


@pytest.mark.parametrize("kind", MARK_KINDS)
def test_marks_are_ink_on_paper_and_repeat_with_their_generator(kind):
    for seed in range(20):
        ink = draw_mark_of(kind, np.random.default_rng(seed))
        assert ink.shape == (INK_PX, INK_PX)
        assert ink.dtype == np.uint8
        assert np.count_nonzero(ink >= 128) >= 20
        assert np.mean(ink >= 128) < 0.75
        np.testing.assert_array_equal(ink, draw_mark_of(kind, np.random.default_rng(seed)))


def test_all_kinds_come_up(monkeypatch):
    rng = np.random.default_rng(0)
    drawn = []
    monkeypatch.setattr(marks, "draw_mark_of", lambda kind, _: drawn.append(kind) or draw_mark_of(kind, rng))
    assert len({draw_mark(rng).tobytes() for _ in range(300)}) == 300
    assert {*drawn} == {*MARK_KINDS}


def test_crossing_out_only_adds_ink():
    for row in range(10):
        ink = crossed_out(DIGITS.canvases[row], np.random.default_rng(row))
        clean = enlarged(DIGITS.canvases[row])
        assert (ink >= clean).all()
        assert np.count_nonzero(ink > 128) > 1.2 * np.count_nonzero(clean > 128)


def test_what_is_cut_or_turned_is_no_longer_the_digit():
    rng = np.random.default_rng(0)
    wholes = {enlarged(canvas).tobytes() for canvas in DIGITS.canvases}
    for _ in range(60):
        ink = cut_or_turned(DIGITS, rng)
        assert ink.any()
        assert ink.tobytes() not in wholes


def test_several_digits_stand_side_by_side_in_the_box_of_one():
    rng = np.random.default_rng(0)
    num_wide = 0
    for _ in range(60):
        ys, xs = np.nonzero(several(DIGITS, rng) >= 64)
        assert max(np.ptp(xs), np.ptp(ys)) + 1 <= 62
        num_wide += np.ptp(xs) >= np.ptp(ys)
    assert num_wide > 40
