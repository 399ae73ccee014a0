"""Pictures through the service's own code: found, placed, scored and read."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from service.recognition.errors import BlankImage
from service.recognition.image import GrayImage
from service.recognition.line import find_line
from service.recognition.line_canvas import LineCanvas, line_canvas
from service.recognition.probability import Logits
from service.runtime.saved_model import SavedModel

_COLUMNS_PER_BATCH = 8192


def see_line(picture: GrayImage) -> LineCanvas | None:
    """The canvas of a picture; None where there is no ink."""
    line = find_line(picture)
    if line.box is None:
        return None
    try:
        return line_canvas(line.image).canvas
    except BlankImage:
        return None


def frames_of(model: SavedModel, canvases: Sequence[LineCanvas | None]) -> list[Logits | None]:
    """Logits of every canvas, float32 (num_frames, 12) each; batches hold canvases of one width, as in the service."""
    rows_of_width: dict[int, list[int]] = defaultdict(list)
    for row, canvas in enumerate(canvases):
        if canvas is not None:
            rows_of_width[canvas.shape[1]].append(row)
    frames: list[Logits | None] = [None] * len(canvases)
    for width, rows in rows_of_width.items():
        size = max(1, _COLUMNS_PER_BATCH // width)
        for start in range(0, len(rows), size):
            batch = rows[start : start + size]
            logits = model.logits(np.stack([canvases[row] for row in batch]))
            for row, of_line in zip(batch, logits, strict=True):
                frames[row] = of_line
    return frames
