"""From ink to what the network sees.

Training and serving both come through here; there is no second copy. Whoever changes what a canvas looks
like changes `PREPROCESSING_ID`, and every model that was trained on the old one is refused until it is
trained again.

How strokes are thickened and scaled is the same for the canvas of a number (`line_canvas`), which takes it from here.
"""

from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from service.recognition.errors import BlankImage
from service.recognition.image import GrayImage
from service.recognition.levels import FULL_INK, with_full_peak

DigitCanvas: TypeAlias = NDArray[np.uint8]
"""uint8 (28, 28, 1): paper 0, ink 255."""

PREPROCESSING_ID = "digit-canvas-1"
DIGIT_CANVAS_PX = 28
DIGIT_BOX_PX = 20  # MNIST fits the longer side of every digit to 20
CENTER_PX = 14  # centre of mass stands on this index; 13.5, the geometric middle, is not what MNIST does
THINNEST_STROKE_PX = 1.6  # on the canvas; 95 % of MNIST's digits are wider, the median is 2.5


def digit_canvas(image: GrayImage) -> DigitCanvas:
    """Place a digit the way MNIST places its digits.

    The box of the ink is scaled so that its longer side is 20 px, keeping its proportions, and set down
    by whole pixels so that its centre of mass is nearest to index (14, 14). Strokes that scaling would
    make thinner than a pen's are thickened first. On an MNIST image this is the identity.

    Args:
        image: uint8 (height, width), paper exactly 0 and ink up to 255.

    Returns:
        uint8 (28, 28, 1), same polarity.

    Raises:
        BlankImage: no pixel carries ink.

    Source: LeCun, Cortes and Burges, "The MNIST database of handwritten digits", on size normalization.
    """
    if not image.any():
        raise BlankImage("The picture carries no ink.")
    return _center(_fit(_crop_to_ink(image)))[:, :, np.newaxis]


def _crop_to_ink(image: GrayImage) -> GrayImage:
    x, y, width, height = cv2.boundingRect(image)
    return image[y : y + height, x : x + width]


def _fit(ink: GrayImage) -> GrayImage:
    """Scale ink so that its longer side is 20 px; uint8 (height, width) with paper 0."""
    height, width = ink.shape
    scale = DIGIT_BOX_PX / max(height, width)
    # 19 px is a digit of MNIST whose faintest edge was rounded to paper; resampling would only blur it.
    if max(height, width) in (DIGIT_BOX_PX - 1, DIGIT_BOX_PX):
        return ink
    if scale < 1.0:
        ink = thickened(ink, scale, may_grow=True)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return resized(ink, size, full=255)  # which MNIST's strokes reach


def _center(fitted: GrayImage) -> GrayImage:
    """Set fitted ink down on an empty canvas by whole pixels, its centre of mass nearest to (14, 14)."""
    height, width = fitted.shape
    moments = cv2.moments(fitted)
    row, column = moments["m01"] / moments["m00"], moments["m10"] / moments["m00"]
    top = min(max(round(CENTER_PX - row), 0), DIGIT_CANVAS_PX - height)
    left = min(max(round(CENTER_PX - column), 0), DIGIT_CANVAS_PX - width)
    canvas = np.zeros((DIGIT_CANVAS_PX, DIGIT_CANVAS_PX), dtype=np.uint8)
    canvas[top : top + height, left : left + width] = fitted
    return canvas


def thickened(ink: GrayImage, scale: float, *, may_grow: bool) -> GrayImage:
    """Ink whose strokes scaling does not make thinner than a pen's.

    Args:
        ink: uint8 (height, width), paper 0 and ink 255.
        scale: by which it is going to be reduced, below 1.
        may_grow: whether strokes at the edges become wider on their outside too, which makes the picture larger.

    Returns:
        uint8 (height, width), `ink` itself where its strokes are wide enough.
    """
    missing_px = THINNEST_STROKE_PX / scale - stroke_width(ink)
    radius = round(missing_px / 2)
    if radius < 1:
        return ink
    if may_grow:
        ink = cv2.copyMakeBorder(ink, radius, radius, radius, radius, cv2.BORDER_CONSTANT, value=0)
    side = 2 * radius + 1
    return np.asarray(cv2.dilate(ink, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))), np.uint8)


def stroke_width(ink: GrayImage) -> float:
    """Typical width of the strokes, in pixels; 0 where nothing is darker than half.

    A stroke of length l and width w has area l * w and a boundary of 2 * l, so w is twice the area over
    the boundary. The boundary is counted in pixel edges, which is 4 / pi too long for a stroke of no
    particular direction.

    Args:
        ink: uint8 (height, width), paper 0 and ink 255; a pixel counts as ink from 128 on.
    """
    framed = cv2.copyMakeBorder(ink, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    mask = framed >= 128
    num_edges = np.count_nonzero(mask[1:] != mask[:-1]) + np.count_nonzero(mask[:, 1:] != mask[:, :-1])
    return 2.0 * np.count_nonzero(mask) / (num_edges * np.pi / 4.0) if num_edges else 0.0


def resized(ink: GrayImage, size: tuple[int, int], *, full: int = FULL_INK) -> GrayImage:
    """Ink at another size, with its peak at 255 again: averaging lowers that of thin strokes.

    Args:
        ink: uint8 (height, width), paper 0 and ink 255.
        size: (width, height) in pixels.
        full: a peak from here on is left as it is.

    Returns:
        uint8 of that size; it may not be written to.
    """
    # From bytes and not from the array: Pillow takes as long to find out what an array holds as to scale a small one.
    picture = Image.frombytes("L", (ink.shape[1], ink.shape[0]), ink.tobytes())
    scaled = picture.resize(size, Image.Resampling.HAMMING).tobytes()
    return with_full_peak(np.frombuffer(scaled, np.uint8).reshape(size[1], size[0]), full=full)
