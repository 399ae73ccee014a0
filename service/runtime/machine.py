"""What this machine, or the container that this is, lets a process use."""

import os
from pathlib import Path

CGROUPS = Path("sys/fs/cgroup")  # of a container: its own, whose limits are the container's


def num_threads_here(*, root: Path = Path("/")) -> int:
    """Threads that can compute side by side: one for each whole core of `num_cores_here`, and one at least."""
    return max(1, int(num_cores_here(root=root)))


def num_cores_here(*, root: Path = Path("/")) -> float:
    """Cores that this process may run on, or the share of time that its container has on them, if that is less.

    Python's own `os.cpu_count` is that of the machine, whatever a container may use of it.

    Args:
        root: of the file system in which the machine describes itself.
    """
    num_cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    group = root / CGROUPS
    older = _words(group / "cpu" / "cpu.cfs_quota_us") + _words(group / "cpu" / "cpu.cfs_period_us")  # version 1
    share = _words(group / "cpu.max") or older
    if len(share) == 2 and share[0].isdigit():  # else "max" or -1: no limit
        return min(num_cores, int(share[0]) / int(share[1]))
    return num_cores


def memory_bytes_here(*, root: Path = Path("/")) -> int | None:
    """Memory that is available on the machine, or the limit of this container, if that is less; None if nobody knows.

    Args:
        root: as for `num_cores_here`.
    """
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
