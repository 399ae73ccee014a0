"""Which device the networks run on.

Networks in eight bits run on the processor without TensorFlow, whose import alone takes seconds and 300 MB. So it is
imported where a GPU may be, and for a network that has no other form.

TensorFlow takes all GPUs, all their memory and all cores unless it is told otherwise before its first
operation. So this is called once per process, first of all, on the thread that will use TensorFlow.
"""

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from service.recognition.errors import DeviceNotFound
from service.runtime.chatter import without_chatter

GPU_FILES = ("nvidia[0-9]*", "dxg", "kfd")  # of NVIDIA's driver, of Windows' subsystem for Linux, of AMD's driver


@dataclass(frozen=True, slots=True)
class Device:
    """Where networks run.

    Attributes:
        name: for people, as the settings have it: `cpu` or `gpu:N`, N as the machine counts.
        tensorflow_name: of the logical device; TensorFlow counts only what it was given.
        num_threads: of the processor, for one batch; 0 stands for one per core.
    """

    name: str
    tensorflow_name: str
    num_threads: int = 0

    @property
    def is_cpu(self) -> bool:
        """Whether networks run on the processor, in the form that suits it."""
        return self.name == CPU.name


CPU = Device("cpu", "/CPU:0")


def configure_device(choice: str, *, intra_op_threads: int, gpu_memory_mb: int = 0) -> Device:
    """Choose the device; where that is a GPU, give TensorFlow this one and hide the others from it.

    Args:
        choice: `auto` (the first GPU if there is one), `cpu`, `gpu` (the first) or `gpu:N`.
        intra_op_threads: CPU threads for one batch; 0 takes one per core.
        gpu_memory_mb: that is taken of a GPU at most; 0 takes what is needed, as it is needed.

    Returns:
        What was chosen.

    Raises:
        DeviceNotFound: a GPU was asked for that is not there; the message says which are.
    """
    cpu = replace(CPU, num_threads=intra_op_threads)
    if choice == "cpu" or (choice == "auto" and not may_have_gpu()):
        return cpu
    tf = import_tensorflow()
    with without_chatter():
        gpus = tf.config.list_physical_devices("GPU")
    index = pick_gpu(choice, [gpu.name for gpu in gpus])
    if index is None:
        return cpu
    if intra_op_threads:
        tf.config.threading.set_intra_op_parallelism_threads(intra_op_threads)
        # Batches are computed one after the other, so there is never a second operation worth a thread.
        tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.config.set_visible_devices(gpus[index], "GPU")
    if gpu_memory_mb:
        # A logical device with a limit; TensorFlow allows growth only to devices without one.
        capped = tf.config.LogicalDeviceConfiguration(memory_limit=gpu_memory_mb)
        tf.config.set_logical_device_configuration(gpus[index], [capped])
    else:
        tf.config.experimental.set_memory_growth(gpus[index], True)
    # TF32 keeps 10 bits of mantissa: too few to repeat golden outputs within 1e-4.
    tf.config.experimental.enable_tensor_float_32_execution(False)
    return Device(f"gpu:{index}", "/GPU:0", intra_op_threads)


def may_have_gpu(*, root: Path = Path("/")) -> bool:
    """Whether this machine has a device file of a GPU's driver; TensorFlow need not be asked where there is none.

    Args:
        root: of the file system.
    """
    return any(any((root / "dev").glob(name)) for name in GPU_FILES)


def import_tensorflow() -> Any:
    """TensorFlow, without what it says before its logging is set up."""
    # Read when it is imported; an operator who wants to see more has set it already.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    with without_chatter():
        import tensorflow as tf

    return tf


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
