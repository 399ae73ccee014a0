"""Light, paper and printed lines in a picture of a number."""

import cv2
import numpy as np
import pytest

from service.recognition.levels import levels_of
from service.recognition.line_paper import dark_ink_evidence, lift_line
from service.recognition.paper import Polarity
from tests.recognition.drawing import in_shadow, with_grain
from tests.recognition.writing import number, on_paper

INK = number("4052718", height=40)


@pytest.mark.parametrize("margin", [0, 2, 20])
@pytest.mark.parametrize("thickness", [2, 4, 10])
def test_evidence_of_a_negative_is_the_negative_of_the_evidence(margin: int, thickness: int) -> None:
    picture = on_paper(number("8608", height=40, thickness=thickness), margin=margin)
    assert dark_ink_evidence(picture) > 0.1
    assert dark_ink_evidence(255 - picture) == pytest.approx(-dark_ink_evidence(picture), abs=0.05)


@pytest.mark.parametrize("spoil", [with_grain, in_shadow, lambda picture: with_grain(in_shadow(picture))])
def test_a_photographed_number_of_either_polarity_is_lifted(spoil) -> None:
    picture = on_paper(INK)
    for seen, polarity in ((spoil(picture), Polarity.DARK_ON_LIGHT), (spoil(255 - picture), Polarity.LIGHT_ON_DARK)):
        lifted = lift_line(seen)
        assert lifted.polarity is polarity
        assert not lifted.is_cut
        assert lifted.image[picture < 60].mean() > 200
        assert lifted.image[picture > 230].mean() < 3


def test_dark_rules_do_not_make_pale_writing_vanish() -> None:
    picture = on_paper(INK, pen=175)
    written = picture < 205
    picture[66:69] = picture[12:15] = 10
    lifted = lift_line(with_grain(picture, deviation=2))
    assert lifted.rulings[66:69].mean() > 0.95
    assert lifted.image[written].mean() > 150
    assert lifted.contrast == pytest.approx(65, abs=15)


def test_a_small_clean_picture_was_cut_by_a_program() -> None:
    lifted = lift_line(np.pad(number("08", height=16), 2))
    assert lifted.is_cut
    assert not lifted.rulings.any()


def test_blank_paper_has_no_contrast() -> None:
    assert lift_line(np.full((40, 200), 200, np.uint8)).contrast == 0
    assert lift_line(with_grain(np.full((60, 240), 180, np.uint8))).contrast < 24


@pytest.mark.parametrize("margin", [2, 6, 12])
def test_the_strokes_of_a_digit_drawn_close_to_its_edges_are_no_print(margin: int) -> None:
    drawn = np.zeros((40, 26), np.uint8)
    cv2.polylines(drawn, [np.array([[2, 3], [23, 3], [10, 37]], np.int32)], False, 255, 3)
    picture = np.pad(drawn, margin)
    assert not lift_line(picture).rulings.any()


def test_a_line_that_leaves_a_narrow_picture_is_printed() -> None:
    picture = np.zeros((60, 50), np.uint8)
    cv2.circle(picture, (25, 25), 12, 255, 3)
    picture[50:52] = 255
    lifted = lift_line(picture)
    assert lifted.rulings[50:52].all()
    assert not lifted.image[50:52].any()
    assert lifted.image[10:40, 10:40].any()


@pytest.mark.parametrize("deviation", [0.0, 6.0])
def test_fine_strokes_are_no_noise(deviation: float) -> None:
    ink = np.pad(number("4052718", height=16, thickness=1), 1) // 2 + 60
    grainy = with_grain(ink, deviation=deviation)
    assert levels_of(grainy, has_fine_strokes=True).noise == pytest.approx(deviation, abs=1.0)
    assert levels_of(grainy).noise > deviation + 3.0


def test_a_picture_of_a_few_rows_has_one_level_of_paper() -> None:
    picture = on_paper(number("4052718", height=12), margin=0)
    lifted = lift_line(with_grain(picture, deviation=2))
    assert lifted.is_cut
    assert lifted.image[picture < 60].min() > 200
    assert not lifted.rulings.any()
