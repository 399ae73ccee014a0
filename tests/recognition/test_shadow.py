"""The shadow of a hand is not taken for ink, and no bold stroke for a shadow."""

import cv2
import numpy as np
import pytest

from service.recognition.canvas import digit_canvas
from service.recognition.ink import find_ink
from service.recognition.line import find_line
from service.recognition.shadow import window_share
from tests.recognition.drawing import seven, stroke_overlap, with_grain
from tests.recognition.writing import ink_in_picture, number, on_paper, shares

AT = [(0.4, 0.7), (0.6, 0.6), (0.5, 0.75), (0.7, 0.5)]


def under_hand(picture: np.ndarray, *, at: tuple[float, float], size: tuple[float, float] = (0.3, 0.22)) -> np.ndarray:
    """The picture with the soft shadow of something round; its middle and its axes are shares of the picture."""
    height, width = picture.shape
    light = np.ones((height, width), np.float32)
    middle, axes = ((round(x * width), round(y * height)) for x, y in (at, size))
    cv2.ellipse(light, middle, axes, 30, 0, 360, 0.5, -1)
    light = cv2.GaussianBlur(light, (0, 0), 0.02 * min(height, width))
    return with_grain(np.rint(picture * light).astype(np.uint8), deviation=3)


@pytest.mark.parametrize("at", AT)
def test_a_digit_in_the_shadow_of_a_hand_is_found(at) -> None:
    plain = seven(220)
    ink = find_ink(under_hand(plain, at=at))
    assert stroke_overlap(digit_canvas(ink.image), digit_canvas(find_ink(plain).image)) >= 0.75


@pytest.mark.parametrize("at", AT)
def test_without_a_finer_window_the_shadow_would_be_read(monkeypatch, at) -> None:
    """So that the test above cannot pass for another reason."""
    monkeypatch.setattr("service.recognition.digit_paper.window_share", lambda *_, **__: 1.0)
    ink = find_ink(under_hand(seven(220), at=at))
    assert stroke_overlap(digit_canvas(ink.image), digit_canvas(find_ink(seven(220)).image)) < 0.5


def test_a_number_partly_in_shadow_is_found() -> None:
    plain = on_paper(number("40527", height=80), margin=70)
    line = find_line(under_hand(plain, at=(0.45, 0.75), size=(0.25, 0.3)))
    found, right = shares(ink_in_picture(line.image, line.to_picture, plain.shape), plain < 140)
    assert found >= 0.9
    assert right >= 0.8


@pytest.mark.parametrize("thickness", [6, 12, 20, 28])
def test_bold_strokes_are_no_shadow(thickness) -> None:
    plain = seven(140, thickness=thickness)
    picture = with_grain(plain, deviation=3)
    assert stroke_overlap(digit_canvas(find_ink(picture).image), digit_canvas(find_ink(plain).image)) >= 0.75


def test_a_finer_window_is_taken_only_where_what_it_takes_away_is_paler_than_ink() -> None:
    def flatten_with(shadow: int) -> np.ndarray:
        """The usual window leaves a disc of this level around a stroke; finer ones leave the stroke alone."""

        def flatten(share: float) -> np.ndarray:
            ink = np.zeros((100, 100), np.uint8)
            if share == 1.0:
                cv2.circle(ink, (50, 50), 30, shadow, -1)
            cv2.line(ink, (50, 20), (50, 80), 200, 6)
            return ink

        return flatten

    assert window_share(flatten_with(100), usual_px=40) < 1.0
    assert window_share(flatten_with(190), usual_px=40) == 1.0
    assert window_share(flatten_with(0), usual_px=40) == 1.0
