"""From the ink of a number to what the sequence reader sees.

Training and serving both come through here. Whoever changes what a line canvas looks like changes
`LINE_PREPROCESSING_ID`, and every model that was trained on the old one is refused until it is trained again.
"""

from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from service.recognition.canvas import resized, thickened
from service.recognition.errors import BlankImage
from service.recognition.image import GrayImage

LineCanvas: TypeAlias = NDArray[np.uint8]
"""uint8 (32, width, 1), width one of `LINE_WIDTHS_PX`: paper 0, ink 255."""

LINE_PREPROCESSING_ID = "line-canvas-2"
LINE_HEIGHT_PX = 32
# The work grows with the width, so the steps are small: a batch of wider canvases is hardly faster than two of them.
LINE_WIDTHS_PX = (64, 96, 128, 160, 192, 224, 256, 320, 384, 448, 512, 640, 768, 1024)
FRAME_PX = 2  # columns of the canvas behind each frame of the reader; the narrowest 1s stand 5 or 6 columns apart
INK_HEIGHT_PX = 26  # the line's ink is scaled to this height
SOFT_HEIGHT_PX = 28  # what is lower than that is first enlarged to this height, softly
SOFT_MARGIN_PX = 2  # of paper around what is enlarged, for its edges to fade into
MARGIN_PX = 4  # paper before and after the ink, so that the first and the last digit have frames around them
LARGEST_SCALE = 6.0  # a few specks are not blown up to the size of a number


@dataclass(frozen=True, slots=True)
class PlacedLine:
    """A line canvas, and where the ink came to stand on it.

    A point (x, y) of the ink image is at (left + scale_x * x, top + scale_y * y) of the canvas.

    Attributes:
        canvas: uint8 (32, width, 1).
        left, top: canvas pixels.
        scale_x, scale_y: canvas pixels per pixel of the ink image; they differ only where a line is so long that it had
            to be squeezed.
    """

    canvas: LineCanvas
    left: float
    top: float
    scale_x: float
    scale_y: float


def line_canvas(image: GrayImage, *, is_clean: bool = False) -> PlacedLine:
    """Scale a line of digits to the height that the reader knows, on the narrowest canvas that holds it.

    The width of the canvas follows from the ink's own shape, so that an answer never depends on what else is read
    at the same time. A line too long for the widest canvas is squeezed.

    Args:
        image: uint8 (height, width), paper exactly 0 and ink up to 255.
        is_clean: see `service.recognition.line.Line`.

    Raises:
        BlankImage: no pixel carries ink.
    """
    _, _, width, height = cv2.boundingRect(image)
    if width == 0:
        raise BlankImage("The picture carries no ink.")
    if is_clean and INK_HEIGHT_PX / LARGEST_SCALE < height < INK_HEIGHT_PX:
        return _enlarged(image, SOFT_HEIGHT_PX / height)
    return _placed(image)


def _enlarged(image: GrayImage, scale: float) -> PlacedLine:
    """Place low ink as the trainer places the digits of MNIST that it sets in a number: enlarged, then fitted.

    Enlarged at once, strokes without blur or noise keep the hard edges that rules and frames have; and an upright 1 at
    either end of a line of 28 pixels was taken for a frame.
    """
    padded = np.pad(image, SOFT_MARGIN_PX)
    size = round(padded.shape[1] * scale), round(padded.shape[0] * scale)
    enlarged = np.asarray(cv2.resize(padded, size, interpolation=cv2.INTER_LINEAR), np.uint8)
    placed = _placed(enlarged)
    scale_x, scale_y = size[0] / padded.shape[1], size[1] / padded.shape[0]
    return PlacedLine(
        placed.canvas,
        placed.left + SOFT_MARGIN_PX * scale_x * placed.scale_x,
        placed.top + SOFT_MARGIN_PX * scale_y * placed.scale_y,
        scale_x * placed.scale_x,
        scale_y * placed.scale_y,
    )


def _placed(image: GrayImage) -> PlacedLine:
    left, top, width, height = cv2.boundingRect(image)
    ink = image[top : top + height, left : left + width]
    scale = min(INK_HEIGHT_PX / height, LARGEST_SCALE)
    room = LINE_WIDTHS_PX[-1] - 2 * MARGIN_PX
    fitted_width = int(np.clip(round(width * scale), 1, room))
    fitted_height = max(1, round(height * scale))
    if scale < 1.0:
        ink = thickened(ink, scale, may_grow=False)
    fitted = resized(ink, (fitted_width, fitted_height))
    canvas_width = next(px for px in LINE_WIDTHS_PX if px >= fitted_width + 2 * MARGIN_PX)
    canvas = np.zeros((LINE_HEIGHT_PX, canvas_width, 1), np.uint8)
    first_row = (LINE_HEIGHT_PX - fitted_height) // 2
    canvas[first_row : first_row + fitted_height, MARGIN_PX : MARGIN_PX + fitted_width, 0] = fitted
    scale_x, scale_y = fitted_width / width, fitted_height / height
    return PlacedLine(canvas, MARGIN_PX - left * scale_x, first_row - top * scale_y, scale_x, scale_y)
