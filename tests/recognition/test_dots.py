"""A picture in dots is looked at as the gray picture that it stands for."""

import numpy as np
import pytest
from PIL import Image

from service.recognition.canvas import digit_canvas
from service.recognition.dots import without_dots
from service.recognition.ink import find_ink
from service.recognition.line import find_line
from tests.recognition.drawing import in_shadow, seven, stroke_overlap, with_grain
from tests.recognition.writing import ink_in_picture, number, on_paper, shares


def dithered(picture: np.ndarray) -> np.ndarray:
    """In black and white, as Pillow does it: Floyd and Steinberg's error diffusion."""
    return np.asarray(Image.fromarray(picture).convert("1").convert("L"))


def screened(picture: np.ndarray) -> np.ndarray:
    """In black dots of a regular screen, as in a newspaper."""
    rows, columns = np.indices(picture.shape)
    screen = 128 + 110 * np.sin(2 * np.pi * rows / 5) * np.sin(2 * np.pi * columns / 5)
    return np.where(picture > screen, 255, 0).astype(np.uint8)


def speckled(picture: np.ndarray, *, share: float = 0.08) -> np.ndarray:
    """In black and white, with so many pixels turned over on a bad line."""
    is_wrong = np.random.default_rng(3).random(picture.shape) < share
    return np.where((picture > 128) ^ is_wrong, 255, 0).astype(np.uint8)


@pytest.mark.parametrize("spoil", [dithered, screened, speckled])
def test_a_digit_in_dots_is_found(spoil) -> None:
    plain = seven(220, paper=205)
    ink = find_ink(spoil(plain))
    assert stroke_overlap(digit_canvas(ink.image), digit_canvas(find_ink(plain).image)) >= 0.7


@pytest.mark.parametrize("spoil", [dithered, speckled])
def test_a_number_in_dots_is_found(spoil) -> None:
    plain = np.minimum(on_paper(number("40527", height=80), margin=60), 205).astype(np.uint8)
    line = find_line(spoil(plain))
    found, right = shares(ink_in_picture(line.image, line.to_picture, plain.shape), plain < 122)
    assert found >= 0.9
    assert right >= 0.9


@pytest.mark.parametrize(
    "picture",
    [
        np.where(seven(220) > 128, 255, 0).astype(np.uint8),
        with_grain(in_shadow(seven(220))),
        speckled(seven(220), share=0.02),
        dithered(seven(48, paper=205)),  # too small to be smoothed
        np.full((200, 200), 200, np.uint8),
    ],
    ids=["black and white", "photograph", "few specks", "small", "blank"],
)
def test_what_is_not_in_dots_is_left(picture) -> None:
    assert without_dots(picture) is picture
