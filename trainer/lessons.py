"""What a digit classifier learns from canvases, and how that is judged: labels, or something beside them."""

from collections.abc import Sequence
from typing import Any, Protocol

import keras

from trainer.data.batches import TrainingBatches
from trainer.data.digits import Digits


class Lesson(Protocol):
    """What `trainer.train` asks; `LabelLesson` and `trainer.distil.lesson.TeacherLesson` are two."""

    @property
    def loss(self) -> keras.losses.Loss:
        """Of logits (batch, num_classes) against the targets."""

    @property
    def metrics(self) -> Sequence[str | keras.metrics.Metric]:
        """What is noted of every epoch beside the loss; `accuracy` is among them."""

    def batches(self, batches: TrainingBatches) -> keras.utils.PyDataset:
        """The batches with their targets in place of the labels."""

    def targets(self, digits: Digits) -> Any:
        """The targets of digits that are not bent, an array with a row for each."""


class LabelLesson:
    """The labels themselves."""

    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    metrics = ("accuracy",)

    def batches(self, batches: TrainingBatches) -> keras.utils.PyDataset:
        """As they are."""
        return batches

    def targets(self, digits: Digits) -> Any:
        """int64 (n,)."""
        return digits.labels
