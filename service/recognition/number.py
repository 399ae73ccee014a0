"""What a reading of a whole number is, and how frames become one."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from service.recognition.alphabet import DIGITS, OTHER_MARK, class_of_digit, others_in, text_of
from service.recognition.automaton import Rule
from service.recognition.beam import Beam, search, without_long_blanks
from service.recognition.constraint import Constraint
from service.recognition.ctc import align, label_log_probs, symbol_shares
from service.recognition.policy import CalibrationTable, Decision, Reason, decide
from service.recognition.prediction import Alternative
from service.recognition.probability import Logits, Probs, softmax
from service.recognition.satisfying_mass import satisfying_mass

FREE_WIDTH = 32
CONSTRAINED_WIDTH = 128  # of which most end in a wrong check digit
NUM_EXACT = 12  # labels whose forward sum is computed; the beam's own masses order the others
NUM_DIGIT_ALTERNATIVES = 2
TOLERABLE_LOSS = 0.002  # of what was found; below, the exact sum would not change the third digit of a confidence

# What satisfies a constraint must hold this much of the free belief together; less is a picture of something else.
PLAUSIBLE_MASS = 1e-3
# Nor is a reading accepted, whatever a caller bears, where most of the belief is in what breaks the constraint.
ACCEPTABLE_MASS = 0.1
# One picture in a hundred is assumed not to show what was asked for: another form, a slip of the pen.
BROKEN_PRIOR = 0.01


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


@dataclass(frozen=True, slots=True)
class _Candidate:
    label: str
    prob: float


def read_number(
    logits: Logits,
    *,
    temperature: float,
    calibration: CalibrationTable,
    max_error: float,
    top_k: int,
    constraint: Constraint | None = None,
) -> NumberReading:
    """Turn the frames of one line into a reading.

    The confidence of a text is the probability of its label: the sum over all ways to write it into the frames. Under a
    constraint it is that probability given that the constraint holds, as far as that can be believed; see `_Belief`.

    Args:
        logits: float32 (num_frames, 12), one raw score per frame and class of the alphabet.
        temperature: the model's, from its manifest.
        calibration: the model's, from its manifest.
        max_error: error rate that the caller bears among accepted readings, above 0 and below 1.
        top_k: number of alternatives wanted, 1 to 10.
        constraint: what must be true of the number.
    """
    probs, first_frames = without_long_blanks(softmax(logits, temperature=temperature))
    threshold = calibration.threshold_for(max_error)
    free = _candidates(probs, search(probs, width=FREE_WIDTH))
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
            digits=_digits(probs, best.label, first_frames),
            alternatives=_alternatives(free, top_k),
            is_satisfied=True,
            changed_reading=False,
            others=others_in(best.label),
            threshold=threshold,
        )

    beam = search(probs, width=CONSTRAINED_WIDTH, rule=constraint.rule)
    satisfying = [candidate for candidate in _candidates(probs, beam) if candidate.label]
    belief = _Belief.of(probs, constraint.rule, beam, satisfying)
    if not satisfying or belief.least_mass < PLAUSIBLE_MASS:
        reason = Reason.CONSTRAINT_FAILED if text_of(best.label) else Reason.NOT_A_DIGIT
        return _unread(reason, best.label, free, top_k, threshold)
    chosen = satisfying[0]
    sure = [_Candidate(candidate.label, belief.confidence(candidate.prob)) for candidate in satisfying]
    decision, reason = decide(sure[0].prob, threshold)
    if decision is Decision.ACCEPTED and belief.least_mass < ACCEPTABLE_MASS:
        decision, reason = Decision.REVIEW, Reason.UNCERTAIN
    return NumberReading(
        text=chosen.label,
        confidence=sure[0].prob,
        decision=decision,
        reason=reason,
        digits=_digits(probs, chosen.label, first_frames),
        alternatives=_alternatives(sure, top_k),
        is_satisfied=True,
        changed_reading=chosen.label != text_of(best.label),
        others=(),
        threshold=threshold,
    )


def blank_number(*, calibration: CalibrationTable, max_error: float) -> NumberReading:
    """The verdict on a picture without ink."""
    threshold = calibration.threshold_for(max_error)
    return NumberReading("", 0.0, Decision.REJECTED, Reason.BLANK, (), (), False, False, (), threshold)


@dataclass(frozen=True, slots=True)
class _Belief:
    """How much of the free belief satisfies a constraint, and what the constraint makes of it.

    Dividing by the satisfying mass alone would say that the constraint holds for certain. A picture of something else
    would then be forced to the nearest text that is allowed, at full confidence. So the constraint is taken for a
    statement that is true of 99 pictures in 100. By Bayes' rule, a picture of which the share m of the free belief
    satisfies it breaks it with probability u = b / (b + (1 - b) m), where b is `BROKEN_PRIOR`; a text of free
    probability p, which satisfies it, is right with p ((1 - u) / m + u). With all the mass on satisfying texts that is
    p; with half of it, a lone text gets 0.99; with a tenth 0.92; with a hundredth 0.50; with a thousandth 0.09.

    The rule takes every text to be as likely to satisfy a constraint by chance as not. In truth few do, and that would
    make the constraint more credible still; what is left out is on the careful side.

    Attributes:
        least_mass: free probability of the satisfying texts, as far as it is known.
        most_mass: what it can be at most. The two differ where the search had to drop much and the rule has too many
            states for the exact sum; then the larger is divided by, and the smaller believed.
    """

    least_mass: float
    most_mass: float

    @staticmethod
    def of(probs: Probs, rule: Rule, beam: Beam, satisfying: list[_Candidate]) -> "_Belief":
        exact = {candidate.label: candidate.prob for candidate in satisfying}
        found = sum(exact.get(label, mass) for label, mass in beam.masses.items() if label)
        if found and beam.lost > TOLERABLE_LOSS * found:
            mass = satisfying_mass(probs, rule)
            if mass is not None:
                return _Belief(mass, mass)
        return _Belief(min(found, 1.0), min(found + beam.lost, 1.0))

    def confidence(self, prob: float) -> float:
        broken = BROKEN_PRIOR / (BROKEN_PRIOR + (1.0 - BROKEN_PRIOR) * self.least_mass)
        return min(prob * ((1.0 - broken) / self.most_mass + broken), 1.0)


def _candidates(probs: Probs, beam: Beam) -> list[_Candidate]:
    """The heaviest labels of a search with their exact probabilities, best first."""
    labels = list(beam.masses)[:NUM_EXACT]
    log_probs = label_log_probs(probs, labels).tolist()
    candidates = [_Candidate(label, math.exp(log_prob)) for label, log_prob in zip(labels, log_probs, strict=True)]
    return sorted(candidates, key=lambda candidate: -candidate.prob)


def _alternatives(candidates: list[_Candidate], top_k: int) -> tuple[TextAlternative, ...]:
    """Different texts that hold a digit, each with its likeliest label's confidence."""
    texts: dict[str, float] = {}
    for candidate in candidates:
        text = text_of(candidate.label)
        if text:
            texts.setdefault(text, candidate.prob)
    return tuple(TextAlternative(text, confidence) for text, confidence in list(texts.items())[:top_k])


def _digits(probs: Probs, label: str, first_frames: NDArray[np.int64]) -> tuple[NumberDigit, ...]:
    """Every digit of a label with its share and its frames; marks that are no digit are left out."""
    shares = symbol_shares(probs, label)
    digit_classes = [class_of_digit(digit) for digit in range(len(DIGITS))]
    digits = []
    for symbol, span, of_classes in zip(label, align(probs, label), shares, strict=True):
        if symbol == OTHER_MARK:
            continue
        digit, of_digits = int(symbol), of_classes[digit_classes]
        ranking = [int(other) for other in np.argsort(-of_digits, kind="stable") if other != digit]
        alternatives = tuple(Alternative(other, float(of_digits[other])) for other in ranking[:NUM_DIGIT_ALTERNATIVES])
        first, last = int(first_frames[span.first_frame]), int(first_frames[span.last_frame])
        digits.append(NumberDigit(digit, float(of_digits[digit]), first, last, alternatives))
    return tuple(digits)


def _unread(reason: Reason, label: str, free: list[_Candidate], top_k: int, threshold: float | None) -> NumberReading:
    """The verdict on ink that holds nothing that can be read as asked."""
    alternatives = _alternatives(free, top_k)
    return NumberReading(
        "", 0.0, Decision.REJECTED, reason, (), alternatives, False, False, others_in(label), threshold
    )
