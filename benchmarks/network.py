"""Ways to call one and the same network on the processor: how long does a batch take, and do the answers stay the same?

    python -m benchmarks.network [--calls 200]

Each way has a process of its own, for threads and options are set once per process. The service takes the first way,
and the second one where a model has no form in eight bits; the others are what it could do instead. Golden outputs are
those of the SavedModel; the form in eight bits is calibrated by itself.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.machine import describe_machine
from benchmarks.processes import ROOT, BenchmarkError
from benchmarks.servers import newest_cnn
from benchmarks.tables import markdown_table, write_results

BATCHES = (1, 8, 64)
SHAPE = (28, 28, 1)
WAYS = {
    "int8": "LiteRT in eight bits, one thread (the service)",
    "session": "session, one thread",
    "two_threads": "session, two threads",
    "function": "function, one thread",
    "bfloat16": "function, bfloat16",
    "xla": "function, XLA",
}

Network = Callable[[NDArray[np.uint8]], NDArray[np.float32]]


def main() -> None:
    """Measure, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=200, help="calls per way and size of batch")
    parser.add_argument("--way", choices=WAYS, help="print the figures of this way alone, as JSON")
    parser.add_argument("--models-dir", type=Path, default=ROOT / "models")
    parser.add_argument("--results", type=Path)
    arguments = parser.parse_args()
    if arguments.way:
        print(json.dumps(measure(arguments.way, newest_cnn(arguments.models_dir), arguments.calls)))
        return
    rows = []
    for way in WAYS:
        rows.append({"way": WAYS[way], **_measured_apart(way, arguments.models_dir, arguments.calls)})
        print(rows[-1], flush=True)
    document = {"machine": describe_machine(), "num_calls": arguments.calls, "rows": rows}
    header = ("way", *[f"batch of {size}, ms" for size in BATCHES], "golden outputs off by", "golden digits changed")
    table = markdown_table(header, [(row["way"], *row["ms"], row["off_by"], row["num_changed"]) for row in rows])
    if arguments.results:
        write_results("network", document, table, folder=arguments.results)
    print(table)


def measure(way: str, folder: Path, num_calls: int) -> dict[str, Any]:
    """One way, in this process: median milliseconds by size of batch, and what becomes of the golden outputs."""
    network = _network(way, folder)
    random = np.random.default_rng(1)
    medians_ms = []
    for size in BATCHES:
        canvases = random.integers(0, 256, (size, *SHAPE), dtype=np.uint8)
        for _ in range(3):
            network(canvases)
        seconds = []
        for _ in range(max(20, num_calls // size)):
            began = time.perf_counter()
            network(canvases)
            seconds.append(time.perf_counter() - began)
        medians_ms.append(round(statistics.median(seconds) * 1e3, 2))
    with np.load(folder / "golden.npz") as golden:
        found, expected = network(golden["canvases"]), golden["logits"]
    changed = found[:, :10].argmax(axis=1) != expected[:, :10].argmax(axis=1)
    return {
        "ms": medians_ms,
        "off_by": f"{np.abs(found - expected).max():.1g}",
        "num_changed": f"{int(changed.sum())} of {len(changed)}",
    }


def _measured_apart(way: str, models_dir: Path, num_calls: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.network", "--way", way, "--calls", str(num_calls)]
    command += ["--models-dir", str(models_dir)]
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "2", "CUDA_VISIBLE_DEVICES": "-1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise BenchmarkError(f"The network cannot be called by way of {way!r}. It said:\n{done.stderr[-2000:]}")
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


def _network(way: str, folder: Path) -> Network:
    # Not at the top: only the processes that measure need them.
    import tensorflow as tf

    from service.runtime.device import Device
    from service.runtime.graph_function import GraphFunction
    from service.runtime.graph_session import GraphSession
    from service.runtime.litert_network import INT8_FILE, LiteRtNetwork

    if way == "int8":
        return LiteRtNetwork(folder / INT8_FILE, input_shape=SHAPE).logits
    tf.config.threading.set_intra_op_parallelism_threads(2 if way == "two_threads" else 1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    if way == "bfloat16":
        tf.config.optimizer.set_experimental_options({"auto_mixed_precision_onednn_bfloat16": True})
    if way in ("session", "two_threads"):
        return GraphSession(folder, input_shape=SHAPE).run
    function = GraphFunction(folder, input_shape=SHAPE, device=Device("cpu", "/CPU:0"))
    if way != "xla":
        return function.run
    canvases = tf.TensorSpec((None, *SHAPE), tf.uint8)
    compiled = tf.function(function._graph, input_signature=[canvases], autograph=False, jit_compile=True)
    graph = compiled.get_concrete_function()
    return lambda batch: graph(tf.constant(batch)).numpy()


if __name__ == "__main__":
    main()
