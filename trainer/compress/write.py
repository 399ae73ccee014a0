"""Smaller forms of a trained network, each measured beside it.

    runs/cnn/compressed/
    ├── model.tflite, model.onnx                the same network for LiteRT and ONNX Runtime, float32
    ├── model-int8.tflite, model-int8.onnx      weights and maps in eight bits
    ├── pruned.tflite …                         the same four with most of the weights zero
    ├── table.md                                what each is worth
    └── table.json

The folder appears when it is complete; one from before is replaced by then.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray

from service.runtime.litert_network import LiteRtNetwork
from service.runtime.saved_model import SavedModel
from trainer.architectures.registry import CANVAS_SHAPE
from trainer.compress.check import Checked, Reference, check, timed_logits
from trainer.compress.onnx_file import OnnxNetwork, quantize, to_onnx
from trainer.compress.prune import PruneOptions, pieces, pruned, sparsity_of
from trainer.compress.table import write_table
from trainer.config_file import parse_config
from trainer.data.digits import Digits
from trainer.data.mnist import Mnist, load_mnist
from trainer.data.sources import load_training_data
from trainer.errors import TrainerError
from trainer.operations.folding import folded
from trainer.operations.graph import Graph, read_graph
from trainer.operations.in_litert import to_litert
from trainer.trained import Trained

LOGITS_TOLERANCE = 1e-3  # of float32 files: sums of thousands of products, rounded in another order
_NUM_REPRESENTATIVE, _NUM_PIECES = 400, 1_000
_SEED = 5


@dataclass(frozen=True, slots=True)
class Materials:
    """Digits that compressing needs.

    Attributes:
        representative: uint8 (m, 28, 28, 1), of the calibration writers, with a few pieces that are no digits.
        lessons: what a pruned network learns from again; None where nothing is pruned.
    """

    mnist: Mnist
    representative: NDArray[np.uint8]
    lessons: Digits | None


def load_materials(
    trained: Trained, data_dir: Path | None, *, allow_random_splits: bool = False, with_lessons: bool = True
) -> Materials:
    """Everything from the folder of the data.

    The pruned network learns from the digits that the network was fitted on; of a model whose manifest names no config
    of a digit classifier, from MNIST's train writers.

    Raises:
        TrainerError: files are missing or damaged.
    """
    mnist = load_mnist(data_dir, allow_random_splits=allow_random_splits)
    lessons = _lessons(trained, mnist, data_dir, allow_random_splits) if with_lessons else None
    rng = np.random.default_rng(_SEED)
    rows = rng.permutation(mnist.splits.calibration)[:_NUM_REPRESENTATIVE]
    canvases = mnist.train.canvases[rows]
    return Materials(mnist, np.concatenate([canvases, pieces(canvases, len(canvases) // 4, rng)]), lessons)


def _lessons(trained: Trained, mnist: Mnist, data_dir: Path | None, allow_random_splits: bool) -> Digits:
    try:
        config = parse_config(trained.config)
    except (KeyError, TypeError, ValueError):
        return mnist.train.take(mnist.splits.train)
    return load_training_data(config, data_dir, allow_random_splits=allow_random_splits).fit


def compress(trained: Trained, materials: Materials, folder: Path, options: PruneOptions | None) -> list[Checked]:
    """Write every form into a folder, with the table.

    Args:
        trained: what to compress.
        materials: from `load_materials`.
        folder: to be made, or replaced.
        options: of pruning; None leaves it out.

    Raises:
        TrainerError: the network contains operations that other runtimes do not have, or a file in float32 does not
            answer as the SavedModel does.
    """
    graph = folded(read_graph(trained.graph))
    in_tensorflow = SavedModel(trained.graph, input_shape=CANVAS_SHAPE)
    reference = _reference(in_tensorflow, materials.mnist.test)
    unfinished = folder.with_name(f".{folder.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    try:
        rows = [check("SavedModel", trained.graph, in_tensorflow, reference)]
        rows += _write_forms(graph, "", "model", unfinished, materials, reference, must_repeat=True)
        if options and materials.lessons:
            sparse = pruned(graph, materials.lessons, options)
            name = f"pruned, {sparsity_of(sparse):.0%} zeros, "
            rows += _write_forms(sparse, name, "pruned", unfinished, materials, reference, must_repeat=False)
        write_table(trained, rows, options, unfinished)
        _put_in_place(unfinished, folder)
    except BaseException:  # whatever it is, half of the files are of no use to anyone
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    return rows


def _reference(network: SavedModel, test: Digits) -> Reference:
    strange = pieces(test.canvases, _NUM_PIECES, np.random.default_rng(_SEED))
    logits, _ = timed_logits(network, test.canvases)
    return Reference(test, logits, strange, timed_logits(network, strange)[0])


def _write_forms(
    graph: Graph,
    prefix: str,
    stem: str,
    folder: Path,
    materials: Materials,
    reference: Reference,
    *,
    must_repeat: bool,
) -> list[Checked]:
    litert, litert_int8 = folder / f"{stem}.tflite", folder / f"{stem}-int8.tflite"
    onnx_file, onnx_int8 = folder / f"{stem}.onnx", folder / f"{stem}-int8.onnx"
    litert.write_bytes(to_litert(graph))
    litert_int8.write_bytes(to_litert(graph, representative=materials.representative))
    onnx.save(to_onnx(graph, name=stem), onnx_file)
    quantize(onnx_file, onnx_int8, materials.representative, head=graph.head)
    in_float32 = [
        check(f"{prefix}LiteRT", litert, LiteRtNetwork(litert, input_shape=CANVAS_SHAPE), reference),
        check(f"{prefix}ONNX", onnx_file, OnnxNetwork(onnx_file), reference),
    ]
    for row in in_float32:
        if must_repeat and row.max_difference > LOGITS_TOLERANCE:
            raise TrainerError(
                f"{row.file} answers otherwise than the model: its logits differ by {row.max_difference:.2g}, at most "
                f"{LOGITS_TOLERANCE:.0e} is allowed. Please report it, with the model."
            )
    return [
        *in_float32,
        check(f"{prefix}LiteRT int8", litert_int8, LiteRtNetwork(litert_int8, input_shape=CANVAS_SHAPE), reference),
        check(f"{prefix}ONNX int8", onnx_int8, OnnxNetwork(onnx_int8), reference),
    ]


def _put_in_place(unfinished: Path, folder: Path) -> None:
    before = folder.with_name(f".{folder.name}.before")
    shutil.rmtree(before, ignore_errors=True)
    if folder.exists():
        folder.rename(before)
    unfinished.rename(folder)
    shutil.rmtree(before, ignore_errors=True)
