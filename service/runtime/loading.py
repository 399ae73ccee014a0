"""From a models folder to networks that are known to be the ones that were exported.

models/
└── cnn/
    ├── 1/      older versions stay beside the newest
    └── 2/      and are not loaded
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from service.recognition.canvas import PREPROCESSING_ID, DigitCanvas
from service.recognition.errors import InvalidModel
from service.recognition.manifest import Manifest, load_manifest, verify_files
from service.recognition.probability import Logits
from service.runtime.batching import BUCKETS
from service.runtime.device import CPU, Device
from service.runtime.saved_model import Canvases, SavedModel

GOLDEN_FILE = "golden.npz"
GOLDEN_TOLERANCE = 1e-4  # absolute, in logits; another CPU adds in another order, nothing more


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A network that has repeated its golden outputs, and its record.

    Attributes:
        golden_canvas: uint8 (height, width, channels), one canvas that the project drew.
        golden_logits: float32 (num_classes,), what the network has to say about it.
    """

    manifest: Manifest
    network: SavedModel
    golden_canvas: DigitCanvas
    golden_logits: Logits


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
    if manifest.preprocessing_id != PREPROCESSING_ID:
        raise InvalidModel(
            f"{folder / 'manifest.json'} asks for preprocessing {manifest.preprocessing_id!r}; this service makes "
            f"{PREPROCESSING_ID!r}. Train the model again, or run the service version that it was made for."
        )
    canvases, logits = _load_golden(folder / GOLDEN_FILE, manifest)
    network = SavedModel(folder, input_shape=manifest.input_shape, device=device)
    _verify_golden(network, canvases, logits, path=folder / GOLDEN_FILE)
    return LoadedModel(manifest, network, canvases[0], logits[0])


def _load_golden(path: Path, manifest: Manifest) -> tuple[Canvases, Logits]:
    try:
        with np.load(path, allow_pickle=False) as golden:
            canvases, logits = golden["canvases"], golden["logits"]
    except (OSError, ValueError, KeyError) as error:
        raise InvalidModel(f"{path} cannot be read: {error}. Export the model again.") from error
    expected = (len(canvases), *manifest.input_shape), (len(canvases), len(manifest.alphabet))
    if canvases.dtype != np.uint8 or (canvases.shape, logits.shape) != expected or not len(canvases):
        raise InvalidModel(
            f"{path} holds canvases {canvases.dtype} {canvases.shape} and logits {logits.shape}; expected are at least "
            f"one canvas uint8 {manifest.input_shape} and {len(manifest.alphabet)} logits for each."
        )
    return canvases, logits


def _verify_golden(network: SavedModel, canvases: Canvases, expected: Logits, *, path: Path) -> None:
    """Compare the golden outputs in every batch size.

    An answer must not depend on its batch mates; and each size has run once before the first request.
    """
    for bucket in BUCKETS:
        index = np.arange(bucket) % len(canvases)
        found = network.logits(canvases[index])
        deviation = float(np.abs(found - expected[index]).max()) if found.shape == expected[index].shape else np.inf
        if not deviation <= GOLDEN_TOLERANCE:
            raise InvalidModel(
                f"{path} is not repeated: in a batch of {bucket} a logit is {deviation:.2g} off, and "
                f"{GOLDEN_TOLERANCE:g} is allowed. The network does not compute what was exported; export it again."
            )
