"""From a models folder to networks that are known to be the ones that were exported.

models/
├── auto/
│   └── 1/      a cascade: names the versions of cnn and ensemble that it was measured with
├── cnn/
│   ├── 1/      older versions stay beside the newest
│   └── 2/      and are not loaded
└── ensemble/
    └── 1/
"""

import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from service.logs import EXTRA_FIELD
from service.recognition.alphabet import SYMBOLS
from service.recognition.canvas import PREPROCESSING_ID
from service.recognition.errors import InvalidModel
from service.recognition.line_canvas import LINE_PREPROCESSING_ID, LINE_WIDTHS_PX
from service.recognition.manifest import (
    CHARACTER_CLASSIFIER,
    DIGIT_CASCADE,
    DIGIT_CLASSIFIER,
    MANIFEST_FILE,
    SEQUENCE_READER,
    InputShape,
    Manifest,
    load_manifest,
    manifest_sha256,
    verify_files,
)
from service.recognition.members import CascadeRule, Member
from service.runtime.device import CPU, Device
from service.runtime.golden import GOLDEN_FILE, Golden, load_golden, verify_golden
from service.runtime.litert_network import INT8_FILE, LiteRtNetwork
from service.runtime.machine import num_threads_here
from service.runtime.network import Network
from service.runtime.saved_model import SavedModel

logger = logging.getLogger(__name__)

_PREPROCESSING = {
    DIGIT_CLASSIFIER: PREPROCESSING_ID,
    DIGIT_CASCADE: PREPROCESSING_ID,
    SEQUENCE_READER: LINE_PREPROCESSING_ID,
}


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A network that has repeated its golden outputs, and its record.

    Attributes:
        manifest_sha256: of the file that the record is from.
        golden: for each shape of canvas, canvases that the project drew and what the network has to say about them.
    """

    manifest: Manifest
    manifest_sha256: str
    network: Network
    golden: tuple[Golden, ...]


@dataclass(frozen=True, slots=True)
class LoadedCascade:
    """Two networks that are loaded, and the rule by which one of them answers."""

    manifest: Manifest
    rule: CascadeRule
    small: LoadedModel
    large: LoadedModel


def newest_versions(models_dir: Path) -> list[Path]:
    """The folder of the highest version of each model, by name. What the folders hold is not looked at.

    Raises:
        InvalidModel: there is no model, a version that is no number, or a folder that cannot be looked into.
    """
    newest: list[Path] = []
    for model in _folders_in(models_dir):
        versions = _folders_in(model)
        for folder in versions:
            if not folder.name.isdecimal():
                raise InvalidModel(
                    f"{folder} is not a version: folders are models/<name>/<whole number>. Move it away."
                )
        newest += sorted(versions, key=lambda folder: int(folder.name))[-1:]
    if not newest:
        raise InvalidModel(f"{models_dir} holds no model (<name>/<version>/manifest.json). Set DIGITS_MODELS_DIR.")
    return newest


def load_model(folder: Path, *, device: Device = CPU) -> LoadedModel:
    """Load the network of a model folder, after all that can be checked before has been, and warm it.

    Raises:
        InvalidModel: the folder is damaged, made for other canvases, or does not repeat its golden
            outputs; the message names the file.
    """
    manifest = load_manifest(folder)
    verify_files(folder, manifest)
    _check_canvases(folder, manifest)
    golden = load_golden(folder / GOLDEN_FILE, manifest, is_int8=_runs_in_int8(folder, device))
    network = open_network(folder, input_shape=manifest.input_shape, device=device)
    for one in golden:
        verify_golden(network.logits, one, path=folder / GOLDEN_FILE)
    return LoadedModel(manifest, manifest_sha256(folder), network, golden)


def open_network(folder: Path, *, input_shape: InputShape, device: Device = CPU) -> Network:
    """The network of a model folder in the form that the device runs best, which is the form that is calibrated.

    On a processor that is the one in eight bits, where the folder has one; else the SavedModel.

    Args:
        folder: its files have been verified before.
        input_shape: of one canvas, (height, width, channels); the width is None where any will do.
        device: where its weights lie and it runs.

    Raises:
        InvalidModel: it cannot be loaded, or does not take such canvases.
    """
    if _runs_in_int8(folder, device):
        num_threads = device.num_threads or num_threads_here()
        return LiteRtNetwork(folder / INT8_FILE, input_shape=input_shape, num_threads=num_threads)
    return SavedModel(folder, input_shape=input_shape, device=device)


def is_cascade(folder: Path) -> bool:
    """Whether a model folder holds no network but names two.

    Raises:
        InvalidModel: its manifest cannot be read.
    """
    return load_manifest(folder).kind == DIGIT_CASCADE


def load_cascade(folder: Path, models: Sequence[LoadedModel]) -> LoadedCascade | None:
    """A cascade, if its members are loaded.

    Args:
        folder: of the cascade.
        models: all networks that are loaded.

    Returns:
        None where a member is missing or another than the cascade was measured with, such as a newer version: what the
        cascade promises holds for those members alone. A warning in the log says which.

    Raises:
        InvalidModel: the folder is damaged, made for other canvases, or no cascade's.
    """
    manifest = load_manifest(folder)
    verify_files(folder, manifest)
    _check_canvases(folder, manifest)
    rule = manifest.cascade
    if rule is None:
        raise InvalidModel(f"{folder / MANIFEST_FILE} is no cascade's. Load the folder as a {manifest.kind}.")
    small, large = member_of(rule.small, models), member_of(rule.large, models)
    if small is None or large is None:
        missing = rule.small if small is None else rule.large
        logger.warning(
            "cascade left out",
            extra={
                EXTRA_FIELD: {
                    "cascade": f"{manifest.name}/{manifest.version}",
                    "measured_with": f"{missing.name}/{missing.version}",
                    "remedy": f"that model is not loaded as it was; python -m trainer export {manifest.name} joins "
                    "those that there are",
                }
            },
        )
        return None
    for member in (small.manifest, large.manifest):
        if (member.kind, member.alphabet) != (DIGIT_CLASSIFIER, manifest.alphabet):
            raise InvalidModel(
                f"{folder / MANIFEST_FILE} has the alphabet {manifest.alphabet!r}; its member {member.name!r} is a "
                f"{member.kind} with {member.alphabet!r}. Export the cascade again."
            )
    return LoadedCascade(manifest, rule, small, large)


def member_of(wanted: Member, models: Sequence[LoadedModel]) -> LoadedModel | None:
    """The model that another one names, byte by byte; None where it is not loaded."""
    key = (wanted.name, wanted.version, wanted.manifest_sha256)
    return next((one for one in models if (one.manifest.name, one.manifest.version, one.manifest_sha256) == key), None)


def _folders_in(folder: Path) -> list[Path]:
    """Those that are not hidden, by name. `Path.glob` would pass without a word over what it may not look into."""
    try:
        with os.scandir(folder) as entries:
            names = sorted(entry.name for entry in entries if entry.is_dir() and _is_for_models(entry.name))
    except FileNotFoundError as error:
        raise InvalidModel(f"{folder} holds no model: there is no such folder. Set DIGITS_MODELS_DIR.") from error
    except NotADirectoryError as error:
        raise InvalidModel(f"{folder} holds no model: it is no folder. Set DIGITS_MODELS_DIR.") from error
    except OSError as error:
        raise InvalidModel(
            f"{error.filename or folder} cannot be looked into: {error.strerror}. Let the user that runs the service "
            "read it, move it away, or set DIGITS_MODELS_DIR."
        ) from error
    return [folder / name for name in names]


def _is_for_models(name: str) -> bool:
    """Whether a folder is neither hidden nor the one that ext4 makes at the top of every volume, for root alone."""
    return not name.startswith(".") and name != "lost+found"


def _runs_in_int8(folder: Path, device: Device) -> bool:
    return device.is_cpu and (folder / INT8_FILE).exists()


def _check_canvases(folder: Path, manifest: Manifest) -> None:
    """Refuse a model for other canvases than those that are made here, or whose answers are no digits."""
    if manifest.kind == CHARACTER_CLASSIFIER:
        raise InvalidModel(
            f"{folder / MANIFEST_FILE} describes a model that reads letters ({manifest.alphabet}); this service "
            "answers with digits. Move the folder out of DIGITS_MODELS_DIR."
        )
    made = _PREPROCESSING[manifest.kind]
    if manifest.preprocessing_id != made:
        raise InvalidModel(
            f"{folder / 'manifest.json'} asks for preprocessing {manifest.preprocessing_id!r}; this service makes "
            f"{made!r}. Train the model again, or run the service version that it was made for."
        )
    if manifest.kind == SEQUENCE_READER and manifest.input_widths != LINE_WIDTHS_PX:
        raise InvalidModel(
            f"{folder / 'manifest.json'} names the widths {list(manifest.input_widths)}; this service makes "
            f"{list(LINE_WIDTHS_PX)}. Export the model again."
        )
    if manifest.kind == SEQUENCE_READER and manifest.alphabet != SYMBOLS:
        raise InvalidModel(
            f"{folder / 'manifest.json'} has the alphabet {manifest.alphabet!r}; this service decodes {SYMBOLS!r}. "
            "Train the model again, or run the service version that it was made for."
        )
