"""How many workers suit a machine, where the operator leaves that to the service."""

import os
import sys
from pathlib import Path

from service.runtime.device import may_have_gpu

MOST = 4  # beyond these, what is gained is rarely worth the memory: whoever has the cores can say so
MEMORY_BYTES = 1_000_000_000  # for each: code and models take a third of it, pictures and forms in work the rest

CGROUPS = Path("sys/fs/cgroup")  # of a container: its own, whose limits are the container's


def suitable_number(*, num_cores: float, memory_bytes: int | None, on_gpu: bool) -> int:
    """One worker for each core, as far as memory goes; one alone where they would share a GPU.

    Args:
        num_cores: that may be used; a share of one counts as a share.
        memory_bytes: that may be used; None where nobody knows.
        on_gpu: whether networks run there.
    """
    if on_gpu:
        return 1
    most = MOST if memory_bytes is None else min(MOST, memory_bytes // MEMORY_BYTES)
    return max(1, min(int(num_cores), most))


def suitable_number_here(device: str, *, root: Path = Path("/")) -> int:
    """The same for this machine, or for the container that this is.

    Args:
        device: where networks run, as the setting says it. The parent of workers does not load TensorFlow, so that
            for `auto` a device file has to tell whether there is a GPU.
        root: of the file system in which the machine describes itself.
    """
    if sys.platform == "win32":
        return 1  # event loops there cannot listen to a line
    on_gpu = device.startswith("gpu") or (device == "auto" and may_have_gpu(root=root))
    return suitable_number(num_cores=num_cores_here(root=root), memory_bytes=_memory_bytes(root), on_gpu=on_gpu)


def num_cores_here(*, root: Path = Path("/")) -> float:
    """Cores that this process may run on, or the share of time that its container has on them, if that is less."""
    num_cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    group = root / CGROUPS
    older = _words(group / "cpu" / "cpu.cfs_quota_us") + _words(group / "cpu" / "cpu.cfs_period_us")  # version 1
    share = _words(group / "cpu.max") or older
    if len(share) == 2 and share[0].isdigit():  # else "max" or -1: no limit
        return min(num_cores, int(share[0]) / int(share[1]))
    return num_cores


def _memory_bytes(root: Path) -> int | None:
    """Memory that is available on the machine, or the limit of this container, if that is less."""
    found = [int(words[1]) * 1024 for words in _lines(root / "proc" / "meminfo") if words[0] == "MemAvailable:"]
    group = root / CGROUPS
    limit = _words(group / "memory.max") or _words(group / "memory" / "memory.limit_in_bytes")
    found += [int(word) for word in limit if word.isdigit()]
    return min(found, default=None)


def _words(path: Path) -> list[str]:
    """The words of the first line of a file; none where it cannot be read."""
    return next(iter(_lines(path)), [])


def _lines(path: Path) -> list[list[str]]:
    """The lines of a file, in words; none where it cannot be read."""
    try:
        return [line.split() for line in path.read_text(encoding="ascii").splitlines()]
    except OSError:
        return []
