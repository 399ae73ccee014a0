"""What a reading is, before it becomes JSON."""

from dataclasses import dataclass

from service.recognition.policy import CalibrationTable, Decision, Reason, decide
from service.recognition.probability import Logits, softmax


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels of the picture as sent, after its EXIF turn; (x, y) is its top left."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Alternative:
    """One digit that the picture may show, with its calibrated probability."""

    digit: int
    confidence: float


@dataclass(frozen=True, slots=True)
class DigitReading:
    """One digit, how sure it is, and what follows from that.

    Attributes:
        digit: 0 to 9, or None where there was nothing to read.
        confidence: calibrated probability, 0 to 1, that `digit` is right; 0 without a digit.
        alternatives: best first, the reading included; empty without a digit.
        threshold: confidence from which readings are accepted; None where `max_error` is unproven.
    """

    digit: int | None
    confidence: float
    decision: Decision
    reason: Reason | None
    alternatives: tuple[Alternative, ...]
    threshold: float | None


def read_digit(
    logits: Logits,
    *,
    temperature: float,
    calibration: CalibrationTable,
    max_error: float,
    top_k: int,
) -> DigitReading:
    """Turn one row of logits into a reading.

    Args:
        logits: float32 (10,), one raw score per digit.
        temperature: the model's, from its manifest.
        calibration: the model's, from its manifest.
        max_error: error rate that the caller bears among accepted readings, above 0 and below 1.
        top_k: number of alternatives wanted, 1 to 10.
    """
    probs = softmax(logits, temperature=temperature)
    ranking = probs.argsort(kind="stable")[::-1][:top_k]
    alternatives = tuple(Alternative(int(digit), float(probs[digit])) for digit in ranking)
    best = alternatives[0]
    threshold = calibration.threshold_for(max_error)
    decision, reason = decide(best.confidence, threshold)
    return DigitReading(best.digit, best.confidence, decision, reason, alternatives, threshold)


def blank_reading(*, calibration: CalibrationTable, max_error: float) -> DigitReading:
    """The verdict on a picture without ink."""
    threshold = calibration.threshold_for(max_error)
    return DigitReading(None, 0.0, Decision.REJECTED, Reason.BLANK, (), threshold)
