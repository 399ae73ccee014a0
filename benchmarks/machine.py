"""The machine that a measurement was made on, for without it a number says nothing."""

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version

from trainer.machine import cpu_model

NAMED_VERSIONS = ("tensorflow", "fastapi", "starlette", "uvicorn", "uvloop", "httptools", "numpy", "pillow")


def describe_machine() -> dict[str, object]:
    """Date, processor, cores, memory, kernel and the versions of what serves; all of it may be published."""
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "cpu": cpu_model(),
        "num_cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "versions": {name: found for name in NAMED_VERSIONS if (found := _version(name))},
    }


def machine_line(machine: dict[str, object]) -> str:
    """The same in a sentence, to stand above a table."""
    versions = machine["versions"]
    named = ", ".join(f"{name} {number}" for name, number in versions.items()) if isinstance(versions, dict) else ""
    return (
        f"{machine['date']}, {machine['cpu']}, {machine['num_cores']} cores, {machine['memory_gib']} GiB, "
        f"Linux {machine['kernel']}, Python {machine['python']}; {named}."
    )


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
