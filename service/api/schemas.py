"""The JSON of requests and answers, as the OpenAPI document shows it: an example on every field."""

from typing import Annotated, Any, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field

from service.recognition.manifest import Manifest
from service.recognition.paper import Polarity
from service.recognition.policy import Decision, Reason
from service.runtime.recognizers import RecognizedDigit

_BOX = {"x": 61, "y": 40, "width": 120, "height": 200}
_METRIC = {
    "name": "accuracy",
    "dataset": "mnist_test",
    "value": 0.997,
    "num_samples": 10000,
    "interval": [0.9957, 0.9979],
}
_ROW = {"threshold": 0.62, "num_accepted": 9990, "num_wrong": 12, "error_upper_bound": 0.0019, "coverage": 0.999}
_INPUT = {"dtype": "uint8", "shape": [28, 28, 1], "preprocessing_id": "digit-canvas-1"}
_PROVENANCE = {"config": "cnn", "seed": 1}
_FILES = {"saved_model.pb": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}
_CARD = {
    "name": "cnn",
    "version": 1,
    "kind": "digit_classifier",
    "device": "cpu",
    "input": _INPUT,
    "alphabet": "0123456789",
    "num_parameters": 330346,
    "temperature": 1.31,
    "calibration": [_ROW],
    "metrics": [_METRIC],
    "provenance": _PROVENANCE,
    "files": _FILES,
}


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
    """The JSON of a reading, which is what `DigitOut` describes; a test holds the two together.

    Written straight from our own dataclasses: to build and validate the schema's objects takes longer than all
    the rest of an answer.
    """
    reading, picture = recognized.reading, recognized.picture
    box = picture.box
    return orjson.dumps(
        {
            "digit": reading.digit,
            "confidence": reading.confidence,
            "low_confidence": reading.decision is not Decision.ACCEPTED,
            "decision": reading.decision,
            "reason": reading.reason,
            "alternatives": reading.alternatives,
            "model": {"name": recognized.model, "version": recognized.version},
            "calibration": {"max_error": recognized.max_error, "threshold": reading.threshold},
            "image": {"width": picture.width, "height": picture.height, "polarity": picture.polarity, "box": box},
            "request_id": request_id,
        }
    )


class MetricOut(Schema):
    """A measured share, with what is needed to judge it."""

    name: str = Field(description="What was measured.", examples=["accuracy"])
    dataset: str = Field(description="On what.", examples=["mnist_test"])
    value: Probability = Field(description="The share.", examples=[0.997])
    num_samples: int = Field(description="Number of readings behind it.", examples=[10000])
    interval: tuple[float, float] = Field(description="95 % interval of the value.", examples=[(0.9957, 0.9979)])


class CalibrationRowOut(Schema):
    """What was measured when everything at or above `threshold` is accepted."""

    threshold: Probability = Field(description="Confidence.", examples=[0.62])
    num_accepted: int = Field(description="Calibration readings at or above it.", examples=[9990])
    num_wrong: int = Field(description="Those of them that were wrong.", examples=[12])
    error_upper_bound: Probability = Field(
        description="One-sided 95 % bound of the error rate among accepted readings.", examples=[0.0019]
    )
    coverage: Probability = Field(description="Share of all readings that were accepted.", examples=[0.999])


class InputOut(Schema):
    """What the network sees."""

    dtype: Literal["uint8"] = Field(description="Type of a canvas's values.", examples=["uint8"])
    shape: tuple[int, int, int] = Field(description="Height, width, channels.", examples=[(28, 28, 1)])
    preprocessing_id: str = Field(description="How canvases are made from ink.", examples=["digit-canvas-1"])


class ModelCardOut(Schema):
    """Everything about a model but its weights."""

    name: str = Field(description="As asked for in requests.", examples=["cnn"])
    version: int = Field(description="Higher is newer.", examples=[1])
    kind: str = Field(description="What it reads.", examples=["digit_classifier"])
    device: str = Field(description="Where it runs: `cpu` or `gpu:N`.", examples=["cpu"])
    input: InputOut = Field(
        description="What the network sees.",
        examples=[_INPUT],
    )
    alphabet: str = Field(description="Symbols in the order of the network's outputs.", examples=["0123456789"])
    num_parameters: int = Field(description="Weights in the network.", examples=[330346])
    temperature: float = Field(description="Divisor of the logits, fitted on calibration data.", examples=[1.31])
    calibration: tuple[CalibrationRowOut, ...] = Field(
        description="Error rate and coverage per threshold, by rising threshold.",
        examples=[[_ROW]],
    )
    metrics: tuple[MetricOut, ...] = Field(
        description="Measured on the exported model.",
        examples=[[_METRIC]],
    )
    provenance: dict[str, Any] = Field(
        description="Config, commit, seed, library versions, data.", examples=[_PROVENANCE]
    )
    files: dict[str, str] = Field(
        description="SHA-256 of every file of the model.",
        examples=[_FILES],
    )

    @classmethod
    def of(cls, manifest: Manifest, device: str) -> "ModelCardOut":
        """The JSON of a manifest."""
        return cls(
            name=manifest.name,
            version=manifest.version,
            kind=manifest.kind,
            device=device,
            input=InputOut(dtype="uint8", shape=manifest.input_shape, preprocessing_id=manifest.preprocessing_id),
            alphabet=manifest.alphabet,
            num_parameters=manifest.num_parameters,
            temperature=manifest.temperature,
            calibration=tuple(CalibrationRowOut.model_validate(row) for row in manifest.calibration.rows),
            metrics=tuple(MetricOut.model_validate(metric) for metric in manifest.metrics),
            provenance=dict(manifest.provenance),
            files=dict(manifest.files),
        )


class ModelsOut(Schema):
    """All models that are loaded."""

    default: str = Field(description="The model that answers `auto`.", examples=["cnn"])
    models: tuple[ModelCardOut, ...] = Field(description="By name.", examples=[[_CARD]])


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
