"""Ink that is hardly darker than its paper is found, and paper alone is not taken for it."""

import cv2
import numpy as np
import pytest

from service.recognition.canvas import digit_canvas
from service.recognition.faint import brought_out, is_written
from service.recognition.ink import find_ink
from service.recognition.levels import grain_of
from service.recognition.line import find_line
from tests.recognition.drawing import seven, stroke_overlap, with_grain
from tests.recognition.writing import number, on_paper

CLEAN = digit_canvas(find_ink(seven()).image)


def in_falling_light(picture: np.ndarray, least: float = 0.7) -> np.ndarray:
    """The picture with a lamp on its left: uint8 of its shape."""
    return np.rint(picture * np.linspace(1.0, least, picture.shape[1])).astype(np.uint8)


@pytest.mark.parametrize("deviation", [0.7, 2.0, 4.0])
@pytest.mark.parametrize("pen", [205, 212], ids=["an eighth", "a tenth"])
def test_a_pale_digit_is_read_like_a_dark_one(pen: int, deviation: float) -> None:
    picture = with_grain(in_falling_light(seven(paper=235, pen=pen)), deviation=deviation)
    ink = find_ink(picture)
    assert ink.box is not None
    assert stroke_overlap(digit_canvas(ink.image), CLEAN) >= 0.65


def test_a_pale_digit_of_a_drawing_is_read_like_a_dark_one() -> None:
    ink = find_ink(seven(paper=255, pen=240))
    assert np.array_equal(digit_canvas(ink.image), CLEAN)


@pytest.mark.parametrize("deviation", [0.7, 2.0])
def test_a_pale_number_is_found(deviation: float) -> None:
    ink = number("40527183", height=60)
    picture = with_grain(in_falling_light(on_paper(ink, pen=210, margin=30)), deviation=deviation)
    line = find_line(picture)
    assert line.box is not None
    assert line.box.width == pytest.approx(ink.shape[1], abs=6)
    assert line.box.height == pytest.approx(ink.shape[0], abs=6)


@pytest.mark.parametrize("deviation", [0.0, 1.0, 3.0, 8.0])
@pytest.mark.parametrize("least", [1.0, 0.7, 0.4])
def test_paper_alone_is_blank(least: float, deviation: float) -> None:
    for seed in range(5):
        paper = in_falling_light(np.full((160, 160), 225, np.uint8), least)
        assert find_ink(with_grain(paper, deviation=deviation, seed=seed)).box is None


def test_what_shines_through_from_the_other_side_is_blank() -> None:
    through = cv2.GaussianBlur(seven(paper=235, pen=226)[:, ::-1], (0, 0), 3)
    assert find_ink(with_grain(through, deviation=1.0)).box is None


def test_a_shadow_that_is_as_strong_as_the_ink_is_no_ink() -> None:
    page = np.full((200, 200), 230, np.uint8)
    page[:, 110:] = 208
    assert find_ink(with_grain(cv2.GaussianBlur(page, (0, 0), 6), deviation=1.0)).box is None


def test_light_is_evened_out_and_strokes_are_not() -> None:
    written = seven(paper=235, pen=200)
    even, _ = brought_out(in_falling_light(written, 0.5))
    is_paper, is_ink = written == 235, written == 200
    assert float(np.std(even[is_paper].astype(float))) < 2.0
    assert float(np.median(even[is_paper])) - float(np.median(even[is_ink])) > 20


def test_the_grain_that_is_left_is_known() -> None:
    paper = with_grain(np.full((300, 300), 200, np.uint8), deviation=6.0)
    even, left = brought_out(paper)
    assert left == pytest.approx(float(np.std(even.astype(float))), rel=0.3)
    assert left < 0.2 * grain_of(paper)


def test_ink_is_far_above_the_grain() -> None:
    ink = np.zeros((100, 100), np.uint8)
    ink[20:80, 40:52] = 255
    assert is_written(ink, contrast=13.0, noise=1.0)
    assert not is_written(ink, contrast=13.0, noise=1.5)
    assert not is_written(ink, contrast=11.0, noise=0.0)


def test_strokes_may_be_cut_by_the_edges_and_what_lies_along_them_is_a_shadow() -> None:
    cut, shadow = np.zeros((100, 100), np.uint8), np.zeros((100, 100), np.uint8)
    cut[40:52, :30] = 255
    shadow[:, :10] = 255
    assert is_written(cut, contrast=20.0, noise=1.0)
    assert not is_written(shadow, contrast=20.0, noise=1.0)
