"""What a small file can ask a decoder to do, beyond what its size in pixels tells.

Both limits are far above what cameras, scanners and programs write.
"""

from PIL import Image, TiffImagePlugin

MAX_SCANS = 100  # of a progressive JPEG, which has some ten; as libtiff has it for JPEG in TIFF

_START_OF_JPEG = b"\xff\xd8"
_START_OF_SCAN = b"\xff\xda"
_TILE_WIDTH, _TILE_LENGTH = 322, 323  # TIFF 6.0, section 15


def has_too_many_scans(data: bytes) -> bool:
    """Whether this is a JPEG that refines its pixels in more than `MAX_SCANS` passes, each over all of them.

    Args:
        data: the whole file. What follows the picture in it, such as a phone's film of the moment, is not looked at.
    """
    return data.startswith(_START_OF_JPEG) and data.count(_START_OF_SCAN) > MAX_SCANS and _num_scans(data) > MAX_SCANS


def _num_scans(data: bytes) -> int:
    """Scans of the first picture in a file, counted up to one more than may be.

    Source: ITU-T T.81, annex B: segments have a length, and within coded data 0xFF is followed by 0 or a restart.
    """
    place, num_scans = 2, 0
    while num_scans <= MAX_SCANS:
        place = data.find(b"\xff", place)
        if place < 0 or place + 4 > len(data):
            break
        marker = data[place + 1]
        if marker == 0xD9:  # the end
            break
        if marker in (0x00, 0x01, 0xFF) or 0xD0 <= marker <= 0xD8:  # stuffed, filled or without a segment
            place += 1 if marker == 0xFF else 2
            continue
        num_scans += marker == 0xDA
        place += 2 + int.from_bytes(data[place + 2 : place + 4])
    return num_scans


def pixels_of_a_tile(image: Image.Image) -> int:
    """Pixels of one tile of a TIFF, which is decoded whole however small the picture is; 0 where there are none."""
    if not isinstance(image, TiffImagePlugin.TiffImageFile):
        return 0
    sides = (image.tag_v2.get(tag, 0) for tag in (_TILE_WIDTH, _TILE_LENGTH))
    width, length = (side if isinstance(side, int) else 0 for side in sides)
    return width * length
