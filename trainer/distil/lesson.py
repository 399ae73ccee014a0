"""Labels and a teacher's opinion, side by side, for `trainer.train` to learn from."""

import keras
import numpy as np
from numpy.typing import NDArray

from trainer.architectures.registry import NUM_CLASSES
from trainer.data.batches import TrainingBatches
from trainer.data.digits import Digits
from trainer.distil.config import DistilledConfig
from trainer.readings import Network

Targets = NDArray[np.float32]
"""float32 (batch, 11): scores of the ten digits by the teacher, then the label."""


class TeacherLesson:
    """A `trainer.train.Lesson`: what is learned from canvases, and how it is judged.

    Args:
        config: of the student.
        teacher: from uint8 canvases (batch, 28, 28, 1) to scores float32 (batch, 10).
    """

    def __init__(self, config: DistilledConfig, teacher: Network) -> None:
        self._config = config
        self._teacher = teacher

    @property
    def loss(self) -> "DistillationLoss":
        """Of the student's logits against `Targets`."""
        return DistillationLoss(self._config.soft_share, self._config.soften)

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        """Share of the labels that the student finds."""
        return [keras.metrics.MeanMetricWrapper(_is_right, name="accuracy")]

    def batches(self, batches: TrainingBatches) -> "TaughtBatches":
        """The batches with the teacher's opinion of each bent canvas."""
        return TaughtBatches(batches, self)

    def targets(self, digits: Digits) -> Targets:
        """Teacher's opinions and labels of digits."""
        labels = digits.labels[:, np.newaxis].astype(np.float32)
        return np.concatenate([self._teacher.logits(digits.canvases), labels], axis=1)


class TaughtBatches(keras.utils.PyDataset):
    """Batches of `TrainingBatches`, with `Targets` in place of the labels."""

    def __init__(self, batches: TrainingBatches, lesson: TeacherLesson) -> None:
        super().__init__()
        self._batches = batches
        self._lesson = lesson

    def __len__(self) -> int:
        return len(self._batches)

    def __getitem__(self, index: int) -> tuple[NDArray[np.uint8], Targets]:
        """Batch `index` of this epoch: uint8 (batch, 28, 28, 1) and float32 (batch, 11)."""
        canvases, labels = self._batches[index]
        return canvases, self._lesson.targets(Digits(canvases, labels))

    def on_epoch_end(self) -> None:
        """Called by Keras when an epoch is over."""
        self._batches.on_epoch_end()


class DistillationLoss(keras.losses.Loss):
    """Divergence from the teacher, and cross entropy with the labels.

    The first is taken of softened probabilities, times the square of the divisor, so that its gradients have the size
    that they would have without.

    Args:
        soft_share: weight of the first, 0 to 1.
        soften: divisor of the logits in the first.

    Source: Hinton, Vinyals and Dean 2015, arXiv 1503.02531, section 2.
    """

    def __init__(self, soft_share: float, soften: float) -> None:
        super().__init__(name="distillation")
        self._soft_share = soft_share
        self._soften = soften

    def call(self, y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
        """`Targets` and logits float32 (batch, 10) to float32 (batch,)."""
        ops = keras.ops
        taught = ops.log_softmax(y_true[:, :NUM_CLASSES] / self._soften)
        learned = ops.log_softmax(y_pred / self._soften)
        divergence = ops.sum(ops.exp(taught) * (taught - learned), axis=-1)
        labels = ops.cast(y_true[:, NUM_CLASSES], "int32")
        cross_entropy = ops.sparse_categorical_crossentropy(labels, y_pred, from_logits=True)
        return self._soft_share * self._soften**2 * divergence + (1 - self._soft_share) * cross_entropy


def _is_right(y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
    labels = keras.ops.cast(y_true[:, NUM_CLASSES], "int32")
    found = keras.ops.cast(keras.ops.argmax(y_pred, axis=-1), "int32")
    return keras.ops.cast(keras.ops.equal(labels, found), "float32")
