"""Pictures through the service's own code: found, placed, scored, and looked at a second time."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from service.recognition.alphabet import NUM_CLASSES
from service.recognition.canvas import DigitCanvas
from service.recognition.image import GrayImage
from service.recognition.line_canvas import LineCanvas
from service.recognition.probability import Logits
from service.recognition.second_look import FirstLook, first_look, second_look
from service.recognition.views import View, see_picture
from service.runtime.loading import LoadedModel
from service.runtime.network import Network

SLANTS = (-0.15, 0.15)
"""Of the views beside the first, of lines that are not clean; chosen on numbers of the calibration writers."""
_COLUMNS_PER_BATCH = 8192
_DIGITS_PER_BATCH = 1000


@dataclass(frozen=True, slots=True)
class Answered:
    """What a digit classifier says about the digits that a reader saw in a line.

    Attributes:
        look: the digits.
        logits: float32 (num_classes,) for each.
        temperature: divisor of the logits.
    """

    look: FirstLook
    logits: list[Logits]
    temperature: float

    def fused_with(self, frames: Logits, weight: float) -> Logits:
        """The reader's frames, float32 (num_frames, 12), with the answers added at a weight."""
        return second_look(frames, self.look, self.logits, weight=weight, temperature=self.temperature)


def see_line(picture: GrayImage) -> LineCanvas | None:
    """The canvas of a picture as it stands; None where there is no ink."""
    views = see_picture(picture, ()).views
    return views[0].placed.canvas if views else None


def frames_of(model: Network, canvases: Sequence[LineCanvas]) -> list[Logits]:
    """Logits of every canvas, float32 (num_frames, 12) each; batches hold canvases of one width, as in the service."""
    rows_of_width: dict[int, list[int]] = defaultdict(list)
    for row, canvas in enumerate(canvases):
        rows_of_width[canvas.shape[1]].append(row)
    frames = [np.zeros((0, NUM_CLASSES), np.float32)] * len(canvases)
    for width, rows in rows_of_width.items():
        size = max(1, _COLUMNS_PER_BATCH // width)
        for start in range(0, len(rows), size):
            batch = rows[start : start + size]
            logits = model.logits(np.stack([canvases[row] for row in batch]))
            for row, of_canvas in zip(batch, logits, strict=True):
                frames[row] = of_canvas
    return frames


def answers_of(classifier: LoadedModel, views: Sequence[View], frames: Sequence[Logits]) -> list[Answered]:
    """What a digit classifier says about the digits that a reader saw in every view."""
    looks = [first_look(of_view, view.line.image, view.placed) for view, of_view in zip(views, frames, strict=True)]
    rows = iter(_digit_logits(classifier.network, [canvas for look in looks for canvas in look.canvases]))
    temperature = classifier.manifest.temperature
    return [Answered(look, [next(rows) for _ in look.canvases], temperature) for look in looks]


def _digit_logits(network: Network, canvases: Sequence[DigitCanvas]) -> list[Logits]:
    logits: list[Logits] = []
    for start in range(0, len(canvases), _DIGITS_PER_BATCH):
        logits += list(network.logits(np.stack(canvases[start : start + _DIGITS_PER_BATCH])))
    return logits
