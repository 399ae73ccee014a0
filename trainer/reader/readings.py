"""Pictures through the service's own code: found, placed, scored, and looked at a second time."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from service.recognition.canvas import DigitCanvas
from service.recognition.errors import BlankImage, InvalidModel
from service.recognition.image import GrayImage
from service.recognition.line import find_line
from service.recognition.line_canvas import LineCanvas, PlacedLine, line_canvas
from service.recognition.manifest import CascadeMember, load_manifest
from service.recognition.probability import Logits
from service.recognition.second_look import FirstLook, first_look, second_look
from service.runtime.loading import LoadedModel, load_model, newest_versions
from service.runtime.network import Network
from trainer.errors import TrainerError

CLASSIFIER = "cnn"
"""The digit classifier that second looks are taken with."""
_COLUMNS_PER_BATCH = 8192
_DIGITS_PER_BATCH = 1000


@dataclass(frozen=True, slots=True)
class SeenLine:
    """A line that was found in a picture.

    Attributes:
        image: uint8 (height, width), its ink; paper 0.
        placed: the canvas that the reader gets.
        is_clean: see `service.recognition.line.Line`.
    """

    image: GrayImage
    placed: PlacedLine
    is_clean: bool


@dataclass(frozen=True, slots=True)
class SecondReader:
    """A digit classifier that looks at what a reader has read, and how much its answers count.

    Attributes:
        weight: see `service.recognition.second_look`.
    """

    classifier: LoadedModel
    weight: float

    @property
    def member(self) -> CascadeMember:
        """The classifier, as the reader's manifest names it."""
        manifest = self.classifier.manifest
        return CascadeMember(manifest.name, manifest.version, self.classifier.manifest_sha256)


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


def newest_classifier(models_dir: Path) -> LoadedModel | None:
    """The classifier for second looks, as the service would load it; None where there is none.

    Raises:
        TrainerError: its folder is damaged.
    """
    if not (models_dir / CLASSIFIER).is_dir():
        return None
    try:
        folders = newest_versions(models_dir)
        return next(load_model(folder) for folder in folders if folder.parent.name == CLASSIFIER)
    except InvalidModel as error:
        raise TrainerError(str(error)) from error


def second_reader_of(folder: Path, models_dir: Path) -> SecondReader | None:
    """How an exported reader takes its second look, beside the models that there are.

    Args:
        folder: `models/<name>/<version>` of the reader.
        models_dir: where its classifier is.

    Returns:
        None where it takes none, or where its classifier is not the newest of its name.

    Raises:
        TrainerError: a folder is damaged.
    """
    try:
        rule = load_manifest(folder).second_look
    except InvalidModel as error:
        raise TrainerError(str(error)) from error
    classifier = None if rule is None else newest_classifier(models_dir)
    if rule is None or classifier is None:
        return None
    second = SecondReader(classifier, rule.weight)
    return second if second.member == rule.classifier else None


def find_and_place(picture: GrayImage) -> SeenLine | None:
    """The line in a picture; None where there is no ink."""
    line = find_line(picture)
    if line.box is None:
        return None
    try:
        return SeenLine(line.image, line_canvas(line.image, is_clean=line.is_clean), line.is_clean)
    except BlankImage:
        return None


def see_line(picture: GrayImage) -> LineCanvas | None:
    """The canvas of a picture; None where there is no ink."""
    seen = find_and_place(picture)
    return None if seen is None else seen.placed.canvas


def frames_of(model: Network, canvases: Sequence[LineCanvas | None]) -> list[Logits | None]:
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


def answers_of(
    classifier: LoadedModel, seen: Sequence[SeenLine | None], frames: Sequence[Logits | None]
) -> list[Answered | None]:
    """What a digit classifier says about the digits of every line; None where there is no line."""
    looks = [
        None if line is None or of_line is None else first_look(of_line, line.image, line.placed)
        for line, of_line in zip(seen, frames, strict=True)
    ]
    canvases = [canvas for look in looks if look is not None for canvas in look.canvases]
    rows = iter(_digit_logits(classifier.network, canvases))
    temperature = classifier.manifest.temperature
    return [
        None if look is None else Answered(look, [next(rows) for _ in look.canvases], temperature) for look in looks
    ]


def _digit_logits(network: Network, canvases: Sequence[DigitCanvas]) -> list[Logits]:
    logits: list[Logits] = []
    for start in range(0, len(canvases), _DIGITS_PER_BATCH):
        logits += list(network.logits(np.stack(canvases[start : start + _DIGITS_PER_BATCH])))
    return logits
