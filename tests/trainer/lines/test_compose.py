from itertools import pairwise

import numpy as np
import pytest

from service.recognition.alphabet import OTHER, class_of_digit
from tests.trainer.lines.hands import drawn_hands, drawn_letters
from trainer.data.lines.compose import HEIGHT_PX, compose
from trainer.data.lines.marks import draw_filler, draw_mark, strike_out
from trainer.data.lines.style import CLEAN, HARD, STACKED, LineStyle
from trainer.data.lines.texts import draw_text


def written(style: LineStyle, seed: int = 0, text: str | None = None):
    return compose(drawn_hands(), style, np.random.default_rng(seed), letters=drawn_letters(), text=text)


@pytest.mark.parametrize("style", [STACKED, CLEAN])
def test_classes_are_the_digits_of_the_number(style):
    composed = written(style, text="90817")
    assert composed.classes == [class_of_digit(int(symbol)) for symbol in "90817"]
    assert composed.text == "90817"


def test_stacked_digits_stand_side_by_side():
    composed = written(STACKED, text="2040")
    ends = [end for _, end in composed.boxes]
    starts = [start for start, _ in composed.boxes]
    assert all(end < start for end, start in zip(ends, starts[1:], strict=False))
    for start, end in composed.boxes:
        assert composed.ink[:, start:end].max() == 255


def test_stacked_digits_are_not_bent():
    once, again = written(STACKED, seed=1, text="8"), written(STACKED, seed=1, text="8")
    assert np.array_equal(once.ink, again.ink)
    assert abs(once.ink.shape[0] - HEIGHT_PX) <= 3


def test_touching_digits_leave_no_gap():
    composed = written(LineStyle(touching_chance=1.0), text="0000")
    assert composed.ink.max(axis=0).min() > 0


def test_wide_gaps_are_wider_than_usual_ones():
    wide, usual = written(LineStyle(wide_chance=1.0), text="0000"), written(STACKED, text="0000")
    assert wide.ink.shape[1] > usual.ink.shape[1] + 3 * 0.3 * HEIGHT_PX


def test_a_rising_line_needs_more_height():
    level, rising = written(STACKED, text="0000000000"), written(LineStyle(rise=0.3), seed=3, text="0000000000")
    assert rising.ink.shape[0] > level.ink.shape[0]


def test_marks_are_not_read():
    with_marks = [written(LineStyle(mark_chance=1.0), seed=seed, text="1234567") for seed in range(20)]
    assert all(composed.text == "1234567" and OTHER not in composed.classes for composed in with_marks)
    plain = written(STACKED, text="1234567")
    assert max(composed.ink.shape[1] for composed in with_marks) > plain.ink.shape[1]


def test_what_stands_in_place_of_a_digit_is_read_as_other():
    composed = [written(LineStyle(other_chance=1.0), seed=seed, text="55") for seed in range(20)]
    assert all(OTHER in one.classes for one in composed)
    assert any(one.text == "55" for one in composed)
    assert any(one.text != "55" for one in composed)  # a struck-out digit is gone


def test_nothing_may_be_written():
    kinds = {tuple(written(LineStyle(nothing_chance=1.0), seed=seed).classes[:1]) for seed in range(40)}
    assert kinds == {(), (OTHER,)}


def test_every_seed_gives_one_number():
    assert np.array_equal(written(HARD, seed=4).ink, written(HARD, seed=4).ink)
    assert not np.array_equal(written(HARD, seed=4).ink, written(HARD, seed=5).ink)


@pytest.mark.parametrize("kind", ["dot", "comma", "dash", "equals", "plus", "star", "apostrophe", "colon"])
def test_every_mark_is_smaller_than_a_digit(kind):
    picture, level = draw_mark(kind, HEIGHT_PX, 3, np.random.default_rng(0))
    assert picture.max() == 255
    assert picture.shape[0] < HEIGHT_PX
    assert -0.5 < level < 1.5


def test_a_filler_and_a_struck_out_digit_hold_more_ink_than_paper_lines():
    rng = np.random.default_rng(0)
    assert draw_filler(HEIGHT_PX, 3, rng).any()
    digit = np.zeros((28, 20), np.uint8)
    digit[:, 8:12] = 255
    struck = strike_out(digit, 3, rng)
    assert np.count_nonzero(struck) > np.count_nonzero(digit)


def test_texts_keep_to_their_length_and_double_when_asked():
    rng = np.random.default_rng(0)
    texts = [draw_text(rng, max_length=20, repeat_chance=0.0) for _ in range(500)]
    doubled = [draw_text(rng, max_length=20, repeat_chance=1.0) for _ in range(500)]
    assert {len(text) for text in texts} == set(range(1, 21))

    def share(of):
        pairs = [a == b for text in of for a, b in pairwise(text)]
        return sum(pairs) / len(pairs)

    assert share(texts) < 0.2 < share(doubled)
