import cv2
import numpy as np
import pytest

from service.recognition.alphabet import OTHER, class_of_digit
from tests.trainer.lines.hands import drawn_hands, drawn_letters
from trainer.data.lines.compose import compose
from trainer.data.lines.marks import strike_through
from trainer.data.lines.piece import HEIGHT_PX
from trainer.data.lines.signs import SIGNS, draw_sign
from trainer.data.lines.style import LineStyle


def written(style: LineStyle, seed: int, text: str):
    return compose(drawn_hands(), style, np.random.default_rng(seed), letters=drawn_letters(), text=text)


@pytest.mark.parametrize("kind", SIGNS)
def test_every_sign_is_ink_within_its_picture(kind):
    for seed in range(20):
        picture = draw_sign(kind, HEIGHT_PX, 3, 0.2, np.random.default_rng(seed))
        assert picture.dtype == np.uint8
        assert picture.max() > 200
        assert not picture[[0, -1]].any()
        assert not picture[:, [0, -1]].any()


def test_a_slash_is_higher_than_a_digit_which_may_be_a_one():
    for seed in range(20):
        picture = draw_sign("slash", HEIGHT_PX, 3, 0.0, np.random.default_rng(seed))
        assert cv2.boundingRect(picture)[3] > 1.1 * HEIGHT_PX


def test_signs_are_not_read_and_stand_beside_the_digits():
    plain = [written(LineStyle(), seed, "1234567") for seed in range(40)]
    signed = [written(LineStyle(sign_chance=1.0), seed, "1234567") for seed in range(40)]
    for one, without in zip(signed, plain, strict=True):
        assert one.classes == without.classes
        assert not np.array_equal(one.ink, without.ink)
    assert any(one.boxes[0][0] > HEIGHT_PX / 4 for one in signed)  # before
    assert any(one.ink.shape[1] - one.boxes[-1][1] > HEIGHT_PX / 4 for one in signed)  # after


def test_without_a_chance_of_signs_nothing_changes():
    without, default = written(LineStyle(sign_chance=0.0), 3, "505"), written(LineStyle(), 3, "505")
    assert np.array_equal(without.ink, default.ink)


def test_a_stroke_through_a_digit_goes_from_side_to_side():
    digit = np.zeros((28, 20), np.uint8)
    digit[:, 8:12] = 255
    for seed in range(20):
        struck = strike_through(digit, 3, np.random.default_rng(seed))
        columns = np.flatnonzero(struck.max(axis=0))
        assert len(columns) > 20


def test_digits_that_may_carry_a_stroke_are_not_struck_with_one(monkeypatch):
    struck = []
    monkeypatch.setattr(
        "trainer.data.lines.other_pieces.strike_through", lambda digit, pen, rng: struck.append(digit) or digit
    )
    for seed in range(60):
        written(LineStyle(other_chance=1.0), seed, "0147")
    assert not struck
    others = [written(LineStyle(other_chance=1.0), seed, "2358") for seed in range(60)]
    assert struck
    assert any(OTHER in one.classes and class_of_digit(2) not in one.classes for one in others)
