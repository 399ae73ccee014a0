"""Composed numbers as the reader sees them: line canvases with their classes."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from service.recognition.line import find_line
from service.recognition.line_canvas import FRAME_PX, LineCanvas, line_canvas
from trainer.data.lines.compose import compose
from trainer.data.lines.hands import Hands
from trainer.data.lines.layout import Composed
from trainer.data.lines.page import photograph_line
from trainer.data.lines.style import LineStyle

Picture = NDArray[np.uint8]

_LOW_SCALES = (0.4, 0.8)  # digits of 11 to 22 pixels; those of MNIST have 20


@dataclass(frozen=True, slots=True)
class Example:
    """One number to learn from.

    Attributes:
        canvas: uint8 (32, width, 1).
        classes: int32 (num_classes,), in reading order.
    """

    canvas: LineCanvas
    classes: NDArray[np.int32]


class LineGenerator:
    """Composes numbers; number i of a seed is always the same.

    Args:
        hands: whose digits.
        letters: what may stand in a digit's place.
        style: how numbers look.
        seed: where chance starts.
    """

    def __init__(self, hands: Hands, letters: list[Picture], style: LineStyle, *, seed: int) -> None:
        self._hands = hands
        self._letters = letters
        self._style = style
        self._seed = seed

    def picture(self, index: int, *, text: str | None = None) -> tuple[Picture, Composed]:
        """The number as a picture, dark on light and bright on dark, and what is written in it.

        A number that is not on a page is ink on black.
        """
        rng = np.random.default_rng([self._seed, index])
        composed = compose(self._hands, self._style, rng, letters=self._letters, text=text)
        if rng.random() < self._style.page_chance:
            return photograph_line(composed.ink, self._style, rng), composed
        if self._style.low_chance and rng.random() < self._style.low_chance:
            composed = _lowered(composed, rng.uniform(*_LOW_SCALES))
        margin = int(rng.integers(1, 9))
        return np.pad(composed.ink, margin), composed

    def example(self, index: int) -> Example | None:
        """Number `index`, found on its page as the service finds it; None where there is nothing to see."""
        picture, composed = self.picture(index)
        if picture.size == 0:
            return None
        line = find_line(picture)
        if line.box is None:
            return None
        placed = line_canvas(line.image, is_clean=line.is_clean)
        num_frames = placed.canvas.shape[1] // FRAME_PX
        if num_frames < 2 * len(composed.classes) + 1:
            return None
        return Example(placed.canvas, np.array(composed.classes, np.int32))


def _lowered(composed: Composed, scale: float) -> Composed:
    """The number in fewer pixels; unchanged where nothing is written."""
    if composed.ink.size == 0:
        return composed
    height, width = (max(1, round(side * scale)) for side in composed.ink.shape)
    ink = np.asarray(cv2.resize(composed.ink, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
    boxes = [(round(left * scale), round(right * scale)) for left, right in composed.boxes]
    return Composed(ink, composed.classes, boxes)
