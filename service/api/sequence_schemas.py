"""The JSON of a number's reading, as the OpenAPI document shows it: an example on every field."""

from typing import Any

import orjson
from pydantic import Field

from service.api.schemas import (
    AlternativeOut,
    BoxOut,
    CalibrationOut,
    Digit,
    ImageOut,
    ModelOut,
    Probability,
    Schema,
)
from service.recognition.policy import Decision, Reason
from service.runtime.sequence_recognizer import RecognizedNumber

_BOX = {"x": 12, "y": 9, "width": 20, "height": 44}
_DIGIT = {"digit": 1, "confidence": 0.998, "box": _BOX, "alternatives": [{"digit": 7, "confidence": 0.001}]}


class NumberDigitOut(Schema):
    """One digit of a number."""

    digit: Digit = Field(description="0 to 9.", examples=[1])
    confidence: Probability = Field(
        description="Probability that this digit stands here, given that all others are as read.", examples=[0.998]
    )
    box: BoxOut = Field(description="Where it stands.", examples=[_BOX])
    alternatives: tuple[AlternativeOut, ...] = Field(
        description="What else it may be, best first.", examples=[[{"digit": 7, "confidence": 0.001}]]
    )


class TextAlternativeOut(Schema):
    """One number that the picture may show."""

    text: str = Field(description="Its digits.", examples=["12867"])
    confidence: Probability = Field(description="Calibrated probability of this number.", examples=[0.971])


class ConstraintOut(Schema):
    """What became of the request's constraint."""

    satisfied: bool = Field(
        description="Whether `text` satisfies it; without one, whether anything was read.", examples=[True]
    )
    changed_reading: bool = Field(
        description="Whether the reading would have been another one without it.", examples=[False]
    )


class NumberOut(Schema):
    """The reading of one number."""

    text: str = Field(description="Its digits; empty where there is nothing to read.", examples=["12867"])
    confidence: Probability = Field(
        description="Calibrated probability that all of it is right; 0 where there is nothing to read.",
        examples=[0.971],
    )
    low_confidence: bool = Field(description="True exactly where `decision` is not `accepted`.", examples=[False])
    decision: Decision = Field(description="What to do with the reading.", examples=["accepted"])
    reason: Reason | None = Field(description="Why it was not accepted; null where it was.", examples=[None])
    digits: tuple[NumberDigitOut, ...] = Field(description="From left to right.", examples=[[_DIGIT]])
    alternatives: tuple[TextAlternativeOut, ...] = Field(
        description="Best first, the reading itself included; empty where there is nothing to read.",
        examples=[[{"text": "12867", "confidence": 0.971}, {"text": "12367", "confidence": 0.011}]],
    )
    constraint: ConstraintOut = Field(
        description="What became of the request's constraint.",
        examples=[{"satisfied": True, "changed_reading": False}],
    )
    model: ModelOut = Field(description="Who answered.", examples=[{"name": "crnn", "version": 1}])
    calibration: CalibrationOut = Field(
        description="How the decision was made.", examples=[{"max_error": 0.01, "threshold": 0.9}]
    )
    image: ImageOut = Field(
        description="What was found out about the picture.",
        examples=[{"width": 180, "height": 64, "polarity": "dark_on_light", "box": _BOX}],
    )
    request_id: str = Field(
        description="Also in the header `X-Request-ID`; name it when you report something.",
        examples=["01JD3Y7VQK8B0W5N2R6T9XZC4M"],
    )


def number_json(recognized: RecognizedNumber, request_id: str) -> bytes:
    """The JSON of a reading, which is what `NumberOut` describes; a test holds the two together."""
    return orjson.dumps({**number_fields(recognized), "request_id": request_id})


def number_fields(recognized: RecognizedNumber) -> dict[str, Any]:
    """What is said about a reading, for orjson, wherever it stands: alone or in a stack."""
    reading, picture = recognized.reading, recognized.picture
    return {
        "text": reading.text,
        "confidence": reading.confidence,
        "low_confidence": reading.decision is not Decision.ACCEPTED,
        "decision": reading.decision,
        "reason": reading.reason,
        "digits": [
            {
                "digit": digit.digit,
                "confidence": digit.confidence,
                "box": box,
                "alternatives": digit.alternatives,
            }
            for digit, box in zip(reading.digits, recognized.boxes, strict=True)
        ],
        "alternatives": reading.alternatives,
        "constraint": {"satisfied": reading.is_satisfied, "changed_reading": reading.changed_reading},
        "model": {"name": recognized.model, "version": recognized.version},
        "calibration": {"max_error": recognized.max_error, "threshold": reading.threshold},
        "image": {
            "width": picture.width,
            "height": picture.height,
            "polarity": picture.polarity,
            "box": picture.box,
        },
    }
