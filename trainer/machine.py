"""The machine that something was trained or measured on, for without it a time says nothing."""

import os
import platform
from pathlib import Path


def describe_machine() -> str:
    """Processor, cores that this process may use, and accelerators that Keras sees; all of it may be published."""
    import keras  # here, because benchmarks name the processor too, and shall not hold a framework for it

    accelerators = [name for name in keras.distribution.list_devices() if not name.startswith("cpu")]
    return ", ".join([cpu_model(), f"{_num_cores()} cores", *accelerators])


def _num_cores() -> int:
    """Cores that this process may use; all of them where the system, as macOS and Windows, does not tell."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def cpu_model() -> str:
    """What the processor calls itself; the kind of processor where the system does not tell."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
