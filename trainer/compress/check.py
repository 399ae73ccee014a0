"""What a compressed network reads, beside the one that it was made from."""

import time
import zlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.recognition.prediction import NUM_DIGITS
from service.recognition.probability import Logits
from trainer.data.digits import Digits
from trainer.intervals import wilson_interval
from trainer.readings import Network

_BATCH_SIZE = 250
_GRAPH_FILE = "saved_model.pb"


@dataclass(frozen=True, slots=True)
class Checked:
    """One file on the test digits.

    Attributes:
        name: for people.
        file: its name; that of the graph, of a SavedModel.
        num_bytes: of the file, or of the files of the graph.
        num_zipped_bytes: of the same, deflated as downloads are; zeros take no room then.
        num_right: readings whose likeliest digit is the label.
        num_refused: readings whose likeliest class is no digit; they may be right all the same.
        num_other: readings whose likeliest digit is another one than the SavedModel's.
        interval: 95 % Wilson interval of the share that is right.
        max_difference: largest difference of any logit from the SavedModel's.
        mean_difference: mean of these differences.
        same_on_pieces: share of pieces and heaps of digits, see `prune.pieces`, whose likeliest class is that of the
            SavedModel.
        images_per_s: of processor time.
    """

    name: str
    file: str
    num_bytes: int
    num_zipped_bytes: int
    num_samples: int
    num_right: int
    num_refused: int
    num_other: int
    interval: tuple[float, float]
    max_difference: float
    mean_difference: float
    same_on_pieces: float
    images_per_s: float

    def to_dict(self) -> dict[str, Any]:
        """Everything, as JSON can hold it."""
        return {**asdict(self), "interval": list(self.interval)}


@dataclass(frozen=True, slots=True)
class Reference:
    """What is compared with.

    Attributes:
        test: to be read.
        logits: what the SavedModel answers to `test`.
        pieces: uint8 (m, 28, 28, 1), no digits.
        piece_logits: what it answers to these.
    """

    test: Digits
    logits: Logits
    pieces: NDArray[np.uint8]
    piece_logits: Logits


def check(name: str, path: Path, network: Network, reference: Reference) -> Checked:
    """Read everything with a network, and compare.

    Args:
        name: for people.
        path: the file, or the folder of a SavedModel.
        network: that it holds.
        reference: what the SavedModel answered.
    """
    logits, images_per_s = timed_logits(network, reference.test.canvases)
    piece_logits, _ = timed_logits(network, reference.pieces)
    readings, labels = logits[:, :NUM_DIGITS].argmax(axis=1), reference.test.labels
    num_right = int((readings == labels).sum())
    difference = np.abs(logits - reference.logits)
    content = _content(path)
    return Checked(
        name=name,
        file=path.name if path.is_file() else _GRAPH_FILE,
        num_bytes=len(content),
        num_zipped_bytes=len(zlib.compress(content, level=9)),
        num_samples=len(labels),
        num_right=num_right,
        num_refused=int((logits.argmax(axis=1) >= NUM_DIGITS).sum()),
        num_other=int((readings != reference.logits[:, :NUM_DIGITS].argmax(axis=1)).sum()),
        interval=wilson_interval(num_right, len(labels)),
        max_difference=float(difference.max()),
        mean_difference=float(difference.mean()),
        same_on_pieces=float((piece_logits.argmax(axis=1) == reference.piece_logits.argmax(axis=1)).mean()),
        images_per_s=images_per_s,
    )


def timed_logits(network: Network, canvases: NDArray[np.uint8]) -> tuple[Logits, float]:
    """All logits, float32 (n, num_classes), and canvases per second of processor time, all threads together."""
    network.logits(canvases[:_BATCH_SIZE])  # what is done once only is not measured
    began_s = time.process_time()
    batches = [network.logits(canvases[start : start + _BATCH_SIZE]) for start in range(0, len(canvases), _BATCH_SIZE)]
    spent_s = time.process_time() - began_s
    return np.concatenate(batches), len(canvases) / max(spent_s, 1e-9)


def _content(path: Path) -> bytes:
    """The bytes of a file; of a SavedModel those of its graph and its weights."""
    if path.is_file():
        return path.read_bytes()
    files = [path / _GRAPH_FILE, *sorted((path / "variables").glob("*"))]
    return b"".join(file.read_bytes() for file in files)
