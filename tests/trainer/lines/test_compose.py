from dataclasses import replace
from itertools import pairwise

import cv2
import numpy as np
import pytest

from service.recognition.alphabet import OTHER, class_of_digit
from tests.trainer.lines.hands import drawn_hands, drawn_letters
from trainer.data.lines import digit_pieces
from trainer.data.lines.compose import compose
from trainer.data.lines.digit_pieces import BEND_PX
from trainer.data.lines.layout import BOX_PX
from trainer.data.lines.marks import draw_filler, draw_mark, strike_out
from trainer.data.lines.piece import HEIGHT_PX
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


def test_stacked_digits_have_boxes_of_one_size_and_stand_in_their_middle():
    composed = written(STACKED, text="2047")
    middles = []
    for left, right in composed.boxes:
        moments = cv2.moments(composed.ink[:, left:right])
        middles.append((left + moments["m10"] / moments["m00"], moments["m01"] / moments["m00"]))
    columns, rows = np.array(middles).T
    assert np.diff(columns) == pytest.approx(BOX_PX, abs=1.0)
    assert np.ptp(rows) <= 1.0


def test_stacked_digits_are_not_bent(monkeypatch):
    bent = []
    monkeypatch.setattr(digit_pieces, "_bent", lambda picture, rng: bent.append(picture) or picture)
    assert abs(written(STACKED, seed=1, text="8").ink.shape[0] - HEIGHT_PX) <= 3
    written(STACKED, text="90817253648881")
    assert bent == []
    written(replace(STACKED, bend_chance=1.0), text="88")
    assert len(bent) == 2


def test_a_bent_digit_is_another_one_each_time_and_moves_little():
    bent = [written(LineStyle(bend_chance=1.0), seed=seed, text="0").ink for seed in range(8)]
    assert len({one.tobytes() for one in bent}) == len(bent)
    for seed, one in enumerate(bent):
        straight = written(LineStyle(), seed=seed, text="0").ink
        assert abs(one.shape[0] - straight.shape[0]) <= 6 * BEND_PX
        assert int(one.sum()) == pytest.approx(int(straight.sum()), rel=0.4)


class Counting(np.random.Generator):
    """Chance that counts how often it is asked for a number from 0 to 1."""

    def __init__(self, seed):
        super().__init__(np.random.PCG64(seed))
        self.num_asked = 0

    def random(self, *arguments, **options):
        self.num_asked += 1
        return super().random(*arguments, **options)


def test_bending_leaves_chance_as_it_was_where_nothing_is_bent():
    asked = []
    for bend_chance in (0.0, 1e-12):  # never, and hardly ever
        rng = Counting(3)
        style = replace(STACKED, bend_chance=bend_chance)
        compose(drawn_hands(), style, rng, letters=drawn_letters(), text="90817")
        asked.append(rng.num_asked)
    # Numbers of a style that bends nothing are those from before there was bending: it draws nothing for it.
    assert asked[1] - asked[0] == len("90817")


def test_joined_zeros_hang_together_and_are_mostly_smaller():
    style = LineStyle(joined_chance=1.0, wide_chance=1.0)
    composed = [written(style, seed=seed, text="7000") for seed in range(20)]
    for one in composed:
        assert one.text == "7000"
        assert all(start <= end + 1 for (_, end), (start, _) in pairwise(one.boxes[1:]))
    heights = [np.flatnonzero(one.ink[:, slice(*one.boxes[2])].any(axis=1)).size for one in composed]
    assert min(heights) < 0.8 * HEIGHT_PX
    assert np.median(heights) < HEIGHT_PX


def test_a_single_zero_stays_as_it_was():
    joined, plain = (written(LineStyle(joined_chance=chance), text="70").ink for chance in (1.0, 0.0))
    assert np.array_equal(joined, plain)


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
    plain = written(LineStyle(), text="1234567")
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


def test_round_numbers_end_in_zeros_and_begin_as_they_would():
    rng = np.random.default_rng(0)
    texts = [draw_text(rng, max_length=20, repeat_chance=0.0, round_chance=1.0) for _ in range(200)]
    long_enough = [text for text in texts if len(text) > 2]
    assert all(text.endswith("00") for text in long_enough)
    assert sum(text.endswith("000") for text in long_enough) > len(long_enough) / 4
    assert sum(text[0] != "0" for text in long_enough) > 0.8 * len(long_enough)
