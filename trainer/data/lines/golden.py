"""Golden lines: canvases of several widths that an exported reader must answer to again wherever it is loaded.

They are put together from the golden digits, so that no one's handwriting travels with a model.
"""

import numpy as np
from numpy.typing import NDArray

from service.recognition.line_canvas import LINE_HEIGHT_PX, LINE_WIDTHS_PX
from trainer.golden import draw_digit

_ADVANCE_PX = 20


def golden_lines() -> dict[str, NDArray[np.uint8]]:
    """For every width of canvas a thin number, a bold one, and a blank page.

    Returns:
        By width, uint8 (3, 32, width, 1), paper 0 and ink 255.
    """
    return {
        str(width): np.stack([*(_number(width, stroke_px) for stroke_px in (2, 3)), np.zeros(_shape(width), np.uint8)])
        for width in LINE_WIDTHS_PX
    }


def _number(width: int, stroke_px: int) -> NDArray[np.uint8]:
    canvas = np.zeros(_shape(width), np.uint8)
    for index, left in enumerate(range(0, width - 28 + 1, _ADVANCE_PX)):
        place = canvas[2:30, left : left + 28]
        np.maximum(place, draw_digit((3 * index + stroke_px) % 10, stroke_px=stroke_px), out=place)
    return canvas


def _shape(width: int) -> tuple[int, int, int]:
    return LINE_HEIGHT_PX, width, 1
