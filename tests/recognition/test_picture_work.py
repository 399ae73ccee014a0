"""Small files that ask for much work are refused before it is done."""

import io
import os
import struct

import pytest
from PIL import Image

from service.recognition import image
from service.recognition.errors import TooLarge
from service.recognition.image import DEFAULT_MAX_PIXELS, decode_image, decode_page
from service.recognition.picture_work import MAX_SCANS
from tests.recognition.drawing import seven

SHORT, LONG = 3, 4  # types of TIFF fields


def jpeg() -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(seven(64)).save(buffer, "JPEG", progressive=True)
    return buffer.getvalue()


def with_scans(num_more: int) -> bytes:
    """A JPEG whose last refinement comes so many times more."""
    data = jpeg()
    last, end = data.rindex(b"\xff\xda"), data.rindex(b"\xff\xd9")
    return data[:end] + data[last:end] * num_more + data[end:]


def tiff_in_tiles(side: int) -> bytes:
    """A TIFF of 28 x 28 pixels in one tile of `side` x `side`, which is white."""
    pixels = b"\xff" * (side * side if side <= 2_000 else 1)
    values = {
        256: (LONG, 28),
        257: (LONG, 28),
        258: (SHORT, 8),
        259: (SHORT, 1),
        262: (SHORT, 1),
        277: (SHORT, 1),
        322: (LONG, side),
        323: (LONG, side),
        324: (LONG, 134),
        325: (LONG, len(pixels)),
    }
    fields = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, (kind, value) in values.items())
    return b"II*\0" + struct.pack("<IH", 8, len(values)) + fields + struct.pack("<I", 0) + pixels


@pytest.mark.parametrize("decode", [decode_image, decode_page])
def test_a_jpeg_of_many_scans_is_refused(decode):
    with pytest.raises(TooLarge, match="100 scans"):
        decode(with_scans(MAX_SCANS))


def test_one_of_a_few_more_than_usual_is_read():
    assert decode_image(with_scans(20)).shape == (64, 64)


def test_what_follows_a_jpeg_in_its_file_is_not_counted():
    film = b"\xff\xda" * 2 * MAX_SCANS + os.urandom(1000)
    assert (decode_image(jpeg() + film) == decode_image(jpeg())).all()


def test_what_is_hidden_in_its_segments_is_not_counted():
    data = jpeg()
    preview = b"\xff\xda" * 2 * MAX_SCANS
    segment = b"\xff\xed" + struct.pack(">H", 2 + len(preview)) + preview
    assert (decode_image(data[:2] + segment + data[2:]) == decode_image(data)).all()


@pytest.mark.parametrize("cut", [3, 5, 300])
def test_one_that_is_cut_within_its_segments_counts_no_scans_without_end(cut):
    hidden = b"\xff\xda" * 2 * MAX_SCANS
    with pytest.raises(Exception, match=r"damaged|scans|no picture"):
        decode_image(jpeg()[:cut] + hidden)


def test_a_small_tiff_in_one_huge_tile_is_refused():
    with pytest.raises(TooLarge, match="tiles"):
        decode_image(tiff_in_tiles(int(DEFAULT_MAX_PIXELS**0.5) + 1))


@pytest.mark.parametrize("max_pixels", [1_000, DEFAULT_MAX_PIXELS])
def test_a_tile_of_the_usual_size_is_read_whatever_the_limit(max_pixels):
    assert decode_image(tiff_in_tiles(256), max_pixels=max_pixels).shape == (28, 28)


def test_what_is_wrong_with_us_is_not_put_down_to_the_picture(monkeypatch):
    def full(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(image, "_jpeg_along_color", full)
    colored = io.BytesIO()
    Image.new("RGB", (30, 30), "red").save(colored, "JPEG")
    with pytest.raises(MemoryError):
        decode_image(colored.getvalue())
