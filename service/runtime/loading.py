"""From a models folder to networks that are known to be the ones that were exported.

models/
└── cnn/
    ├── 1/      older versions stay beside the newest
    └── 2/      and are not loaded
"""

from dataclasses import dataclass
from pathlib import Path

from service.recognition.alphabet import SYMBOLS
from service.recognition.canvas import PREPROCESSING_ID
from service.recognition.errors import InvalidModel
from service.recognition.line_canvas import LINE_PREPROCESSING_ID, LINE_WIDTHS_PX
from service.recognition.manifest import DIGIT_CLASSIFIER, SEQUENCE_READER, Manifest, load_manifest, verify_files
from service.runtime.device import CPU, Device
from service.runtime.golden import GOLDEN_FILE, Golden, load_golden, verify_golden
from service.runtime.saved_model import SavedModel

_PREPROCESSING = {DIGIT_CLASSIFIER: PREPROCESSING_ID, SEQUENCE_READER: LINE_PREPROCESSING_ID}


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A network that has repeated its golden outputs, and its record.

    Attributes:
        golden: for each shape of canvas, canvases that the project drew and what the network has to say about them.
    """

    manifest: Manifest
    network: SavedModel
    golden: tuple[Golden, ...]


def newest_versions(models_dir: Path) -> list[Path]:
    """The folder of the highest version of each model, by name.

    Raises:
        InvalidModel: there is no model, or a version that is no number.
    """
    newest: dict[str, Path] = {}
    for folder in sorted(models_dir.glob("*/*/")):
        if folder.parent.name.startswith(".") or folder.name.startswith("."):
            continue
        if not folder.name.isdecimal():
            raise InvalidModel(f"{folder} is not a version: folders are models/<name>/<whole number>. Move it away.")
        best = newest.get(folder.parent.name)
        if best is None or int(folder.name) > int(best.name):
            newest[folder.parent.name] = folder
    if not newest:
        raise InvalidModel(f"{models_dir} holds no model (<name>/<version>/manifest.json). Set DIGITS_MODELS_DIR.")
    return list(newest.values())


def load_model(folder: Path, *, device: Device = CPU) -> LoadedModel:
    """Load the network of a model folder, after all that can be checked before has been, and warm it.

    Raises:
        InvalidModel: the folder is damaged, made for other canvases, or does not repeat its golden
            outputs; the message names the file.
    """
    manifest = load_manifest(folder)
    verify_files(folder, manifest)
    _check_canvases(folder, manifest)
    golden = load_golden(folder / GOLDEN_FILE, manifest)
    network = SavedModel(folder, input_shape=manifest.input_shape, device=device)
    for one in golden:
        verify_golden(network.logits, one, path=folder / GOLDEN_FILE)
    return LoadedModel(manifest, network, golden)


def _check_canvases(folder: Path, manifest: Manifest) -> None:
    """Refuse a model for other canvases than those that are made here."""
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
