"""The service as `make serve` starts it: a process of its own, with the committed models."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tests.project import ROOT


@contextmanager
def running_service(**settings: str) -> Iterator[str]:
    """Start it on a free port, with one worker; the address that it announces when it is ready.

    Args:
        settings: further environment variables, such as `DIGITS_LISTS_DIR`.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DIGITS_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "service"],
        cwd=ROOT,
        # Nobody reads the output after the announcement, so there must not be a line per request.
        env={**environment, "DIGITS_PORT": "0", "DIGITS_WORKERS": "1", "DIGITS_LOG_LEVEL": "warning", **settings},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    try:
        # Ends at the announcement, or, where the start fails, with the output.
        announced = next((match for line in process.stdout if (match := re.search(r"http://[\d.]+:\d+", line))), None)
        assert announced, f"the service stopped with status {process.wait()} before it was ready"
        yield announced.group()
    finally:
        process.terminate()
        process.communicate(timeout=30)
