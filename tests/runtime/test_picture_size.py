import numpy as np
import pytest

from service.runtime.picture_size import SMALL_BYTES, announced_size, is_small
from tests.pictures import draw_seven, encode, png


@pytest.mark.parametrize("shape", [(28, 28), (1, 1), (30, 50), (64, 64), (700, 300)])
@pytest.mark.parametrize(("image_format", "options"), [("PNG", {}), ("JPEG", {}), ("JPEG", {"progressive": True})])
def test_size_is_found_in_the_header(shape, image_format, options):
    height, width = shape
    data = encode(np.full(shape, 200, np.uint8), image_format, **options)

    assert announced_size(data) == (width, height)
    assert is_small(data) == (width * height <= 4096)


@pytest.mark.parametrize("image_format", ["WEBP", "BMP", "TIFF"])
def test_other_formats_are_never_called_small(image_format):
    assert announced_size(encode(draw_seven(28), image_format)) is None


@pytest.mark.parametrize("data", [b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"hello", png(draw_seven(28))[:20]])
def test_what_has_no_size_is_not_small(data):
    assert announced_size(data) is None
    assert not is_small(data)


@pytest.mark.parametrize("image_format", ["PNG", "JPEG"])
def test_no_bytes_are_too_broken_to_look_at(image_format):
    data = encode(draw_seven(28), image_format)
    random = np.random.default_rng(1)
    for _ in range(500):
        broken = bytearray(data[: random.integers(1, len(data))])
        broken[random.integers(0, len(broken))] ^= 1 << random.integers(0, 8)
        announced_size(bytes(broken))


def test_small_needs_few_bytes_as_well():
    data = png(draw_seven(28))

    assert is_small(data + bytes(SMALL_BYTES - len(data)))
    assert not is_small(data + bytes(SMALL_BYTES - len(data) + 1))
