"""From ink to what the network sees.

Training and serving both come through here; there is no second copy. Whoever changes what a canvas looks
like changes `PREPROCESSING_ID`, and every model that was trained on the old one is refused until it is
trained again.
"""

from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from service.recognition.errors import BlankImage
from service.recognition.image import GrayImage

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
        ink = _thicken(ink, scale)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    # From bytes and not from the array: Pillow takes as long to find out what an array holds as to scale a small one.
    picture = Image.frombytes("L", (ink.shape[1], ink.shape[0]), ink.tobytes())
    resized = picture.resize(size, Image.Resampling.HAMMING).tobytes()
    fitted = np.frombuffer(resized, np.uint8).reshape(size[1], size[0])
    peak = int(fitted.max())
    # Averaging lowers the peak of thin strokes; MNIST's strokes reach 255.
    return cv2.convertScaleAbs(fitted, alpha=255.0 / peak) if 0 < peak < 255 else fitted


def _thicken(ink: GrayImage, scale: float) -> GrayImage:
    missing_px = THINNEST_STROKE_PX / scale - stroke_width(ink)
    radius = round(missing_px / 2)
    if radius < 1:
        return ink
    padded = cv2.copyMakeBorder(ink, radius, radius, radius, radius, cv2.BORDER_CONSTANT, value=0)
    side = 2 * radius + 1
    return cv2.dilate(padded, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)))


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
