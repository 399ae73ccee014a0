"""Whatever the bytes: they decode to a proper gray image, or to one of our errors; ink and canvas follow."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from service.recognition.canvas import digit_canvas
from service.recognition.errors import BlankImage, RequestError
from service.recognition.image import decode_image
from service.recognition.ink import find_ink
from tests.fuzz.whole_pictures import whole_pictures

# As in the service: Pillow's warnings about odd pictures are no errors there.
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

MAX_PIXELS = 1_000_000

# The same examples in every run: a failure comes again, and nobody's change fails for another's luck.
bounded = settings(
    max_examples=400, deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)


@st.composite
def damaged_pictures(draw: st.DrawFn) -> bytes:
    """A whole file of any format, with up to six stretches replaced, left out, repeated or cut off."""
    data = draw(st.sampled_from(list(whole_pictures().values())))
    for _ in range(draw(st.integers(0, 6))):
        begin = draw(st.integers(0, len(data)))
        end = begin + draw(st.integers(0, 64))
        data = data[:begin] + draw(st.one_of(st.binary(max_size=64), st.just(data[begin:end] * 2))) + data[end:]
    return data


@bounded
@given(st.binary(max_size=2000))
def test_any_bytes_are_a_picture_or_one_of_our_errors(data):
    _decode_and_read(data)


@bounded
@given(damaged_pictures())
def test_damaged_pictures_are_pictures_or_one_of_our_errors(data):
    _decode_and_read(data)


@bounded
@given(arrays(np.uint8, array_shapes(min_dims=2, max_dims=2, max_side=80)))
def test_any_gray_image_has_ink_for_a_canvas_or_none(image):
    _read(image)


@bounded
@given(arrays(np.uint8, array_shapes(min_dims=2, max_dims=2, max_side=12)), st.integers(1, 120), st.integers(1, 120))
def test_any_enlarged_pattern_has_ink_for_a_canvas_or_none(pattern, rows, columns):
    """Large pictures, of shapes as long and thin as they come."""
    _read(np.kron(pattern, np.ones((rows, columns), np.uint8)))


def _decode_and_read(data: bytes) -> None:
    try:
        gray = decode_image(data, max_pixels=MAX_PIXELS)
    except RequestError:
        return
    assert gray.dtype == np.uint8
    assert gray.ndim == 2
    assert 0 < gray.size <= MAX_PIXELS
    _read(gray)


def _read(gray: np.ndarray) -> None:
    ink = find_ink(gray)
    assert ink.image.dtype == np.uint8
    if ink.box is None:
        assert ink.image.size == 0
        with pytest.raises(BlankImage):
            digit_canvas(ink.image)
        return
    height, width = gray.shape
    assert 0 <= ink.box.x < ink.box.x + ink.box.width <= width
    assert 0 <= ink.box.y < ink.box.y + ink.box.height <= height
    canvas = digit_canvas(ink.image)
    assert canvas.dtype == np.uint8
    assert canvas.shape == (28, 28, 1)
    assert canvas.any()
