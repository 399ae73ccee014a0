"""The JSON of what is known about models, as the OpenAPI document shows it: an example on every field."""

from typing import Any, Literal

from pydantic import Field

from service.api.schemas import ModelOut, Probability, Schema
from service.recognition.manifest import Kind, Manifest
from service.recognition.policy import CalibrationTable

_METRIC = {
    "name": "accuracy",
    "dataset": "mnist_test",
    "value": 0.997,
    "num_samples": 10000,
    "interval": [0.9957, 0.9979],
}
_ROW = {"threshold": 0.62, "num_accepted": 9990, "num_wrong": 12, "error_upper_bound": 0.0019, "coverage": 0.999}
_INPUT = {"dtype": "uint8", "shape": [28, 28, 1], "widths": [], "preprocessing_id": "digit-canvas-1"}
_PROVENANCE = {"config": "cnn", "seed": 1}
_MEMBER = {"name": "ensemble", "version": 1}
_CASCADE = {"small": {"name": "cnn", "version": 1}, "large": _MEMBER, "sure_from": 0.98, "clean_sure_from": 0.995}
_SECOND_LOOK = {"classifier": {"name": "cnn", "version": 1}, "weight": 0.5}
_PEER = {"reader": {"name": "crnn_peer", "version": 1}, "sure_from": 0.98, "reads_slanted": True}
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
    "clean_temperature": 1.1,
    "clean_calibration": [_ROW],
    "metrics": [_METRIC],
    "provenance": _PROVENANCE,
    "files": _FILES,
    "cascade": None,
    "second_look": None,
    "peer": None,
    "slants": [],
}


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
    shape: tuple[int, int | None, int] = Field(
        description="Height, width, channels; the width is null where there are several.", examples=[(28, 28, 1)]
    )
    widths: tuple[int, ...] = Field(
        description="The widths that canvases come in, where there are several; else empty.", examples=[()]
    )
    preprocessing_id: str = Field(description="How canvases are made from ink.", examples=["digit-canvas-1"])


class CascadeOut(Schema):
    """Which of two models answers."""

    small: ModelOut = Field(description="Looks at every picture.", examples=[{"name": "cnn", "version": 1}])
    large: ModelOut = Field(description="Answers where `small` is not sure.", examples=[_MEMBER])
    sure_from: Probability = Field(
        description="Probability that no other digit than its likeliest is right, from which on `small` answers.",
        examples=[0.98],
    )
    clean_sure_from: Probability = Field(description="The same for clean pictures.", examples=[0.995])


class SecondLookOut(Schema):
    """Which classifier looks at the digits that a sequence reader has seen."""

    classifier: ModelOut = Field(
        description="Where another version is loaded, the reader asks nobody, and says so in the log at the start.",
        examples=[{"name": "cnn", "version": 1}],
    )
    weight: float = Field(description="Of its evidence beside the reader's own.", examples=[0.5])


class PeerOut(Schema):
    """Which other sequence reader is asked about a line, and when."""

    reader: ModelOut = Field(
        description="Where another version is loaded, the reader asks nobody, and says so in the log at the start.",
        examples=[{"name": "crnn_peer", "version": 1}],
    )
    sure_from: Probability = Field(
        description="Confidence from which on the first one's reading of a clean line stands.", examples=[0.98]
    )
    reads_slanted: bool = Field(
        description="Whether it reads the slanted views of lines that are not clean, in place of the first one.",
        examples=[True],
    )


class ModelCardOut(Schema):
    """Everything about a model but its weights."""

    name: str = Field(description="As asked for in requests.", examples=["cnn"])
    version: int = Field(description="Higher is newer.", examples=[1])
    kind: Kind = Field(
        description="What it reads: single digits, or whole numbers; a cascade reads single digits with two models.",
        examples=["digit_classifier"],
    )
    device: str = Field(description="Where it runs: `cpu` or `gpu:N`.", examples=["cpu"])
    input: InputOut = Field(
        description="What the network sees.",
        examples=[_INPUT],
    )
    alphabet: str = Field(
        description="Symbols in the order of the network's outputs; a sequence reader's also hold `_` for none and `?` "
        "for a mark that is no digit; a digit classifier's may hold `?` and `+`, for several digits.",
        examples=["0123456789"],
    )
    num_parameters: int = Field(description="Weights in the network.", examples=[330346])
    temperature: float = Field(description="Divisor of the logits, fitted on calibration data.", examples=[1.31])
    calibration: tuple[CalibrationRowOut, ...] = Field(
        description="Error rate and coverage per threshold, by rising threshold.",
        examples=[[_ROW]],
    )
    clean_temperature: float | None = Field(
        description="The divisor for clean pictures, which reach the network pixel by pixel; null where `temperature` "
        "is for all.",
        examples=[1.1],
    )
    clean_calibration: tuple[CalibrationRowOut, ...] | None = Field(
        description="The table for clean pictures; null where `calibration` is for all.",
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
    cascade: CascadeOut | None = Field(
        description="Of a cascade, the models that it is made of; null for other kinds.", examples=[_CASCADE]
    )
    second_look: SecondLookOut | None = Field(
        description="Of a sequence reader, who looks at its digits again; null where nobody does.",
        examples=[_SECOND_LOOK],
    )
    peer: PeerOut | None = Field(
        description="Of a sequence reader, which other one it shares lines with; null where it asks nobody.",
        examples=[_PEER],
    )
    slants: tuple[float, ...] = Field(
        description="Of a sequence reader, how else it sees a line that is not clean: slanted by so many pixels to the "
        "right per pixel downwards. Empty where it sees every line once.",
        examples=[[-0.15, 0.15]],
    )

    @classmethod
    def of(cls, manifest: Manifest, device: str) -> "ModelCardOut":
        """The JSON of a manifest."""
        return cls(
            name=manifest.name,
            version=manifest.version,
            kind=manifest.kind,
            device=device,
            input=InputOut(
                dtype="uint8",
                shape=manifest.input_shape,
                widths=manifest.input_widths,
                preprocessing_id=manifest.preprocessing_id,
            ),
            alphabet=manifest.alphabet,
            num_parameters=manifest.num_parameters,
            temperature=manifest.temperature,
            calibration=_rows(manifest.calibration),
            clean_temperature=manifest.clean_temperature,
            clean_calibration=None if manifest.clean_calibration is None else _rows(manifest.clean_calibration),
            metrics=tuple(MetricOut.model_validate(metric) for metric in manifest.metrics),
            provenance=dict(manifest.provenance),
            files=dict(manifest.files),
            cascade=None if manifest.cascade is None else CascadeOut.model_validate(manifest.cascade),
            second_look=None if manifest.second_look is None else SecondLookOut.model_validate(manifest.second_look),
            peer=None if manifest.peer is None else PeerOut.model_validate(manifest.peer),
            slants=manifest.slants,
        )


def _rows(table: CalibrationTable) -> tuple[CalibrationRowOut, ...]:
    return tuple(CalibrationRowOut.model_validate(row) for row in table.rows)


class ModelsOut(Schema):
    """All models that are loaded."""

    default: str = Field(
        description="What `auto` is in `/predict`: a cascade of that name, or the model that answers without one.",
        examples=["cnn"],
    )
    default_sequence_reader: str | None = Field(
        description="The model that answers in `/sequence` where none is named; null where it is not loaded.",
        examples=["crnn"],
    )
    models: tuple[ModelCardOut, ...] = Field(description="By name.", examples=[[_CARD]])
