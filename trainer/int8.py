"""The form of a digit network in eight bits, which the service runs on a processor.

Weights and maps as whole numbers are moved and multiplied three to five times as fast. What that costs is measured on
digits that the network was not fitted on; a network that would lose more than hardly any is served as it is.
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.recognition.prediction import NUM_DIGITS
from service.runtime.litert_network import INT8_FILE, LiteRtNetwork
from service.runtime.saved_model import SavedModel
from trainer.architectures.registry import CANVAS_SHAPE
from trainer.calibrate_digits import CalibrationCanvases
from trainer.operations.folding import folded
from trainer.operations.graph import UnknownOperation, read_graph
from trainer.operations.in_litert import to_litert
from trainer.readings import Network, score_seen

LARGEST_LOSS = 0.0005
"""Share of the calibration digits that may be read right in float32 and are lost in eight bits, on balance."""
_NUM_REPRESENTATIVE = 500
_SEED = 8


def write_int8(folder: Path, calibration: CalibrationCanvases) -> dict[str, Any]:
    """Write `int8.tflite` beside the SavedModel in a folder, unless it is not worth it.

    Args:
        folder: of the SavedModel.
        calibration: that the range of every map is measured on, and what is lost.

    Returns:
        For the manifest: digits that were read, how many right in both forms, and whether the file was written; or
        why there is none.
    """
    try:
        graph = folded(read_graph(folder))
    except UnknownOperation as error:
        return {"is_written": False, "reason": str(error)}
    path = folder / INT8_FILE
    path.write_bytes(to_litert(graph, representative=_representative(calibration)))
    digits = calibration.of_digits()
    num_right = _num_right(LiteRtNetwork(path, input_shape=CANVAS_SHAPE), digits)
    num_right_in_float32 = _num_right(SavedModel(folder, input_shape=CANVAS_SHAPE), digits)
    is_written = num_right_in_float32 - num_right <= LARGEST_LOSS * len(digits.labels)
    if not is_written:
        path.unlink()
    return {
        "is_written": is_written,
        "num_calibration_digits": len(digits.labels),
        "num_right": num_right,
        "num_right_in_float32": num_right_in_float32,
        "num_representative": _NUM_REPRESENTATIVE,
        "seed": _SEED,
    }


def _representative(calibration: CalibrationCanvases) -> NDArray[np.uint8]:
    """uint8 (m, 28, 28, 1) with ink on it, of every kind in the calibration."""
    rows = np.flatnonzero(~calibration.seen.is_blank)
    drawn = np.random.default_rng(_SEED).permutation(rows)[:_NUM_REPRESENTATIVE]
    return calibration.seen.canvases[drawn]


def _num_right(network: Network, digits: CalibrationCanvases) -> int:
    logits = score_seen(network, digits.seen).logits
    return int((logits[:, :NUM_DIGITS].argmax(axis=1) == digits.labels).sum())
