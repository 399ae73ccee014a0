"""How large a picture is, as its first bytes say, without decoding or even opening it."""

SMALL_BYTES = 8_192
SMALL_PIXELS = 64 * 64

_PNG_START = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
_JPEG_START = b"\xff\xd8\xff"
_NO_SIZE = frozenset({0xC4, 0xC8, 0xCC})  # among the markers C0 to CF, those that start no frame (ITU T.81, table B.1)


def is_small(data: bytes) -> bool:
    """Whether a picture takes so little time that waking a thread for it takes longer.

    Of PNG and JPEG, which nearly all small pictures are; others are never called small. Both numbers count: a
    file of a few kilobytes can hold 25 megapixels.
    """
    if len(data) > SMALL_BYTES:
        return False
    size = announced_size(data)
    return size is not None and 0 < size[0] * size[1] <= SMALL_PIXELS


def announced_size(data: bytes) -> tuple[int, int] | None:
    """Width and height in the header of a PNG or JPEG file; None where they are not found there."""
    if data.startswith(_PNG_START) and len(data) >= 24:
        return int.from_bytes(data[16:20]), int.from_bytes(data[20:24])
    if data.startswith(_JPEG_START):
        return _jpeg_size(data)
    return None


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    start = 2
    while start + 9 <= len(data) and data[start] == 0xFF:
        marker = data[start + 1]
        if 0xC0 <= marker <= 0xCF and marker not in _NO_SIZE:
            return int.from_bytes(data[start + 7 : start + 9]), int.from_bytes(data[start + 5 : start + 7])
        start += 2 + int.from_bytes(data[start + 2 : start + 4])
    return None
