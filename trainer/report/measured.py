"""What a digit classifier answers to labeled digits, and the measures that a report shows of it."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from service.recognition.probability import Probs, softmax
from trainer.data.digits import Digits
from trainer.evaluate import NUM_CLASSES, Score, read_logits, score
from trainer.intervals import wilson_interval
from trainer.trained import Trained

Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Measured:
    """Readings of a data set.

    Attributes:
        digits: what was read, with its labels.
        probs: float64 (n, 10), probability of each digit at the model's temperature. Where a gate is part of the
            network, the rest to 1 is what it gives to pictures that are no digit.
        score: accuracy, loss, and the means over the digits.
    """

    digits: Digits
    probs: Probs
    score: Score

    @property
    def readings(self) -> NDArray[np.int64]:
        """The likeliest digit of each picture, int64 (n,)."""
        return self.probs.argmax(axis=1)

    @property
    def confidences(self) -> NDArray[np.float64]:
        """Its probability, float64 (n,)."""
        confidences: NDArray[np.float64] = self.probs.max(axis=1)
        return confidences

    @property
    def is_right(self) -> NDArray[np.bool_]:
        """Whether it is the label, bool (n,)."""
        return self.readings == self.digits.labels

    @property
    def has_others(self) -> bool:
        """Whether the network gives a part of its probability to pictures that are no digit."""
        return bool((self.probs.sum(axis=1) < 1 - 1e-6).any())

    def wrong_rows(self) -> NDArray[np.int64]:
        """Rows of the wrong readings, the surest first, int64."""
        rows = np.flatnonzero(~self.is_right)
        return rows[np.argsort(-self.confidences[rows], kind="stable")]


@dataclass(frozen=True, slots=True)
class DigitMeasures:
    """One digit against all others.

    Attributes:
        num_pictures: of this digit.
        num_right: of these, read as this digit.
        num_readings: pictures of whatever digit that were read as this one.
        auc: area under the ROC curve of its probability.
        mean_confidence: of the readings of its pictures.
    """

    digit: int
    num_pictures: int
    num_right: int
    num_readings: int
    precision: float
    recall: float
    f1: float
    auc: float
    mean_confidence: float

    @property
    def recall_interval(self) -> Interval:
        """95 % Wilson interval of the share of its pictures that are read right."""
        return wilson_interval(self.num_right, self.num_pictures)

    @property
    def precision_interval(self) -> Interval:
        """95 % Wilson interval of the share of its readings that are right."""
        return wilson_interval(self.num_right, self.num_readings)


@dataclass(frozen=True, slots=True)
class RocCurve:
    """How many of a digit's pictures pass a threshold on its probability, over how many others do.

    Attributes:
        false_positive_rate: float64 (m,), rising from 0 to 1.
        true_positive_rate: float64 (m,), likewise.
    """

    digit: int
    false_positive_rate: NDArray[np.float64]
    true_positive_rate: NDArray[np.float64]
    auc: float


def measure(trained: Trained, dataset: str, digits: Digits) -> Measured:
    """Have a model read digits; temperature 1 where it was not calibrated."""
    logits = read_logits(trained.network, digits)
    probs = softmax(logits, temperature=trained.temperature or 1.0)[:, :NUM_CLASSES]
    return Measured(digits, probs, score(dataset, logits[:, :NUM_CLASSES], digits.labels))


def confusion(measured: Measured) -> NDArray[np.int64]:
    """How often each digit was read as which, int64 (10, 10) by [label, reading]."""
    from sklearn.metrics import confusion_matrix

    counts: NDArray[np.int64] = confusion_matrix(
        measured.digits.labels, measured.readings, labels=np.arange(NUM_CLASSES)
    )
    return counts


def roc_curves(measured: Measured) -> list[RocCurve]:
    """The ROC curve of each digit that occurs, against all others."""
    from sklearn.metrics import auc, roc_curve

    curves = []
    for digit in np.unique(measured.digits.labels):
        false_rate, true_rate, _ = roc_curve(measured.digits.labels == digit, measured.probs[:, digit])
        curves.append(RocCurve(int(digit), false_rate, true_rate, float(auc(false_rate, true_rate))))
    return curves


def digit_measures(measured: Measured) -> list[DigitMeasures]:
    """One row for each digit that occurs."""
    from sklearn.metrics import precision_recall_fscore_support

    labels, readings = measured.digits.labels, measured.readings
    precision, recall, f1, _ = precision_recall_fscore_support(
        labels, readings, labels=np.arange(NUM_CLASSES), zero_division=0.0
    )
    return [
        DigitMeasures(
            digit=curve.digit,
            num_pictures=int((labels == curve.digit).sum()),
            num_right=int(((labels == curve.digit) & measured.is_right).sum()),
            num_readings=int((readings == curve.digit).sum()),
            precision=float(precision[curve.digit]),
            recall=float(recall[curve.digit]),
            f1=float(f1[curve.digit]),
            auc=curve.auc,
            mean_confidence=float(measured.confidences[labels == curve.digit].mean()),
        )
        for curve in roc_curves(measured)
    ]


def commonest_confusions(measured: Measured, *, at_most: int = 10) -> list[tuple[int, int, int]]:
    """The pairs that are confused most, as (label, reading, how often)."""
    wrong = ~measured.is_right
    pairs = zip(measured.digits.labels[wrong].tolist(), measured.readings[wrong].tolist(), strict=True)
    counts = sorted(Counter(pairs).items(), key=lambda item: (-item[1], item[0]))
    return [(label, reading, count) for (label, reading), count in counts[:at_most]]
