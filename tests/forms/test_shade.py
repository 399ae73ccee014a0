import cv2
import numpy as np

from service.forms.shade import without_shade

PX_PER_MM = 8.0


def strokes() -> np.ndarray:
    """An 8 in a felt pen in its box; uint8 darkness."""
    ink = np.zeros((100, 160), np.uint8)
    cv2.rectangle(ink, (50, 10), (110, 90), 110, 2)
    cv2.ellipse(ink, (80, 35), (14, 13), 0, 0, 360, 200, 11, cv2.LINE_AA)
    cv2.ellipse(ink, (80, 64), (17, 16), 0, 0, 360, 200, 11, cv2.LINE_AA)
    return ink


def test_the_shade_of_a_crease_goes_and_strokes_stay() -> None:
    ink = strokes()
    crease = np.zeros_like(ink)
    cv2.line(crease, (0, 20), (159, 85), 70, 30)
    crease = cv2.GaussianBlur(crease, (0, 0), 8)
    shaded = np.maximum(ink, crease)
    evened = without_shade(shaded, px_per_mm=PX_PER_MM)
    is_paper = cv2.dilate(ink, np.ones((9, 9), np.uint8)) == 0
    assert shaded[is_paper].max() > 60
    assert np.percentile(evened[is_paper], 99) < 35
    assert evened[ink == 200].min() > 120


def test_a_felt_pen_on_even_paper_is_left_as_it_is() -> None:
    ink = strokes()
    assert np.array_equal(without_shade(ink, px_per_mm=PX_PER_MM), ink)


def test_what_is_blacked_out_stays() -> None:
    ink = np.zeros((100, 160), np.uint8)
    ink[20:80, 50:110] = 150
    assert without_shade(ink, px_per_mm=PX_PER_MM)[25:75, 55:105].min() > 140


def test_paper_without_anything_stays_empty() -> None:
    assert not without_shade(np.zeros((30, 40), np.uint8), px_per_mm=PX_PER_MM).any()
