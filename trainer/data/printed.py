"""Printed digits, drawn here: what stands in photographs of puzzles, meters and forms, and MNIST has none of.

Fonts: those that matplotlib ships (DejaVu: Bitstream Vera licence; STIX: SIL Open Font Licence; Computer Modern
of BaKoMa: free to use), and OpenCV's Hershey fonts (public domain). Only pictures of digits are made from them.
"""

from pathlib import Path

import cv2
import numpy as np

from service.recognition.canvas import digit_canvas
from service.recognition.image import GrayImage
from trainer.data.digits import Digits

_FONT_FILES = (
    *(f"DejaVuSans{style}.ttf" for style in ("", "-Bold", "-Oblique", "-BoldOblique")),
    *(f"DejaVuSansMono{style}.ttf" for style in ("", "-Bold", "-Oblique", "-BoldOblique")),
    *(f"DejaVuSerif{style}.ttf" for style in ("", "-Bold", "-Italic", "-BoldItalic")),
    *(f"STIXGeneral{style}.ttf" for style in ("", "Bol", "Italic", "BolIta")),
    *(f"cm{family}10.ttf" for family in ("r", "b", "ss", "tt", "ti")),
)
# Small sizes give the uneven strokes of print that was photographed from afar, large ones clean outlines.
_SIZES_PX = (11, 14, 18, 26, 40, 64)
_HERSHEY_FONTS = (
    cv2.FONT_HERSHEY_SIMPLEX,
    cv2.FONT_HERSHEY_PLAIN,
    cv2.FONT_HERSHEY_DUPLEX,
    cv2.FONT_HERSHEY_COMPLEX,
    cv2.FONT_HERSHEY_TRIPLEX,
    cv2.FONT_HERSHEY_COMPLEX_SMALL,
)
_HERSHEY_STROKES_PX = (1, 2, 4, 7)
_STRETCHES = (0.8, 1.0, 1.25)  # condensed, as designed, expanded


def load_printed() -> Digits:
    """Every font, size, weight and width of every digit, on canvases."""
    pictures, labels = [], []
    for digit in range(10):
        drawn = _true_type_digits(str(digit)) + _hershey_digits(str(digit))
        for picture in drawn:
            for stretch in _STRETCHES:
                pictures.append(cv2.resize(picture, None, fx=stretch, fy=1.0, interpolation=cv2.INTER_AREA))
                labels.append(digit)
    canvases = np.stack([digit_canvas(_crop_to_ink(picture)) for picture in pictures])
    return Digits(canvases, np.array(labels, dtype=np.int64))


def _true_type_digits(digit: str) -> list[GrayImage]:
    # Imported here because matplotlib is needed for nothing but the place of its fonts.
    import matplotlib
    from PIL import Image, ImageDraw, ImageFont

    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    pictures = []
    for file in _FONT_FILES:
        for size_px in _SIZES_PX:
            font = ImageFont.truetype(folder / file, size_px)
            picture = Image.new("L", (2 * size_px, 2 * size_px), 0)
            ImageDraw.Draw(picture).text((size_px // 2, size_px // 4), digit, font=font, fill=255)
            pictures.append(np.asarray(picture))
    return pictures


def _hershey_digits(digit: str) -> list[GrayImage]:
    pictures = []
    for font in _HERSHEY_FONTS:
        for stroke_px in _HERSHEY_STROKES_PX:
            picture = np.zeros((120, 120), dtype=np.uint8)
            cv2.putText(picture, digit, (30, 90), font, 2.4, 255, stroke_px, cv2.LINE_AA)
            pictures.append(picture)
    return pictures


def _crop_to_ink(picture: GrayImage) -> GrayImage:
    x, y, width, height = cv2.boundingRect(picture)
    return picture[y : y + height, x : x + width]
