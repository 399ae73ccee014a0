"""The record that makes a model folder describe itself.

    models/cnn/1/
    ├── saved_model.pb, fingerprint.pb, variables/      what TensorFlow loads
    ├── int8.tflite      the same network in eight bits, which is what runs on a processor; a folder may lack it
    ├── golden.npz       canvases that the project drew, and their logits
    ├── card.md          the same facts, for people
    └── manifest.json    this record; it holds the SHA-256 of every other file in the folder

A digit cascade has no network of its own, so neither SavedModel nor golden outputs: its manifest names the two digit
classifiers that it is made of, and their manifests' SHA-256.

A character classifier is written as a digit classifier is, with letters in its alphabet. The trainer makes it; this
service, which answers with digits, does not load it.

What an exporter writes, by kind:

                    digit_classifier                    sequence_reader
    signature       `serving_default`: one uint8 input, one float32 output
      input         (None, 28, 28, 1)                   (None, 32, None, 1)
      output        (None, num_classes)                 (None, num_frames, num_classes)
    input_shape     [28, 28, 1]                         [32, null, 1]
    input_widths    []                                  every width that canvases come in, rising
    alphabet        "0123456789"                        `SYMBOLS` of `service.recognition.alphabet`: "_0123456789?"
    golden.npz      canvases uint8 (n, 28, 28, 1)       for each width, such as 64: canvases_64 uint8 (n, 32, 64, 1)
                    logits float32 (n, num_classes)     and logits_64 float32 (n, num_frames, num_classes)
                    logits_int8, the same, where there is an int8.tflite

A SavedModel is a program. So a folder is trusted only when it holds exactly the files that its manifest
names, with exactly their bytes, and was made for the canvases that this service makes.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from service.recognition.errors import InvalidModel
from service.recognition.members import CascadeRule, PeerRule, SecondLookRule
from service.recognition.policy import CalibrationTable

MANIFEST_FILE = "manifest.json"
SCHEMA_VERSION = 1
DIGIT_CLASSIFIER: Final = "digit_classifier"
SEQUENCE_READER: Final = "sequence_reader"
DIGIT_CASCADE: Final = "digit_cascade"
CHARACTER_CLASSIFIER: Final = "character_classifier"
Kind: TypeAlias = Literal["digit_classifier", "sequence_reader", "digit_cascade", "character_classifier"]
KINDS: tuple[Kind, ...] = (DIGIT_CLASSIFIER, SEQUENCE_READER, DIGIT_CASCADE, CHARACTER_CLASSIFIER)

MAX_VIEWS = 5  # each costs as much time as the first
MAX_SLANT = 1.0  # of 45 degrees

InputShape: TypeAlias = tuple[int, int | None, int]
"""Of one canvas: height, width, channels; the width is None where canvases come in several."""


@dataclass(frozen=True, slots=True)
class Metric:
    """A measured share, with what is needed to judge it.

    Attributes:
        name: what was measured, such as `accuracy`.
        dataset: on what, such as `mnist_test`.
        value: 0 to 1.
        num_samples: number of readings behind the value.
        interval: 95 % Wilson interval of the value, (low, high).
    """

    name: str
    dataset: str
    value: float
    num_samples: int
    interval: tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """Everything about a model that is not its weights.

    Attributes:
        name: as asked for in requests, such as `cnn`.
        version: positive integer, the name of the folder.
        kind: one of `KINDS`.
        input_shape: of one canvas, (height, width, channels), the width None for a sequence reader; always uint8.
        input_widths: the widths that canvases of a sequence reader come in, rising; empty for other kinds.
        preprocessing_id: the canvas function that the model was trained on.
        alphabet: symbols in the order of the logits.
        num_parameters: weights in the network; of a cascade, in both.
        temperature: divisor of the logits, fitted on calibration data. Of a cascade 1: its members have their own.
        calibration: error rate and coverage per threshold, on pictures of all kinds.
        clean_temperature: the same for pictures that `Ink.is_clean` or `Line.is_clean`; None where `temperature` is for
            all.
        clean_calibration: likewise the table.
        metrics: measured on the exported model.
        provenance: config, commit, seed, library versions, data sets and splits; free form, shown as it is.
        files: SHA-256 (hex) of every other file, by its path inside the folder with forward slashes.
        cascade: of a cascade, what it is made of; None for other kinds.
        second_look: of a sequence reader that takes one; None for others, and for other kinds.
        peer: of a sequence reader that asks another one; None for others, and for other kinds.
        slants: of the views beside the first, in which a sequence reader sees a line that is not clean; see
            `service.recognition.views`. Empty where it sees all lines once, and for other kinds.
    """

    name: str
    version: int
    kind: Kind
    input_shape: InputShape
    input_widths: tuple[int, ...] = ()
    preprocessing_id: str
    alphabet: str
    num_parameters: int
    temperature: float
    calibration: CalibrationTable
    clean_temperature: float | None = None
    clean_calibration: CalibrationTable | None = None
    metrics: tuple[Metric, ...]
    provenance: Mapping[str, Any]
    files: Mapping[str, str]
    cascade: CascadeRule | None = None
    second_look: SecondLookRule | None = None
    peer: PeerRule | None = None
    slants: tuple[float, ...] = ()

    @property
    def num_classes(self) -> int:
        """Outputs of the network."""
        return len(self.alphabet)

    @property
    def canvas_shapes(self) -> tuple[tuple[int, int, int], ...]:
        """Every shape, (height, width, channels), that a canvas of this model can have."""
        height, width, channels = self.input_shape
        widths = self.input_widths if width is None else (width,)
        return tuple((height, one, channels) for one in widths)

    def temperature_of(self, *, is_clean: bool) -> float:
        """The divisor of the logits, by the kind of picture; see `Ink` and `Line`."""
        return self.clean_temperature if is_clean and self.clean_temperature is not None else self.temperature

    def calibration_of(self, *, is_clean: bool) -> CalibrationTable:
        """The table by which a reading is judged, by the kind of picture; see `Ink` and `Line`."""
        if is_clean and self.clean_calibration is not None:
            return self.clean_calibration
        return self.calibration

    def to_json(self) -> str:
        """The text of `manifest.json`."""
        return json.dumps({"schema_version": SCHEMA_VERSION, **asdict(self)}, indent=2) + "\n"


def hash_files(folder: Path) -> dict[str, str]:
    """SHA-256 of every file in a model folder but the manifest itself, by path.

    Raises:
        OSError: a file, or a folder in it, cannot be read.
    """
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(_files_in(folder))
        if path != folder / MANIFEST_FILE
    }


def _files_in(folder: Path) -> Iterator[Path]:
    """All files, those in folders too; a folder that cannot be read is an `OSError`, where `Path.rglob` is silent."""

    def fail(error: OSError) -> None:
        raise error

    for place, _, names in os.walk(folder, onerror=fail):
        yield from (path for path in (Path(place, name) for name in names) if path.is_file())


def manifest_sha256(folder: Path) -> str:
    """SHA-256 (hex) of a model folder's manifest, by which a cascade knows its members."""
    return hashlib.sha256((folder / MANIFEST_FILE).read_bytes()).hexdigest()


def load_manifest(folder: Path) -> Manifest:
    """Read and check the manifest of a model folder, without touching its other files.

    Raises:
        InvalidModel: there is none, it is not the JSON that is expected, or it names another folder.
    """
    path = folder / MANIFEST_FILE
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        manifest = _parse(record)
    except FileNotFoundError as error:
        raise InvalidModel(f"{path} is missing: {folder} is not a model folder.") from error
    # A number that is infinite overflows; brackets within brackets exhaust Python's stack.
    except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise InvalidModel(f"{path} cannot be read as a manifest: {error!r}.") from error
    if (manifest.name, str(manifest.version)) != (folder.parent.name, folder.name):
        raise InvalidModel(
            f"{path} describes {manifest.name}/{manifest.version}, but stands in {folder.parent.name}/{folder.name}. "
            "Move the folder to the place that its manifest names."
        )
    return manifest


def verify_files(folder: Path, manifest: Manifest) -> None:
    """Refuse a folder that holds other files, or other bytes, than its manifest says.

    Raises:
        InvalidModel: names the first file that cannot be read, is missing, changed or not accounted for.
    """
    try:
        found = hash_files(folder)
    except OSError as error:
        raise InvalidModel(
            f"{error.filename or folder} cannot be read: {error.strerror}. Let the user that runs the service read it."
        ) from error
    for name, expected in manifest.files.items():
        if name not in found:
            raise InvalidModel(f"{folder / name} is missing. Restore the model folder or export the model again.")
        if found[name] != expected:
            raise InvalidModel(
                f"{folder / name} has been changed: its SHA-256 is {found[name]}, the manifest says {expected}. "
                "Restore the model folder or export the model again."
            )
    for name in found:
        if name not in manifest.files:
            raise InvalidModel(f"{folder / name} is not named in the manifest. Remove it or export the model again.")


def _parse(record: Any) -> Manifest:
    if record["schema_version"] != SCHEMA_VERSION:
        raise ValueError(f"schema_version is {record['schema_version']}, this service reads {SCHEMA_VERSION}")
    if record["kind"] not in KINDS:
        raise ValueError(f"kind is {record['kind']!r}, known are {', '.join(KINDS)}")
    if not record["temperature"] > 0:
        raise ValueError(f"temperature is {record['temperature']}, it must be positive")
    clean, clean_temperature = record.get("clean_calibration"), record.get("clean_temperature")
    if clean_temperature is not None and not clean_temperature > 0:
        raise ValueError(f"clean_temperature is {clean_temperature}, it must be positive")
    metrics = tuple(
        Metric(**{**metric, "interval": (float(metric["interval"][0]), float(metric["interval"][1]))})
        for metric in record["metrics"]
    )
    height, width, channels = record["input_shape"]
    widths = tuple(int(one) for one in record.get("input_widths", ()))
    _check_widths(record["kind"], width, widths)
    cascade = record.get("cascade")
    if (record["kind"] == DIGIT_CASCADE) != (cascade is not None):
        raise ValueError(f"a {DIGIT_CASCADE} has `cascade`, and nothing else has")
    second_look = record.get("second_look")
    if second_look is not None and record["kind"] != SEQUENCE_READER:
        raise ValueError(f"only a {SEQUENCE_READER} has `second_look`")
    peer = record.get("peer")
    if peer is not None and second_look is None:
        raise ValueError("only what has a `second_look`, and with it a table of its own, has a `peer`")
    return Manifest(
        name=str(record["name"]),
        version=int(record["version"]),
        kind=record["kind"],
        input_shape=(int(height), None if width is None else int(width), int(channels)),
        input_widths=widths,
        preprocessing_id=str(record["preprocessing_id"]),
        alphabet=str(record["alphabet"]),
        num_parameters=int(record["num_parameters"]),
        temperature=float(record["temperature"]),
        calibration=CalibrationTable.parse(record["calibration"]),
        clean_temperature=None if clean_temperature is None else float(clean_temperature),
        clean_calibration=None if clean is None else CalibrationTable.parse(clean),
        metrics=metrics,
        provenance=dict(record["provenance"]),
        files=dict(record["files"]),
        cascade=None if cascade is None else CascadeRule.parse(cascade),
        second_look=None if second_look is None else SecondLookRule.parse(second_look),
        peer=None if peer is None else PeerRule.parse(peer),
        slants=_parse_slants(record),
    )


def _parse_slants(record: Any) -> tuple[float, ...]:
    slants = tuple(float(slant) for slant in record.get("slants", ()))
    if slants and record["kind"] != SEQUENCE_READER:
        raise ValueError(f"only a {SEQUENCE_READER} has `slants`")
    if len(slants) > MAX_VIEWS - 1 or not all(abs(slant) <= MAX_SLANT for slant in slants):
        raise ValueError(f"`slants` are {slants}, there may be {MAX_VIEWS - 1} of at most {MAX_SLANT}")
    return slants


def _check_widths(kind: str, width: int | None, widths: tuple[int, ...]) -> None:
    """A sequence reader's canvases come in the widths that it names; all others have the one of their shape."""
    if kind != SEQUENCE_READER and (width is None or widths):
        raise ValueError(f"a {kind} has one width in `input_shape` and no `input_widths`")
    if kind == SEQUENCE_READER and (width is not None or not widths or list(widths) != sorted({*widths} - {0})):
        raise ValueError(f"a {kind} has the width null in `input_shape`, and rising `input_widths`")
