"""An exported network as a teacher: what it takes the digit from, in eight bits.

A teacher looks at every bent canvas, so it costs more than the student learns in the same time. In eight bits it costs
a third of that, and the softened probabilities of 2,048 digits moved by 0.01 at most.

The weights of an ensemble's members never saw the calibration writers. Their temperatures, a number for each member,
are fitted on these, and come with the teacher.
"""

import json
import os
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from service.recognition.manifest import manifest_sha256
from service.runtime.litert_network import INT8_FILE, LiteRtNetwork
from trainer.architectures.registry import CANVAS_SHAPE
from trainer.config import Config
from trainer.errors import TrainerError
from trainer.finetune.exported import read_manifest
from trainer.graphs import require_tensorflow
from trainer.operations.folding import folded
from trainer.operations.graph import Graph, prepared, read_graph
from trainer.operations.in_litert import to_litert
from trainer.readings import Network
from trainer.runs import Run, write_json

RECORD_FILE = "teacher.json"


@dataclass(frozen=True, slots=True)
class Teacher:
    """An exported network, and which one it is.

    Attributes:
        name: of the model.
        version: of the model.
        manifest_sha256: of its `manifest.json`, which vouches for its other files.
        network: from canvases to scores of the ten digits, (n, 10); their softmax is what the teacher thinks.
    """

    name: str
    version: int
    manifest_sha256: str
    network: Network


class TeacherRecord(TypedDict):
    """Which model taught a run; see `Teacher`."""

    name: str
    version: int
    manifest_sha256: str


def load_teacher(folder: Path, canvases: NDArray[np.uint8]) -> Teacher:
    """An exported model.

    Of one with a gate it is the opinion before the gate's: the gate only knows how sure one may be.

    Args:
        folder: `models/<name>/<version>`.
        canvases: uint8 (n, 28, 28, 1), some that it will look at, to measure the range of every map with.

    Raises:
        TrainerError: it cannot be read, or Keras runs on another backend than TensorFlow.
    """
    require_tensorflow()
    manifest = read_manifest(folder)
    with tempfile.TemporaryDirectory(prefix="digits-teacher-") as parent:
        path = Path(parent) / INT8_FILE
        path.write_bytes(to_litert(opinion(folded(read_graph(folder))), representative=[*canvases]))
        network = LiteRtNetwork(path, input_shape=CANVAS_SHAPE, num_threads=os.cpu_count() or 1)
    return Teacher(manifest.name, manifest.version, manifest_sha256(folder), network)


def opinion(graph: Graph) -> Graph:
    """The part of an exported digit classifier that says which digit it is, and nothing of what is none."""
    if not graph.decided_by:
        return graph
    (decided_by,) = graph.decided_by
    return prepared(replace(graph, output=decided_by), graph.nodes, graph.constants)


def remember_teacher(run: Run[Config], teacher: Teacher) -> None:
    """Write down who teaches a run, and pass where it is whom it had before.

    Raises:
        TrainerError: the run was begun with another teacher.
    """
    now: TeacherRecord = {
        "name": teacher.name,
        "version": teacher.version,
        "manifest_sha256": teacher.manifest_sha256,
    }
    then = read_record(run)
    if then is not None and then != now:
        raise TrainerError(
            f"{run.folder} was begun with {then['name']} {then['version']} as its teacher; the newest one is now "
            f"{now['name']} {now['version']}. Remove the folder to begin again, or choose another one with --output."
        )
    write_json(run.folder / RECORD_FILE, now)


def read_record(run: Run[Config]) -> TeacherRecord | None:
    """Who taught a run; None before it has begun."""
    path = run.folder / RECORD_FILE
    if not path.exists():
        return None
    record: TeacherRecord = json.loads(path.read_text(encoding="utf-8"))
    return record
