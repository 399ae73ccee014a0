"""Teaching a reader a person's own hand, from a few hundred pictures of it.

The pictures are bent a little, differently every time, and half of all that is learned from are composed numbers as
before, so that what the reader knew is not forgotten. Some pictures are held back and tell what was gained.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import keras
import numpy as np

from service.recognition.alphabet import classes_of
from service.recognition.image import GrayImage
from trainer.data.lines.generator import Example
from trainer.finetune.pictures import require_pictures
from trainer.reader.batches import Batch, stack
from trainer.reader.loss import ctc_loss
from trainer.reader.own_pictures import OwnPictures
from trainer.reader.readings import see_line

_COLUMNS_PER_BATCH = 4096


@dataclass(frozen=True, slots=True)
class FinetuneOptions:
    """How long, and how carefully.

    Attributes:
        num_epochs: how often each picture is seen, each time bent otherwise.
        learning_rate: at the start; down to zero along a cosine.
        seed: where chance starts.
    """

    num_epochs: int = 30
    learning_rate: float = 4e-4
    seed: int = 3


def finetune(model: keras.Model, own: OwnPictures, rehearsal: list[Batch], options: FinetuneOptions) -> None:
    """Adapt a reader in place.

    Args:
        model: from `reader_from`; one output.
        own: to learn from.
        rehearsal: composed numbers, used in turn; as many of their batches are learned from as of the pictures.
        options: how.

    Raises:
        TrainerError: there are too few pictures.
    """
    require_pictures(len(own))
    head = next(iter(model.output))
    # A few hundred pictures would shift the statistics that a hundred thousand have settled.
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = False
    model.compile(
        optimizer=keras.optimizers.AdamW(options.learning_rate, weight_decay=1e-4, clipnorm=1.0),
        loss={head: ctc_loss},
        jit_compile=False,
    )
    rng = np.random.default_rng(options.seed)
    num_rehearsed = 0
    for epoch in range(options.num_epochs):
        for batch in _batches(own, rng):
            progress = epoch / options.num_epochs
            model.optimizer.learning_rate = options.learning_rate * 0.5 * (1 + np.cos(np.pi * progress))
            model.train_on_batch(batch[0], {head: batch[1]})
            canvases, targets = rehearsal[num_rehearsed % len(rehearsal)]
            num_rehearsed += 1
            model.train_on_batch(canvases, {head: targets})


def bent(picture: GrayImage, rng: np.random.Generator) -> GrayImage:
    """A picture slightly turned, slanted and stretched, a little brighter, blurred or grainy; uint8 (height, width)."""
    height, width = picture.shape
    turn, slant = np.deg2rad(rng.normal(0, 1.5)), rng.normal(0, 0.12)
    scale_x, scale_y = 1 + rng.normal(0, 0.08), 1 + rng.normal(0, 0.05)
    linear = np.array([[scale_x, slant], [np.sin(turn), scale_y]])
    middle = np.array([width, height]) / 2
    # As much larger as a slant needs, so that nothing leaves the picture.
    margin = int(abs(slant) * height / 2 + abs(np.sin(turn)) * width / 2 + 1)
    matrix = np.column_stack([linear, middle - linear @ middle + margin])
    size = (width + 2 * margin, height + 2 * margin)
    bent_picture = cv2.warpAffine(picture, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    levels = bent_picture.astype(np.float32) * rng.uniform(0.85, 1.1) + rng.uniform(-10, 10)
    if rng.random() < 0.3:
        levels = cv2.GaussianBlur(levels, (0, 0), rng.uniform(0.3, 0.8))
    if rng.random() < 0.5:
        levels += rng.normal(0, rng.uniform(1, 6), levels.shape)
    return np.clip(levels, 0, 255).astype(np.uint8)


def _batches(own: OwnPictures, rng: np.random.Generator) -> Iterator[Batch]:
    """Every picture once, bent, in batches of one width."""
    waiting: dict[int, list[Example]] = defaultdict(list)
    for row in rng.permutation(len(own)):
        canvas = see_line(bent(own.pictures[row], rng))
        label = classes_of(own.texts[row]).astype(np.int32)
        if canvas is None or canvas.shape[1] // 2 < 2 * len(label) + 1:
            continue
        width = canvas.shape[1]
        waiting[width].append(Example(canvas, label))
        if len(waiting[width]) == max(1, _COLUMNS_PER_BATCH // width):
            yield stack(waiting.pop(width))
    yield from (stack(examples) for examples in waiting.values())
