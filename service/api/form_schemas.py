"""The JSON of a form's reading, as the OpenAPI document shows it: an example on every field."""

from typing import Any

from pydantic import Field

from service.api.schemas import AlternativeOut, BoxOut, Digit, Probability, Schema
from service.api.sequence_schemas import TextAlternativeOut
from service.forms.template import FieldKind, RuleKind
from service.forms.values import FieldReading
from service.recognition.policy import Decision, Reason
from service.stacks.forms import RecognizedForm

_BOX = {"x": 780, "y": 410, "width": 220, "height": 60}
_DIGIT = {"digit": 2, "confidence": 0.998, "box": _BOX, "alternatives": [{"digit": 2, "confidence": 0.998}]}
_FIELD = {
    "name": "total",
    "kind": "boxed_digits",
    "value": "253",
    "confidence": 0.98,
    "low_confidence": False,
    "decision": "accepted",
    "reason": None,
    "digits": [_DIGIT],
    "alternatives": [{"text": "253", "confidence": 0.98}],
    "box": _BOX,
    "settled_by_rule": False,
}
_CHECK = {"rule": "sum", "of": ["a", "b"], "equals": "total", "satisfied": True, "settled": []}
_REGISTRATION = {"method": "features", "inliers": 212, "residual_px": 0.8, "rotation_deg": 90.2}


class RegistrationOut(Schema):
    """Where the page was found in the picture."""

    method: str = Field(description="`marks` or `features`: what placed it.", examples=["features"])
    inliers: int = Field(description="Marks or points that agreed with its place.", examples=[212])
    residual_px: float = Field(description="By how much print is off, in pixels of the picture.", examples=[0.8])
    rotation_deg: float = Field(description="By which the page is turned clockwise, -180 to 180.", examples=[90.2])


class FormDigitOut(Schema):
    """One digit of a field."""

    digit: Digit = Field(description="0 to 9.", examples=[2])
    confidence: Probability = Field(description="Probability that it is right.", examples=[0.998])
    box: BoxOut | None = Field(description="Of its cell; null in fields that have none.", examples=[_BOX])
    alternatives: tuple[AlternativeOut, ...] = Field(
        description="Best first, the digit itself included.", examples=[[{"digit": 2, "confidence": 0.998}]]
    )


class FormFieldOut(Schema):
    """The value of one field."""

    name: str = Field(description="As in the template.", examples=["total"])
    kind: FieldKind = Field(description="As in the template.", examples=["boxed_digits"])
    value: str = Field(
        description="Digits; `checked` or `unchecked`; empty where nothing is written, or nothing can be read.",
        examples=["253"],
    )
    confidence: Probability = Field(description="Probability that the value is right.", examples=[0.98])
    low_confidence: bool = Field(description="True exactly where `decision` is not `accepted`.", examples=[False])
    decision: Decision = Field(description="What to do with the value.", examples=["accepted"])
    reason: Reason | None = Field(
        description="Why it was not accepted; null where it was, but for an empty field: `blank`.", examples=[None]
    )
    digits: tuple[FormDigitOut, ...] = Field(description="From left to right.", examples=[[_DIGIT]])
    alternatives: tuple[TextAlternativeOut, ...] = Field(
        description="Values that it may have, best first.", examples=[[{"text": "253", "confidence": 0.98}]]
    )
    box: BoxOut = Field(description="Where the field is in the picture.", examples=[_BOX])
    settled_by_rule: bool = Field(description="Whether a rule chose the value among `alternatives`.", examples=[False])


class CheckOut(Schema):
    """How a rule of the template came out."""

    rule: RuleKind = Field(description="As in the template.", examples=["sum"])
    of: tuple[str, ...] = Field(description="As in the template.", examples=[["a", "b"]])
    equals: str = Field(description="As in the template.", examples=["total"])
    satisfied: bool | None = Field(description="Null where a field of it could not be read.", examples=[True])
    settled: tuple[str, ...] = Field(description="Fields whose value it chose.", examples=[[]])


class SizeOut(Schema):
    """Size of a picture."""

    width: int = Field(description="In pixels, after the EXIF turn.", examples=[1654])
    height: int = Field(description="In pixels, after the EXIF turn.", examples=[2339])


class FormOut(Schema):
    """The reading of one page of a form."""

    template: str = Field(
        description="Name of the template; empty for one that the request brought.", examples=["tally"]
    )
    page: int = Field(description="Page of the template, from 1.", examples=[1])
    registration: RegistrationOut = Field(description="Where the page was found.", examples=[_REGISTRATION])
    fields: tuple[FormFieldOut, ...] = Field(description="In the template's order.", examples=[[_FIELD]])
    checks: tuple[CheckOut, ...] = Field(
        description="A row for every rule between fields of this page.", examples=[[_CHECK]]
    )
    max_error: float = Field(description="Error rate borne among accepted readings.", examples=[0.01])
    image: SizeOut = Field(
        description="The picture, in whose pixels all boxes are.", examples=[{"width": 1654, "height": 2339}]
    )


def form_fields(form: RecognizedForm, *, top_k: int) -> dict[str, Any]:
    """What is said about a page, for orjson; `FormOut` describes it, and a test holds the two together."""
    registration = form.registration
    return {
        "template": form.template,
        "page": form.page,
        "registration": {
            "method": registration.method,
            "inliers": int(registration.num_inliers),
            "residual_px": float(registration.residual_px),
            "rotation_deg": float(registration.rotation_deg),
        },
        "fields": [_field(reading, top_k) for reading in form.readings],
        "checks": [
            {
                "rule": check.rule.kind,
                "of": check.rule.of,
                "equals": check.rule.equals,
                "satisfied": check.is_satisfied,
                "settled": check.settled,
            }
            for check in form.checks
        ],
        "max_error": form.max_error,
        "image": {"width": form.width, "height": form.height},
    }


def _field(reading: FieldReading, top_k: int) -> dict[str, Any]:
    return {
        "name": reading.field.name,
        "kind": reading.field.kind,
        "value": reading.value,
        "confidence": reading.confidence,
        "low_confidence": reading.decision is not Decision.ACCEPTED,
        "decision": reading.decision,
        "reason": reading.reason,
        "digits": [
            {
                "digit": digit.digit,
                "confidence": digit.confidence,
                "box": digit.box,
                "alternatives": digit.alternatives[:top_k],
            }
            for digit in reading.digits
        ],
        "alternatives": reading.alternatives[:top_k],
        "box": reading.box,
        "settled_by_rule": reading.is_settled_by_rule,
    }
