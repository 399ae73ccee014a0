"""What an exported model reads right, measured through the service's own loader."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.recognition.alphabet import DIGITS
from service.recognition.manifest import Metric
from service.recognition.probability import Logits, softmax
from trainer.config import Config
from trainer.data.bhmsds import FILE as BHMSDS_FILE
from trainer.data.bhmsds import load_bhmsds
from trainer.data.digits import Digits
from trainer.data.mnist import Mnist
from trainer.intervals import wilson_interval
from trainer.readings import Network

_BATCH_SIZE = 1000
NUM_CLASSES = 10


@dataclass(frozen=True, slots=True)
class Score:
    """One model on one data set.

    Attributes:
        num_right: readings whose most probable digit is the label.
        interval: 95 % Wilson interval of the accuracy.
        loss: mean cross entropy in nats, at temperature 1.
        precision, recall, f1: of each digit, float64 (10,); 0 where they are not defined.
    """

    dataset: str
    num_samples: int
    num_right: int
    interval: tuple[float, float]
    loss: float
    precision: NDArray[np.float64]
    recall: NDArray[np.float64]
    f1: NDArray[np.float64]

    @property
    def accuracy(self) -> float:
        """Share of readings that are right, 0 to 1."""
        return self.num_right / self.num_samples

    def to_metric(self) -> Metric:
        """The accuracy, as a manifest holds it."""
        return Metric("accuracy", self.dataset, self.accuracy, self.num_samples, self.interval)

    def to_dict(self) -> dict[str, Any]:
        """Everything, as JSON can hold it; macro values are means over the digits."""
        return {
            "dataset": self.dataset,
            "num_samples": self.num_samples,
            "num_right": self.num_right,
            "accuracy": self.accuracy,
            "interval": list(self.interval),
            "loss": self.loss,
            "macro_precision": float(self.precision.mean()),
            "macro_recall": float(self.recall.mean()),
            "macro_f1": float(self.f1.mean()),
            "per_digit": [
                {"digit": digit, "precision": float(p), "recall": float(r), "f1": float(f)}
                for digit, (p, r, f) in enumerate(zip(self.precision, self.recall, self.f1, strict=True))
            ],
        }

    def __str__(self) -> str:
        low, high = self.interval
        return (
            f"{self.dataset:<22} {100 * self.accuracy:7.3f} %  ({self.num_right} of {self.num_samples}; 95 %: "
            f"{100 * low:.2f} to {100 * high:.2f})  loss {self.loss:.4f}  macro precision {self.precision.mean():.4f}  "
            f"recall {self.recall.mean():.4f}  F1 {self.f1.mean():.4f}"
        )


def evaluation_sets(config: Config, mnist: Mnist, data_dir: Path | None) -> dict[str, Digits]:
    """Digits that the config was not fitted on, by the name of their data set.

    Validation digits are among them where the config leaves them out of its fit, and the held-back half of
    bhmsds where its file is in `data_dir`.
    """
    sets = {f"{mnist.name}_test": mnist.test}
    if config.measures_validation:
        sets[f"{mnist.name}_validation"] = mnist.train.take(mnist.splits.validation)
    if data_dir is not None and (data_dir / BHMSDS_FILE).exists() and config.alphabet == DIGITS:
        sets["bhmsds_held_back"] = load_bhmsds(data_dir, "held_back")
    return sets


def read_logits(model: Network, digits: Digits) -> Logits:
    """Raw scores of all digits, in batches: float32 (n, 10)."""
    batches = range(0, len(digits), _BATCH_SIZE)
    return np.concatenate([model.logits(digits.canvases[start : start + _BATCH_SIZE]) for start in batches])


def score(
    dataset: str, logits: Logits, labels: NDArray[np.int64], *, is_refused: NDArray[np.bool_] | None = None
) -> Score:
    """Compare readings with labels.

    Args:
        dataset: name of what was read.
        logits: float32 (n, num_classes), raw scores.
        labels: int64 (n,), 0 to num_classes - 1.
        is_refused: bool (n,), what is answered without a reading, which is not right; None where everything is read.
    """
    num_classes = logits.shape[1]
    is_read = np.ones(len(labels), bool) if is_refused is None else ~is_refused
    # confusion[label, reading]
    pairs = (labels * num_classes + logits.argmax(axis=1))[is_read]
    confusion = np.bincount(pairs, minlength=num_classes**2).reshape(num_classes, num_classes)
    num_labels, num_readings = np.bincount(labels, minlength=num_classes), confusion.sum(axis=0)
    right = np.diag(confusion).astype(np.float64)
    probs = softmax(logits)[np.arange(len(labels)), labels]
    return Score(
        dataset=dataset,
        num_samples=len(labels),
        num_right=int(right.sum()),
        interval=wilson_interval(int(right.sum()), len(labels)),
        loss=float(-np.log(np.maximum(probs, np.finfo(np.float64).tiny)).mean()),
        precision=right / np.maximum(num_readings, 1),
        recall=right / np.maximum(num_labels, 1),
        f1=2 * right / np.maximum(num_readings + num_labels, 1),
    )
