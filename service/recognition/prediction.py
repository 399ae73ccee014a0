"""What a reading is, before it becomes JSON."""

from dataclasses import dataclass

from service.recognition.policy import CalibrationTable, Decision, Reason, decide
from service.recognition.probability import Logits, Probs, softmax

NUM_DIGITS = 10
GATED_DIGITS = "0123456789?+"
"""Alphabet of a digit classifier that can say no: ten digits, ink that is no digit, several digits."""

# Chance of there being no one digit, from which on none is named. Digits side by side are plain to see; a doubtful
# stroke is more often an odd digit than a letter, and a person should see which.
SEVERAL_FROM = 0.5
NOT_A_DIGIT_FROM = 0.7


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
        digit: 0 to 9, or None where there was nothing to read: no ink, no digit, or several.
        confidence: calibrated probability, 0 to 1, that the picture shows one digit and that it is `digit`; 0 without a
            digit.
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
        logits: float32 (12,), one raw score per symbol of `GATED_DIGITS`; or (10,), of a network that knows digits
            alone and rejects nothing.
        temperature: the model's, from its manifest.
        calibration: the model's, from its manifest.
        max_error: error rate that the caller bears among accepted readings, above 0 and below 1.
        top_k: number of alternatives wanted, 1 to 10.
    """
    probs = softmax(logits, temperature=temperature)
    threshold = calibration.threshold_for(max_error)
    refusal = refuse(probs[NUM_DIGITS:])
    if refusal is not None:
        return _rejected(refusal, threshold)
    ranking = probs[:NUM_DIGITS].argsort(kind="stable")[::-1][:top_k]
    alternatives = tuple(Alternative(int(digit), float(probs[digit])) for digit in ranking)
    best = alternatives[0]
    decision, reason = decide(best.confidence, threshold)
    return DigitReading(best.digit, best.confidence, decision, reason, alternatives, threshold)


def refuse(refusal_probs: Probs) -> Reason | None:
    """Why there is no one digit to read, where that is clear.

    Args:
        refusal_probs: float64 (2,), probabilities that the ink is no digit, and that it is several; or (0,).
    """
    if not len(refusal_probs):
        return None
    likelier_is_several = bool(refusal_probs[1] > refusal_probs[0])
    if refusal_probs.sum() < (SEVERAL_FROM if likelier_is_several else NOT_A_DIGIT_FROM):
        return None
    return Reason.SEVERAL_DIGITS if likelier_is_several else Reason.NOT_A_DIGIT


def blank_reading(*, calibration: CalibrationTable, max_error: float) -> DigitReading:
    """The verdict on a picture without ink."""
    return _rejected(Reason.BLANK, calibration.threshold_for(max_error))


def several_reading(reading: DigitReading) -> DigitReading:
    """The verdict on a picture that was read as one digit, and in which several were counted."""
    return _rejected(Reason.SEVERAL_DIGITS, reading.threshold)


def _rejected(reason: Reason, threshold: float | None) -> DigitReading:
    return DigitReading(None, 0.0, Decision.REJECTED, reason, (), threshold)
