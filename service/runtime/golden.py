"""Golden outputs: canvases that the project drew, and what the network said to them when it was exported.

`service.recognition.manifest` says what stands in the file.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from service.recognition.errors import InvalidModel
from service.recognition.line_canvas import FRAME_PX
from service.recognition.manifest import SEQUENCE_READER, Manifest
from service.recognition.probability import Logits
from service.runtime.buckets import buckets_for
from service.runtime.network import Canvases

GOLDEN_FILE = "golden.npz"
GOLDEN_TOLERANCE = 1e-4  # absolute, in logits; another CPU adds in another order, nothing more
# Of whole numbers every order of adding is the same; but where another CPU rounds a half the other way, the values of a
# map move by a step of 1/255 of their range, and a reader has sixteen maps one after the other: computed without the
# kernels for this CPU, its logits moved by up to 0.94. A network that computes something else is off by more than both.
INT8_TOLERANCE = 0.5
INT8_READER_TOLERANCE = 2.0


@dataclass(frozen=True, slots=True)
class Golden:
    """Canvases of one shape, and the logits that they have.

    Attributes:
        canvases: uint8 (num_canvases, height, width, channels).
        logits: float32 (num_canvases, num_classes), or (num_canvases, num_frames, num_classes) of a sequence reader.
        tolerance: how far off a logit may be.
    """

    canvases: Canvases
    logits: Logits
    tolerance: float = GOLDEN_TOLERANCE


def load_golden(path: Path, manifest: Manifest, *, is_int8: bool = False) -> tuple[Golden, ...]:
    """The golden outputs of a model, for each shape that its canvases can have.

    Args:
        path: the file.
        manifest: of the model.
        is_int8: those of its form in eight bits.

    Raises:
        InvalidModel: the file cannot be read, or does not hold what the manifest lets expect.
    """
    is_sequence = manifest.kind == SEQUENCE_READER
    prefix, tolerance = ("logits", GOLDEN_TOLERANCE)
    if is_int8:
        prefix, tolerance = "logits_int8", INT8_READER_TOLERANCE if is_sequence else INT8_TOLERANCE
    golden = []
    try:
        with np.load(path, allow_pickle=False) as arrays:
            for shape in manifest.canvas_shapes:
                suffix = f"_{shape[1]}" if is_sequence else ""
                golden.append(Golden(arrays[f"canvases{suffix}"], arrays[f"{prefix}{suffix}"], tolerance))
    except (OSError, ValueError, KeyError) as error:
        raise InvalidModel(f"{path} cannot be read: {error}. Export the model again.") from error
    for one, shape in zip(golden, manifest.canvas_shapes, strict=True):
        scores = (shape[1] // FRAME_PX, manifest.num_classes) if is_sequence else (manifest.num_classes,)
        _check_shapes(one, shape, scores, path=path)
    return tuple(golden)


def verify_golden(run: Callable[[Canvases], Logits], golden: Golden, *, path: Path) -> None:
    """Compare the golden outputs in every batch size.

    An answer must not depend on its batch mates; and each size has run once before the first request.

    Args:
        run: the network.
        golden: canvases of one shape, with their logits.
        path: the file that they are from, for the message.

    Raises:
        InvalidModel: a logit is further off than `Golden.tolerance`.
    """
    for bucket in buckets_for(golden.canvases.shape[1:]):
        index = np.arange(bucket) % len(golden.canvases)
        found, expected = run(golden.canvases[index]), golden.logits[index]
        deviation = float(np.abs(found - expected).max()) if found.shape == expected.shape else np.inf
        if not deviation <= golden.tolerance:
            raise InvalidModel(
                f"{path} is not repeated: in a batch of {bucket} a logit is {deviation:.2g} off, and "
                f"{golden.tolerance:g} is allowed. The network does not compute what was exported; export it again."
            )


def _check_shapes(golden: Golden, shape: tuple[int, ...], scores: tuple[int, ...], *, path: Path) -> None:
    num_canvases = len(golden.canvases)
    expected = (num_canvases, *shape), (num_canvases, *scores)
    found = golden.canvases.shape, golden.logits.shape
    if golden.canvases.dtype != np.uint8 or found != expected or not num_canvases:
        raise InvalidModel(
            f"{path} holds canvases {golden.canvases.dtype} {found[0]} and logits {found[1]}; expected are at least "
            f"one canvas uint8 {shape} and logits {scores} for each."
        )
