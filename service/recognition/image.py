"""From bytes to a gray image.

The format is found from the bytes, never from a name or a declared type. Only formats on the list are
tried, and the number of pixels is checked on the header, before anything is decoded.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageFile, UnidentifiedImageError

from service.recognition.color import PREVIEW_PX, ColorAxis, clearest_axis, colors_of, is_colored, preview_of
from service.recognition.colored_print import axis_without_print
from service.recognition.errors import (
    DigitsError,
    MalformedBody,
    TooLarge,
    UndecodableImage,
    UnsupportedImageFormat,
)
from service.recognition.picture_work import MAX_SCANS, has_too_many_scans, pixels_of_a_tile

GrayImage: TypeAlias = NDArray[np.uint8]
"""uint8 (height, width): luminance, 0 black and 255 white, as the picture came; see `service.recognition.color`."""

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "TIFF")
DEFAULT_MAX_PIXELS = 25_000_000
LEAST_TILE_PIXELS = 1_000_000  # that a TIFF may have however small its picture is

_GRAY_MODES = ("1", "L", "LA", "La", "F")
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""EXIF orientation to the turn that undoes it (Exif 2.32, tag 0x0112)."""


def decode_image(data: bytes, *, max_pixels: int = DEFAULT_MAX_PIXELS) -> GrayImage:
    """Decode the first frame of a picture of something written, so that what is written stands out.

    That is its luminance, but where color tells ink from paper or from print and luminance does not
    (`service.recognition.color`, `colored_print`). For the rest see `decode_page`.

    Args:
        data: a PNG, JPEG, WebP, BMP or TIFF file.
        max_pixels: largest width times height that is decoded.

    Returns:
        uint8 (height, width), 0 black and 255 white.

    Raises:
        MalformedBody: there are no bytes.
        UnsupportedImageFormat: the bytes are none of the formats above.
        TooLarge: the header announces more pixels than `max_pixels`.
        UndecodableImage: the picture is damaged or cut short.
    """
    with opened_image(data, max_pixels=max_pixels) as image:
        _check_size(image, max_pixels)
        is_colored_jpeg = image.format == "JPEG" and image.mode == "RGB"
        return _upright(image, _jpeg_along_color(image, data) if is_colored_jpeg else _along_color(image))


def decode_page(data: bytes, *, max_pixels: int = DEFAULT_MAX_PIXELS) -> GrayImage:
    """Decode the first frame of a picture to luminance, print and all.

    EXIF orientation is obeyed and transparency is laid on white. Color, palette, CMYK and deep (10 to
    32 bit) pictures become 8-bit gray. Arguments, result and errors are those of `decode_image`.
    """
    with opened_image(data, max_pixels=max_pixels) as image:
        return gray_frame(image, max_pixels=max_pixels)


def let_pillow_open(max_pixels: int) -> None:
    """Let this process open pictures of so many pixels.

    Pillow has a limit of its own for all of the process, 89 million pixels: it warns of what is larger, and refuses
    what is twice as large. Call this at the start, where more may be decoded; the limit is never made lower.
    """
    if Image.MAX_IMAGE_PIXELS is not None:
        Image.MAX_IMAGE_PIXELS = max(Image.MAX_IMAGE_PIXELS, max_pixels)


@contextmanager
def opened_image(data: bytes, *, max_pixels: int) -> Iterator[ImageFile.ImageFile]:
    """Open a picture file of a known format, and say in our own words what goes wrong while it is open.

    Args:
        data: see `decode_image`.
        max_pixels: named in the message about a picture that is far larger.

    Raises:
        RequestError: see `decode_image`.
    """
    if not data:
        raise MalformedBody("The picture has 0 bytes. Send a PNG, JPEG, WebP, BMP or TIFF file.")
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            if has_too_many_scans(data):
                raise TooLarge(f"The JPEG has more than {MAX_SCANS} scans. Save it anew, with ten as usual, or one.")
            yield image
    except UnidentifiedImageError as error:
        raise UnsupportedImageFormat(_unidentified(data)) from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise TooLarge(_too_many_pixels("far larger", max_pixels)) from error
    except (DigitsError, MemoryError):
        raise
    # Pillow's decoders raise nearly anything on damaged bytes (OSError, SyntaxError, struct.error, IndexError,
    # ValueError, OverflowError); what they all mean is that this file cannot be decoded.
    except Exception as error:
        raise UndecodableImage(
            "The picture is damaged or cut short and could not be decoded. Check that the whole file was sent."
        ) from error


def gray_frame(image: ImageFile.ImageFile, *, max_pixels: int) -> GrayImage:
    """Decode the frame of a picture that it stands at; see `decode_page`, and call it in `opened_image`.

    Raises:
        TooLarge: the frame has more pixels than `max_pixels`.
    """
    _check_size(image, max_pixels)
    if image.format == "JPEG":
        image.draft("L", image.size)  # decodes luminance alone, without a detour over RGB
    return _upright(image, _to_gray(image))


def _check_size(image: Image.Image, max_pixels: int) -> None:
    if image.width * image.height > max_pixels:
        raise TooLarge(_too_many_pixels(f"{image.width} x {image.height} px", max_pixels))
    if pixels_of_a_tile(image) > max(max_pixels, LEAST_TILE_PIXELS):
        raise TooLarge(_too_many_pixels("stored in tiles that are far larger", max_pixels))


def _jpeg_along_color(image: ImageFile.ImageFile, data: bytes) -> GrayImage:
    """Luminance alone is decoded in half the time; a reduced picture, to look at color in, in a quarter."""
    with Image.open(io.BytesIO(data), formats=("JPEG",)) as reduced:
        share = min(1.0, PREVIEW_PX / max(image.size))
        reduced.draft("RGB", (max(1, int(share * image.width)), max(1, int(share * image.height))))
        axis = _color_axis(np.asarray(reduced))
    if axis is None:
        image.draft("L", image.size)
        return np.asarray(image)
    return axis.seen_in(colors_of(np.asarray(image)))


def _along_color(image: Image.Image) -> GrayImage:
    """A picture of any kind, decoded once."""
    is_gray = image.mode in _GRAY_MODES or image.mode.startswith("I")
    if image.has_transparency_data:
        image = _on_paper(image)
    gray = _to_gray(image)
    if is_gray:
        return gray
    rgb = np.asarray(image.convert("RGB"))
    axis = _color_axis(rgb)
    return gray if axis is None else axis.seen_in(colors_of(rgb))


def _color_axis(rgb: NDArray[np.uint8]) -> ColorAxis | None:
    """Along which axis a picture is to be seen in place of luminance, if along any."""
    preview = preview_of(rgb)
    return (clearest_axis(preview) or axis_without_print(preview)) if is_colored(preview) else None


def _to_gray(image: Image.Image) -> GrayImage:
    image.load()
    if image.mode == "L" and "transparency" not in image.info:
        return np.asarray(image)
    if image.mode == "1":
        return np.asarray(image.convert("L"))
    if image.mode.startswith("I") or image.mode == "F":
        return _deep_to_gray(np.asarray(image))
    return np.asarray((_on_paper(image) if image.has_transparency_data else image).convert("L"))


def _deep_to_gray(values: NDArray[np.generic]) -> GrayImage:
    """Bring samples of more than 8 bits to 8.

    Scanners and cameras store 10, 12 or 14 bits in 16, so the scale follows the highest sample and not
    the container; otherwise a 12-bit scan would come out nearly black. Samples between 0 and 1 (floating
    point TIFF) fill the range.
    """
    if values.dtype == np.uint16:
        # Deep pictures are large; each of the levels is computed once, and not each of the pixels.
        full_scale = _full_scale(float(values.max(initial=0)))
        return _scaled(np.arange(2**16, dtype=np.float64), full_scale=full_scale)[values]
    samples = np.nan_to_num(values.astype(np.float32), posinf=0.0, neginf=0.0).clip(min=0.0)
    is_float = values.dtype.kind == "f"
    peak = float((samples if is_float else values).max(initial=0))  # float32 would round 2^31 - 1 up
    return _scaled(samples, full_scale=1.0 if is_float and peak <= 1.0 else _full_scale(peak))


def _scaled(samples: NDArray[np.floating], *, full_scale: float) -> GrayImage:
    return np.rint(samples * (255.0 / full_scale)).clip(0, 255).astype(np.uint8)


def _full_scale(peak: float) -> float:
    """The highest sample of as many bits as the peak needs, at least 8."""
    return float(2 ** max(8, int(peak).bit_length()) - 1)


def _on_paper(image: Image.Image) -> Image.Image:
    """Lay a transparent picture on white, or on black where all its ink is white.

    White strokes on a transparent ground are what drawing programs with a dark page export; on white
    they would vanish.
    """
    rgba = image.convert("RGBA")
    on_white = _laid_on("white", rgba)
    alpha = np.asarray(rgba.getchannel("A"))
    has_vanished = np.asarray(on_white.convert("L")).min() > 250 and alpha.min() < 128 <= alpha.max()
    return _laid_on("black", rgba) if has_vanished else on_white


def _laid_on(paper: str, rgba: Image.Image) -> Image.Image:
    return Image.alpha_composite(Image.new("RGBA", rgba.size, paper), rgba).convert("RGB")


def _upright(image: Image.Image, gray: GrayImage) -> GrayImage:
    try:
        orientation = image.getexif().get(ExifTags.Base.Orientation)
    except Exception:  # a damaged EXIF block says nothing about the pixels, which decoded well
        return gray
    turn = _TURNS.get(orientation) if isinstance(orientation, int) else None
    return gray if turn is None else np.asarray(Image.fromarray(gray).transpose(turn))


def _too_many_pixels(size: str, max_pixels: int) -> str:
    return f"The picture is {size}; the limit is {max_pixels / 1e6:g} megapixels. Send a smaller picture."


def _unidentified(data: bytes) -> str:
    starts = {b"GIF8": "a GIF", b"%PDF": "a PDF", b"<svg": "an SVG", b"<?xml": "an XML file"}
    found = next((name for start, name in starts.items() if data.lstrip().startswith(start)), None)
    if data[4:8] == b"ftyp":
        found = "a HEIC or AVIF picture, or a video"
    return f"The file is {found or 'no picture that is known here'}. Send PNG, JPEG, WebP, BMP or TIFF."
