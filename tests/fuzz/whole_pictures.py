"""Good files of every format and kind that is read, from one small drawing: what broken ones are made of."""

import io
from collections.abc import Callable
from functools import cache

import numpy as np
from PIL import Image

from tests.pictures import draw_seven

SIZE_PX = 40

Save = Callable[[Image.Image, io.BytesIO], None]


def _as(image_format: str, mode: str = "L", **options: object) -> Save:
    return lambda seven, file: seven.convert(mode).save(file, image_format, **options)


def _deep(image_format: str, dtype: str, **options: object) -> Save:
    def save(seven: Image.Image, file: io.BytesIO) -> None:
        samples = np.asarray(seven).astype(dtype) * 257
        Image.fromarray(samples / 65535.0 if dtype == "float32" else samples).save(file, image_format, **options)

    return save


def _animated(image_format: str) -> Save:
    def save(seven: Image.Image, file: io.BytesIO) -> None:
        frames = [seven.convert("RGBA"), seven.rotate(90).convert("RGBA"), seven.rotate(180).convert("RGBA")]
        frames[0].save(file, image_format, save_all=True, append_images=frames[1:], duration=100)

    return save


def _with_exif(image_format: str, mode: str = "RGB") -> Save:
    def save(seven: Image.Image, file: io.BytesIO) -> None:
        exif = Image.Exif()
        exif[0x0112] = 6  # orientation
        exif[0x010E] = "a seven"
        seven.convert(mode).save(file, image_format, exif=exif)

    return save


_KINDS: dict[str, Save] = {
    "PNG gray": _as("PNG"),
    "PNG color": _as("PNG", "RGB"),
    "PNG palette": _as("PNG", "P"),
    "PNG palette, transparent": _as("PNG", "P", transparency=0),
    "PNG alpha": _as("PNG", "RGBA"),
    "PNG gray alpha": _as("PNG", "LA"),
    "PNG bilevel": _as("PNG", "1"),
    "PNG 16 bit": _deep("PNG", "uint16"),
    "PNG animated": _animated("PNG"),
    "PNG with EXIF": _with_exif("PNG"),
    "JPEG gray": _as("JPEG"),
    "JPEG color": _as("JPEG", "RGB"),
    "JPEG progressive": _as("JPEG", "RGB", progressive=True),
    "JPEG CMYK": _as("JPEG", "CMYK"),
    "JPEG with EXIF": _with_exif("JPEG"),
    "WebP lossy": _as("WEBP", "RGB"),
    "WebP lossless": _as("WEBP", "RGB", lossless=True),
    "WebP alpha": _as("WEBP", "RGBA"),
    "WebP animated": _animated("WEBP"),
    "WebP with EXIF": _with_exif("WEBP"),
    "BMP gray": _as("BMP"),
    "BMP color": _as("BMP", "RGB"),
    "BMP bilevel": _as("BMP", "1"),
    "BMP palette": _as("BMP", "P"),
    "BMP alpha": _as("BMP", "RGBA"),
    "TIFF raw": _as("TIFF"),
    "TIFF color, LZW": _as("TIFF", "RGB", compression="tiff_lzw"),
    "TIFF deflate": _as("TIFF", compression="tiff_adobe_deflate"),
    "TIFF packbits": _as("TIFF", compression="packbits"),
    "TIFF JPEG": _as("TIFF", "RGB", compression="jpeg"),
    "TIFF group 4": _as("TIFF", "1", compression="group4"),
    "TIFF 16 bit": _deep("TIFF", "uint16"),
    "TIFF float": _deep("TIFF", "float32"),
    "TIFF CMYK": _as("TIFF", "CMYK"),
    "TIFF with EXIF": _with_exif("TIFF"),
}


@cache
def whole_pictures() -> dict[str, bytes]:
    """Name to file; all show the same 7, 40 x 40 pixels."""
    seven = Image.fromarray(draw_seven(SIZE_PX))
    files = {}
    for name, save in _KINDS.items():
        file = io.BytesIO()
        save(seven, file)
        files[name] = file.getvalue()
    return files
