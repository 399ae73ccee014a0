"""How many canvases a second exported networks read on one core: `python -m trainer.compare_speed FOLDER …`.

In a process of its own, because TensorFlow's threads are fixed when it starts. Measured is the processor's time, not
the clock's, so that other work on the machine hardly shows.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from trainer.errors import TrainerError

BATCH_SIZE = 256
_NUM_ROUNDS = 7
_ROUND_S = 0.25  # of each network in each round, at least


def images_per_second(graphs: Mapping[str, Path]) -> dict[str, float]:
    """Speed of SavedModels on one core, all in one process, in turn, so that what disturbs one disturbs all.

    Args:
        graphs: folder of each, by name.

    Returns:
        Canvases per second of processor time, the median over the rounds, by the same names.

    Raises:
        TrainerError: the process failed; the message ends with what it said.
    """
    threads = dict.fromkeys(("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"), "1")
    # This interpreter, and folders that have been opened before.
    command = [sys.executable, "-m", "trainer.compare_speed", *map(str, graphs.values())]
    done = subprocess.run(command, env={**os.environ, **threads}, capture_output=True, text=True)  # noqa: S603
    if done.returncode != 0:
        raise TrainerError(f"The speed could not be measured: {done.stderr.strip()[-500:]}")
    return dict(zip(graphs, json.loads(done.stdout.splitlines()[-1]), strict=True))


def main(folders: list[str]) -> None:
    """Print the speeds of the folders' networks as a JSON list, in their order."""
    # One core for good, where the system knows such a thing; TensorFlow counts the cores when it is loaded.
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})

    import numpy as np

    from service.runtime.saved_model import SavedModel
    from trainer.architectures.registry import CANVAS_SHAPE
    from trainer.golden import golden_canvases

    golden = golden_canvases()
    canvases = np.resize(golden, (BATCH_SIZE, *golden.shape[1:]))  # over and over: what they show does not matter
    networks = [SavedModel(Path(folder), input_shape=CANVAS_SHAPE) for folder in folders]
    for network in networks:
        network.logits(canvases)
    speeds: list[list[float]] = [[] for _ in networks]
    for _ in range(_NUM_ROUNDS):
        for network, found in zip(networks, speeds, strict=True):
            num_batches, began_s, spent_s = 0, time.process_time(), 0.0
            while spent_s < _ROUND_S:
                network.logits(canvases)
                num_batches += 1
                spent_s = time.process_time() - began_s
            found.append(num_batches * BATCH_SIZE / spent_s)
    print(json.dumps([statistics.median(found) for found in speeds]))


if __name__ == "__main__":
    main(sys.argv[1:])
