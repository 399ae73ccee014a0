"""What a reading of a whole number is, and how frames become one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from service.recognition.alphabet import DIGITS, OTHER_MARK, class_of_digit, others_in, text_of
from service.recognition.beam import search, without_long_blanks
from service.recognition.belief import Belief, Candidate, heaviest_candidates, shares_of_symbols
from service.recognition.constraint import Constraint
from service.recognition.ctc import align
from service.recognition.policy import CalibrationTable, Decision, Reason, decide
from service.recognition.prediction import Alternative
from service.recognition.probability import Logits, Probs, softmax

FREE_WIDTH = 32
CONSTRAINED_WIDTH = 128  # of which most end in a wrong check digit
NUM_DIGIT_ALTERNATIVES = 2

# What satisfies a constraint must hold this much of the free belief together; less is a picture of something else.
PLAUSIBLE_MASS = 1e-3
# Nor is a reading accepted, whatever a caller bears, where most of the belief is in what breaks the constraint.
ACCEPTABLE_MASS = 0.1


@dataclass(frozen=True, slots=True)
class TextAlternative:
    """One number that the picture may show, with its calibrated probability."""

    text: str
    confidence: float


@dataclass(frozen=True, slots=True)
class NumberDigit:
    """One digit of a reading, and where it is.

    Attributes:
        digit: 0 to 9.
        confidence: 0 to 1, its share against the other symbols in its place and against nothing there, all else being
            as read. Under a constraint it is still what the picture says: low where the constraint changed the digit.
        first_frame: of the reader's frames, the first that the digit is written in.
        last_frame: the last one.
        alternatives: the likeliest other digits in its place, best first; shares as `confidence` is.
    """

    digit: int
    confidence: float
    first_frame: int
    last_frame: int
    alternatives: tuple[Alternative, ...]


@dataclass(frozen=True, slots=True)
class NumberReading:
    """One number, how sure it is, and what follows from that.

    Attributes:
        text: its digits; empty where nothing could be read as asked.
        confidence: calibrated probability, 0 to 1, that the reading is right as a whole; 0 without a text.
        decision: what to do with it.
        reason: null when accepted.
        digits: one per character of `text`.
        alternatives: different texts, best first, the reading included. Without a text, what else the picture may
            show: where a constraint failed, what was read regardless of it.
        is_satisfied: whether `text` satisfies the constraint; true where none was given and something was read.
        changed_reading: whether, without the constraint, another text would have been read.
        others: for each mark in the picture that is no digit, how many digits stand before it.
        threshold: confidence from which readings are accepted; None where `max_error` is unproven.
    """

    text: str
    confidence: float
    decision: Decision
    reason: Reason | None
    digits: tuple[NumberDigit, ...]
    alternatives: tuple[TextAlternative, ...]
    is_satisfied: bool
    changed_reading: bool
    others: tuple[int, ...]
    threshold: float | None


def read_number(
    views: Sequence[Logits],
    *,
    temperature: float,
    calibration: CalibrationTable,
    max_error: float,
    top_k: int,
    constraint: Constraint | None = None,
) -> NumberReading:
    """Turn the frames of one line into a reading.

    The confidence of a text is the probability of its label: the sum over all ways to write it into the frames; of
    several views of the line, the mean of what each says. Under a constraint it is that probability given that the
    constraint holds, as far as that can be believed; see `Belief`.

    Args:
        views: float32 (num_frames, 12) each, one raw score per frame and class of the alphabet. The first is of the
            line as it stands, and says where its digits are; others may have other numbers of frames.
        temperature: the model's, from its manifest.
        calibration: the model's, from its manifest.
        max_error: error rate that the caller bears among accepted readings, above 0 and below 1.
        top_k: number of alternatives wanted, 1 to 10.
        constraint: what must be true of the number.
    """
    shortened = [without_long_blanks(softmax(logits, temperature=temperature)) for logits in views]
    probs, first_frames = [probs for probs, _ in shortened], shortened[0][1]
    threshold = calibration.threshold_for(max_error)
    free = heaviest_candidates(probs, [search(of_view, width=FREE_WIDTH) for of_view in probs])
    best = free[0]
    if constraint is None or constraint.rule is None:
        if not text_of(best.label):
            return _unread(Reason.NOT_A_DIGIT, best.label, free, top_k, threshold)
        decision, reason = decide(best.prob, threshold)
        if OTHER_MARK in best.label:
            decision, reason = Decision.REVIEW, Reason.NOT_A_DIGIT
        return NumberReading(
            text=text_of(best.label),
            confidence=best.prob,
            decision=decision,
            reason=reason,
            digits=_digits(probs, best, first_frames),
            alternatives=_alternatives(free, top_k),
            is_satisfied=True,
            changed_reading=False,
            others=others_in(best.label),
            threshold=threshold,
        )

    beams = [search(of_view, width=CONSTRAINED_WIDTH, rule=constraint.rule) for of_view in probs]
    satisfying = [candidate for candidate in heaviest_candidates(probs, beams) if candidate.label]
    belief = Belief.of(probs, constraint.rule, beams, satisfying)
    if not satisfying or belief.least_mass < PLAUSIBLE_MASS:
        reason = Reason.CONSTRAINT_FAILED if text_of(best.label) else Reason.NOT_A_DIGIT
        return _unread(reason, best.label, free, top_k, threshold)
    chosen = satisfying[0]
    confidence = belief.confidence(chosen.prob)
    decision, reason = decide(confidence, threshold)
    if decision is Decision.ACCEPTED and belief.least_mass < ACCEPTABLE_MASS:
        decision, reason = Decision.REVIEW, Reason.UNCERTAIN
    return NumberReading(
        text=chosen.label,
        confidence=confidence,
        decision=decision,
        reason=reason,
        digits=_digits(probs, chosen, first_frames),
        alternatives=_alternatives(satisfying, top_k, belief.confidence),
        is_satisfied=True,
        changed_reading=chosen.label != text_of(best.label),
        others=(),
        threshold=threshold,
    )


def doubted(reading: NumberReading) -> NumberReading:
    """The verdict on a reading beside which something else stands that may be the number, or a part of it."""
    if reading.decision is not Decision.ACCEPTED:
        return reading
    return replace(reading, decision=Decision.REVIEW, reason=Reason.UNCERTAIN)


def blank_number(*, calibration: CalibrationTable, max_error: float) -> NumberReading:
    """The verdict on a picture without ink."""
    threshold = calibration.threshold_for(max_error)
    return NumberReading("", 0.0, Decision.REJECTED, Reason.BLANK, (), (), False, False, (), threshold)


def _alternatives(
    candidates: Sequence[Candidate], top_k: int, confidence_of: Callable[[float], float] = float
) -> tuple[TextAlternative, ...]:
    """Different texts that hold a digit, each with its likeliest label's confidence; candidates come best first."""
    texts: dict[str, float] = {}
    for candidate in candidates:
        text = text_of(candidate.label)
        if text:
            texts.setdefault(text, confidence_of(candidate.prob))
    return tuple(TextAlternative(text, confidence) for text, confidence in list(texts.items())[:top_k])


def _digits(views: Sequence[Probs], chosen: Candidate, first_frames: NDArray[np.int64]) -> tuple[NumberDigit, ...]:
    """Every digit of a label with its share and its frames; marks that are no digit are left out."""
    digit_classes = [class_of_digit(digit) for digit in range(len(DIGITS))]
    spans, shares = align(views[0], chosen.label), shares_of_symbols(views, chosen)
    digits = []
    for symbol, span, of_classes in zip(chosen.label, spans, shares, strict=True):
        if symbol == OTHER_MARK:
            continue
        digit, of_digits = int(symbol), of_classes[digit_classes]
        ranking = [int(other) for other in np.argsort(-of_digits, kind="stable") if other != digit]
        alternatives = tuple(Alternative(other, float(of_digits[other])) for other in ranking[:NUM_DIGIT_ALTERNATIVES])
        first, last = int(first_frames[span.first_frame]), int(first_frames[span.last_frame])
        digits.append(NumberDigit(digit, float(of_digits[digit]), first, last, alternatives))
    return tuple(digits)


def _unread(reason: Reason, label: str, free: list[Candidate], top_k: int, threshold: float | None) -> NumberReading:
    """The verdict on ink that holds nothing that can be read as asked."""
    alternatives = _alternatives(free, top_k)
    return NumberReading(
        "", 0.0, Decision.REJECTED, reason, (), alternatives, False, False, others_in(label), threshold
    )
