"""Decoding: one picture in every form gives one answer, and bad bytes give the right error."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from service.recognition.errors import MalformedBody, TooLarge, UndecodableImage, UnsupportedImageFormat
from service.recognition.image import decode_image
from tests.recognition.drawing import seven

GRAY = seven(64)


def encode(image: Image.Image, image_format: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, image_format, **options)
    return buffer.getvalue()


def gray() -> Image.Image:
    return Image.fromarray(GRAY)


def transparent() -> Image.Image:
    """The same digit as ink of full strength on nothing: alpha carries the shape."""
    alpha = Image.fromarray(np.rint((255.0 - GRAY) / (255.0 - GRAY.min()) * 255).astype(np.uint8))
    rgba = Image.new("RGBA", alpha.size, (int(GRAY.min()),) * 3 + (0,))
    rgba.putalpha(alpha)
    return rgba


def deep(num_bits: int) -> Image.Image:
    return Image.fromarray((GRAY.astype(np.uint32) * (2**num_bits - 1) // 255).astype(np.uint16))


EXIF_TURNS = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,  # the camera was turned; the tag tells to turn back by 270
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def exif_turned(orientation: int) -> bytes:
    turn = EXIF_TURNS[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encode(gray() if turn is None else gray().transpose(turn), "PNG", exif=exif)


@pytest.mark.parametrize(
    ("data", "tolerance"),
    [
        (encode(gray(), "PNG"), 0),
        (encode(gray(), "BMP"), 0),
        (encode(gray(), "TIFF"), 0),
        (encode(gray(), "TIFF", compression="tiff_lzw"), 0),
        (encode(gray(), "WEBP", lossless=True), 1),
        (encode(gray(), "JPEG", quality=95), 12),
        (encode(gray().convert("RGB"), "PNG"), 0),
        (encode(gray().convert("RGB"), "JPEG", quality=95), 12),
        (encode(gray().convert("CMYK"), "JPEG", quality=95), 14),
        (encode(gray().convert("CMYK"), "TIFF"), 2),
        (encode(gray().convert("LA"), "PNG"), 0),
        (encode(gray().convert("RGB").convert("P", palette=Image.Palette.ADAPTIVE), "PNG"), 1),
        (encode(transparent(), "PNG"), 30),  # antialiased edges mix ink and paper in another ratio
        (encode(deep(16), "PNG"), 1),
        (encode(deep(12), "PNG"), 1),
        (encode(deep(16), "TIFF"), 1),
        (encode(Image.fromarray(GRAY.astype(np.float32) / 255.0), "TIFF"), 1),
        *[(exif_turned(orientation), 0) for orientation in EXIF_TURNS],
    ],
)
def test_one_picture_in_every_form(data: bytes, tolerance: int) -> None:
    decoded = decode_image(data)
    assert decoded.dtype == np.uint8
    assert decoded.shape == GRAY.shape
    assert np.abs(decoded.astype(int) - GRAY).max() <= tolerance


def test_bilevel_scan() -> None:
    decoded = decode_image(encode(gray().convert("1", dither=Image.Dither.NONE), "PNG"))
    assert set(np.unique(decoded)) == {0, 255}


def test_white_ink_on_transparent_ground_is_not_lost() -> None:
    rgba = transparent()
    white = Image.new("RGBA", rgba.size, (255, 255, 255, 0))
    white.putalpha(rgba.getchannel("A"))
    decoded = decode_image(encode(white, "PNG"))
    assert decoded.max() - decoded.min() > 200


def test_only_the_first_page_is_read() -> None:
    data = encode(gray(), "TIFF", save_all=True, append_images=[Image.new("L", (10, 10))])
    assert decode_image(data).shape == GRAY.shape


def test_no_bytes() -> None:
    with pytest.raises(MalformedBody):
        decode_image(b"")


@pytest.mark.parametrize(
    ("data", "named"),
    [
        (b"seven, written in words", "no picture that is known"),
        (encode(Image.new("L", (8, 8)), "GIF"), "GIF"),
        (b"%PDF-1.7\n1 0 obj", "PDF"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "SVG"),
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00", "HEIC"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "no picture that is known"),
    ],
)
def test_other_formats_are_refused_by_name(data: bytes, named: str) -> None:
    with pytest.raises(UnsupportedImageFormat, match=named):
        decode_image(data)


@pytest.mark.parametrize("image_format", ["PNG", "JPEG", "WEBP", "BMP", "TIFF"])
def test_a_file_cut_short_is_refused(image_format: str) -> None:
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64), dtype=np.uint8))
    data = encode(noise, image_format)
    with pytest.raises((UndecodableImage, UnsupportedImageFormat)):
        decode_image(data[: len(data) // 2])


def bomb(width: int, height: int) -> bytes:
    """A PNG whose header announces more than it holds."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize("side", [5_001, 12_000, 50_000])
def test_too_many_pixels_are_refused_before_decoding(side: int) -> None:
    with pytest.raises(TooLarge, match="25 megapixels"):
        decode_image(bomb(side, side))


def test_the_limit_itself_is_allowed() -> None:
    assert decode_image(encode(gray(), "PNG"), max_pixels=64 * 64).shape == (64, 64)
    with pytest.raises(TooLarge, match="64 x 64"):
        decode_image(encode(gray(), "PNG"), max_pixels=64 * 64 - 1)


def test_a_damaged_exif_block_does_not_spoil_the_picture() -> None:
    data = encode(gray(), "PNG", exif=b"Exif\x00\x00MM\x00*\x00\x00\x00\x08\xff\xff garbage")
    assert decode_image(data).shape == GRAY.shape
