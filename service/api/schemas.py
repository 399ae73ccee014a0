"""The JSON of requests and answers, as the OpenAPI document shows it: an example on every field."""

from typing import Annotated, Any, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field

from service.recognition.paper import Polarity
from service.recognition.policy import Decision, Reason
from service.runtime.digit_recognizer import RecognizedDigit

_BOX = {"x": 61, "y": 40, "width": 120, "height": 200}


class Schema(BaseModel):
    """Base of all: built from our own dataclasses, never changed."""

    model_config = ConfigDict(frozen=True, from_attributes=True)


Digit = Annotated[int, Field(ge=0, le=9)]
Probability = Annotated[float, Field(ge=0, le=1)]


class AlternativeOut(Schema):
    """One digit that the picture may show."""

    digit: Digit = Field(description="0 to 9.", examples=[7])
    confidence: Probability = Field(description="Calibrated probability of this digit.", examples=[0.9991])


class ModelOut(Schema):
    """Who answered."""

    name: str = Field(description="Name of the model.", examples=["cnn"])
    version: int = Field(description="Version of the model.", examples=[1])


class LoadedModelOut(ModelOut):
    """A model, and where it runs."""

    device: str = Field(description="Where it runs: `cpu` or `gpu:N`.", examples=["cpu"])


class CalibrationOut(Schema):
    """How the decision was made."""

    max_error: float = Field(description="Error rate borne among accepted readings.", examples=[0.01])
    threshold: float | None = Field(
        description="Confidence from which a reading is accepted; null where the calibration data cannot prove "
        "`max_error`.",
        examples=[0.62],
    )


class BoxOut(Schema):
    """A rectangle in pixels of the picture as sent, after its EXIF turn."""

    x: int = Field(description="Left edge.", examples=[61])
    y: int = Field(description="Top edge.", examples=[40])
    width: int = Field(description="Width.", examples=[120])
    height: int = Field(description="Height.", examples=[200])


class ImageOut(Schema):
    """What was found out about the picture."""

    width: int = Field(description="In pixels, after the EXIF turn.", examples=[280])
    height: int = Field(description="In pixels, after the EXIF turn.", examples=[280])
    polarity: Polarity = Field(description="Which of ink and paper is dark.", examples=["dark_on_light"])
    box: BoxOut | None = Field(
        description="Where the ink is; null where there is none.",
        examples=[_BOX],
    )


class DigitOut(Schema):
    """The reading of one digit."""

    digit: Digit | None = Field(description="The digit; null where there is nothing to read.", examples=[7])
    confidence: Probability = Field(
        description="Calibrated probability that the reading is right; 0 without a digit.", examples=[0.9991]
    )
    low_confidence: bool = Field(description="True exactly where `decision` is not `accepted`.", examples=[False])
    decision: Decision = Field(description="What to do with the reading.", examples=["accepted"])
    reason: Reason | None = Field(description="Why it was not accepted; null where it was.", examples=[None])
    alternatives: tuple[AlternativeOut, ...] = Field(
        description="Best first, the reading itself included; empty without a digit.",
        examples=[[{"digit": 7, "confidence": 0.9991}, {"digit": 1, "confidence": 0.0006}]],
    )
    model: ModelOut = Field(description="Who answered.", examples=[{"name": "cnn", "version": 1}])
    calibration: CalibrationOut = Field(
        description="How the decision was made.", examples=[{"max_error": 0.01, "threshold": 0.62}]
    )
    image: ImageOut = Field(
        description="What was found out about the picture.",
        examples=[{"width": 280, "height": 280, "polarity": "dark_on_light", "box": _BOX}],
    )
    request_id: str = Field(
        description="Also in the header `X-Request-ID`; name it when you report something.",
        examples=["01JD3Y7VQK8B0W5N2R6T9XZC4M"],
    )


def digit_json(recognized: RecognizedDigit, request_id: str) -> bytes:
    """The JSON of a reading, which is what `DigitOut` describes; a test holds the two together."""
    return orjson.dumps({**digit_fields(recognized), "request_id": request_id})


def digit_fields(recognized: RecognizedDigit) -> dict[str, Any]:
    """What is said about a reading, for orjson, wherever it stands: alone or in a stack.

    Written straight from our own dataclasses: to build and validate the schema's objects takes longer than all
    the rest of an answer.
    """
    reading, picture = recognized.reading, recognized.picture
    return {
        "digit": reading.digit,
        "confidence": reading.confidence,
        "low_confidence": reading.decision is not Decision.ACCEPTED,
        "decision": reading.decision,
        "reason": reading.reason,
        "alternatives": reading.alternatives,
        "model": {"name": recognized.model, "version": recognized.version},
        "calibration": {"max_error": recognized.max_error, "threshold": reading.threshold},
        "image": {
            "width": picture.width,
            "height": picture.height,
            "polarity": picture.polarity,
            "box": picture.box,
        },
    }


class LiveOut(Schema):
    """The process runs."""

    status: Literal["live"] = Field(description="Always `live`.", examples=["live"])


class ReadyOut(Schema):
    """Every model is loaded and has repeated its golden outputs."""

    status: Literal["ready"] = Field(description="Always `ready`; 503 otherwise.", examples=["ready"])
    device: str = Field(description="Where networks run.", examples=["cpu"])
    models: tuple[LoadedModelOut, ...] = Field(
        description="Name, version and device of each.", examples=[[{"name": "cnn", "version": 1, "device": "cpu"}]]
    )


class ProblemOut(Schema):
    """Why a request was not answered (RFC 9457)."""

    type: str = Field(
        description="`urn:problem-type:digits:` and the code.", examples=["urn:problem-type:digits:too_large"]
    )
    title: str = Field(description="What is wrong, in general.", examples=["The picture is too large"])
    status: int = Field(description="The HTTP status.", examples=[413])
    detail: str = Field(
        description="What is wrong with this request, and what to do.",
        examples=["The picture is 12000 x 9000 px; the limit is 25 megapixels. Send a smaller picture."],
    )
    instance: str = Field(description="Path of the request.", examples=["/predict"])
    code: str = Field(description="For programs to decide by; `docs/errors.md` lists all.", examples=["too_large"])
    request_id: str = Field(
        description="Under which the service has logged it.", examples=["01JD3Y7VQK8B0W5N2R6T9XZC4M"]
    )
