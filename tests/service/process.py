"""The service as a process of its own, on a free port."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx2

from tests.project import ROOT

START_LIMIT_S = 60


def start(settings: Mapping[str, str]) -> subprocess.Popen[str]:
    """Start it with these settings and no others; with one worker, unless they say how many."""
    outside = {name: value for name, value in os.environ.items() if not name.startswith(("DIGITS_", "TF_"))}
    return subprocess.Popen(
        [sys.executable, "-m", "service"],
        cwd=ROOT,
        env=outside | {"DIGITS_PORT": "0", "DIGITS_WORKERS": "1", **settings},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@contextmanager
def running(
    models_dir: Path, settings: Mapping[str, str] | None = None
) -> Iterator[tuple[subprocess.Popen[str], httpx2.Client]]:
    """A service that is ready, and a client of it."""
    process = start({"DIGITS_MODELS_DIR": str(models_dir), **(settings or {})})
    try:
        announced = process.stdout.readline()
        assert announced.startswith("Ready. The page: http://127.0.0.1:"), announced + process.stderr.read()
        with httpx2.Client(base_url=announced.split()[3], timeout=START_LIMIT_S, trust_env=False) as client:
            yield process, client
    finally:
        process.kill()
        process.communicate()
