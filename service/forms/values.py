"""What is read in the fields of a form."""

from dataclasses import dataclass

from service.forms.fields import CutField
from service.forms.template import Field
from service.recognition.number import TextAlternative
from service.recognition.policy import Decision, Reason
from service.recognition.prediction import Alternative, Box

EMPTY_CONFIDENCE = 0.999  # not measured on people's forms: nothing stands in the field, however pale


@dataclass(frozen=True, slots=True)
class FieldDigit:
    """One digit of a value.

    Attributes:
        digit: 0 to 9.
        confidence: calibrated probability, 0 to 1, that it is right.
        box: of its cell, or of itself where there are none; in pixels of the picture, None where that is not known.
        alternatives: best first, the reading included.
    """

    digit: int
    confidence: float
    box: Box | None
    alternatives: tuple[Alternative, ...]


@dataclass(frozen=True, slots=True)
class FieldReading:
    """The value of one field.

    Attributes:
        field: of the template.
        value: digits; `checked` or `unchecked` for a checkbox; "" where nothing is written, or nothing can be read.
        confidence: calibrated probability, 0 to 1, that the value is right.
        decision: what to do with it.
        reason: None when accepted, but for an empty field: `blank`.
        digits: one per character of the value, as far as they are known.
        box: of the field, in pixels of the picture.
        alternatives: values that the field may have, best first.
        threshold: confidence from which readings are accepted; None where `max_error` is unproven.
        is_settled_by_rule: whether a rule chose the value among its alternatives.
    """

    field: Field
    value: str
    confidence: float
    decision: Decision
    reason: Reason | None
    digits: tuple[FieldDigit, ...]
    box: Box
    alternatives: tuple[TextAlternative, ...]
    threshold: float | None
    is_settled_by_rule: bool = False


def unread(
    field: CutField, reason: Reason, threshold: float | None, *, alternatives: tuple[TextAlternative, ...] = ()
) -> FieldReading:
    """Something is written in a field, and nobody can say what."""
    return FieldReading(field.field, "", 0.0, Decision.REJECTED, reason, (), field.box, alternatives, threshold)


def empty(field: CutField, threshold: float | None) -> FieldReading:
    """Nothing is written in a field, and that is a reading like others."""
    return FieldReading(
        field.field, "", EMPTY_CONFIDENCE, Decision.ACCEPTED, Reason.BLANK, (), field.box, (), threshold
    )
