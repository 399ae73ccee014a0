"""The form of a reader in eight bits, which the service runs on a processor; see `trainer.int8`."""

from pathlib import Path
from typing import Any

import numpy as np

from service.recognition.alphabet import classes_of
from service.recognition.ctc import greedy_label
from service.recognition.probability import softmax
from service.runtime.litert_network import INT8_FILE, LiteRtNetwork
from service.runtime.network import Network
from service.runtime.saved_model import SavedModel
from trainer.data.lines.generator import Example, LineGenerator
from trainer.data.lines.hands import Hands
from trainer.operations.graph import UnknownOperation
from trainer.operations.in_litert import to_litert
from trainer.reader.calibrate import STYLES
from trainer.reader.config import Head
from trainer.reader.folding import folded_reader
from trainer.reader.graph import INPUT_SHAPE
from trainer.reader.readings import frames_of
from trainer.reader.trained import reader_from

LARGEST_LOSS = 0.003
"""Share of the numbers that may be read right in float32 and are lost in eight bits, on balance."""
_NUM_REPRESENTATIVE = 150  # of each style
_NUM_CHECKED = 600  # of each style
_SEED = 8


def write_int8(folder: Path, head: Head, hands: Hands) -> dict[str, Any]:
    """Write `int8.tflite` beside the SavedModel in a folder, unless it is not worth it.

    Args:
        folder: of the SavedModel.
        head: that it was exported with.
        hands: whom it was not fitted on; of their numbers the range of every map is measured, and what is lost.

    Returns:
        For the manifest: numbers that were read, without a second look, how many right in both forms, and whether the
        file was written; or why there is none.
    """
    try:
        graph = folded_reader(reader_from(folder, head))
    except UnknownOperation as error:
        return {"is_written": False, "reason": str(error)}
    path = folder / INT8_FILE
    representative = _examples(hands, _NUM_REPRESENTATIVE, seed=_SEED)
    path.write_bytes(to_litert(graph, representative=[one.canvas for one in representative]))
    checked = _examples(hands, _NUM_CHECKED, seed=_SEED + 1)
    num_right = _num_right(LiteRtNetwork(path, input_shape=INPUT_SHAPE), checked)
    num_right_in_float32 = _num_right(SavedModel(folder, input_shape=INPUT_SHAPE), checked)
    is_written = num_right_in_float32 - num_right <= LARGEST_LOSS * len(checked)
    if not is_written:
        path.unlink()
    return {
        "is_written": is_written,
        "num_calibration_numbers": len(checked),
        "num_right": num_right,
        "num_right_in_float32": num_right_in_float32,
        "num_representative": len(representative),
        "seed": _SEED,
    }


def _examples(hands: Hands, num_each: int, *, seed: int) -> list[Example]:
    """Numbers in every style, as the reader sees them."""
    found = []
    for style in STYLES.values():
        lines = LineGenerator(hands, [], style, seed=seed)
        found += [example for example in map(lines.example, range(num_each)) if example is not None]
    return found


def _num_right(network: Network, examples: list[Example]) -> int:
    frames = frames_of(network, [one.canvas for one in examples])
    labels = [greedy_label(softmax(of_line)) for of_line in frames]
    return sum(np.array_equal(classes_of(label), one.classes) for label, one in zip(labels, examples, strict=True))
