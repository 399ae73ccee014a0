"""Which device the networks run on.

TensorFlow takes all GPUs, all their memory and all cores unless it is told otherwise before its first
operation. So this is called once per process, first of all, on the thread that will use TensorFlow.
"""

import os
from dataclasses import dataclass
from typing import Any

from service.recognition.errors import DeviceNotFound
from service.runtime.chatter import without_chatter


@dataclass(frozen=True, slots=True)
class Device:
    """Where networks run.

    Attributes:
        name: for people, as the settings have it: `cpu` or `gpu:N`, N as the machine counts.
        tensorflow_name: of the logical device; TensorFlow counts only what it was given.
    """

    name: str
    tensorflow_name: str


CPU = Device("cpu", "/CPU:0")


def configure_device(choice: str, *, intra_op_threads: int, gpu_memory_mb: int = 0) -> Device:
    """Give TensorFlow one device and hide the others from it.

    Args:
        choice: `auto` (the first GPU if there is one), `cpu`, `gpu` (the first) or `gpu:N`.
        intra_op_threads: CPU threads for one operation; 0 leaves it to TensorFlow (one per core).
        gpu_memory_mb: that is taken of a GPU at most; 0 takes what is needed, as it is needed.

    Returns:
        What was chosen.

    Raises:
        DeviceNotFound: a GPU was asked for that is not there; the message says which are.
    """
    # TensorFlow 2.21 says things before its logging is set up.
    with without_chatter():
        tf = _import_tensorflow()
        gpus = tf.config.list_physical_devices("GPU")
    index = pick_gpu(choice, [gpu.name for gpu in gpus])
    if intra_op_threads:
        tf.config.threading.set_intra_op_parallelism_threads(intra_op_threads)
        # Batches are computed one after the other, so there is never a second operation worth a thread.
        tf.config.threading.set_inter_op_parallelism_threads(1)
    if index is None:
        tf.config.set_visible_devices([], "GPU")
        return CPU
    tf.config.set_visible_devices(gpus[index], "GPU")
    if gpu_memory_mb:
        # A logical device with a limit; TensorFlow allows growth only to devices without one.
        capped = tf.config.LogicalDeviceConfiguration(memory_limit=gpu_memory_mb)
        tf.config.set_logical_device_configuration(gpus[index], [capped])
    else:
        tf.config.experimental.set_memory_growth(gpus[index], True)
    # TF32 keeps 10 bits of mantissa: too few to repeat golden outputs within 1e-4.
    tf.config.experimental.enable_tensor_float_32_execution(False)
    return Device(f"gpu:{index}", "/GPU:0")


def num_cpu_threads() -> int:
    """Threads for one batch on the processor, as TensorFlow was told: `DIGITS_INTRA_OP_THREADS`, or one per core."""
    import tensorflow as tf

    return tf.config.threading.get_intra_op_parallelism_threads() or os.cpu_count() or 1


def pick_gpu(choice: str, gpus: list[str]) -> int | None:
    """Index of the GPU that `choice` means among those present; None for the CPU.

    Raises:
        DeviceNotFound: it is not there.
    """
    if choice == "cpu" or (choice == "auto" and not gpus):
        return None
    index = int(choice.removeprefix("gpu:")) if choice.startswith("gpu:") else 0
    if index >= len(gpus):
        present = f"{len(gpus)} GPU(s), numbered from 0" if gpus else "no GPU"
        raise DeviceNotFound(
            f"DIGITS_DEVICE is {choice!r}, but TensorFlow finds {present} on this machine. "
            "Set DIGITS_DEVICE to auto or cpu, or check the driver and the `gpu` extra."
        )
    return index


def _import_tensorflow() -> Any:
    # Read by TensorFlow when it is imported; an operator who wants to see more has set it already.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    import tensorflow as tf

    return tf
