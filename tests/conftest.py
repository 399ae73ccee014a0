"""What every test may count on: no settings from outside, no network, and real data only where there is any."""

import os
import socket
from pathlib import Path

import pytest

from tests.project import ROOT

# Before the first test module imports TensorFlow: its start-up notes are no news, and tests run alike on every machine.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
os.environ["KERAS_BACKEND"] = "tensorflow"


@pytest.fixture(scope="session")
def real_data_dir() -> Path:
    """The folder of real handwriting: `DIGITS_DATA`, else `../shared/data`; the test is skipped where there is none."""
    named = os.environ.get("DIGITS_DATA")
    folder = Path(named) if named else ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"no real data at {folder}; name its folder with DIGITS_DATA")
    return folder


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings come from the test alone: a shell's own `DIGITS_PORT` changes no result."""
    for name in os.environ:
        if name.startswith("DIGITS_") and name != "DIGITS_DATA":
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that reaches for another machine fails; this machine's own addresses stay open."""
    connect = socket.socket.connect

    def connect_here(self: socket.socket, address: object) -> None:
        host = address[0] if self.family in (socket.AF_INET, socket.AF_INET6) and isinstance(address, tuple) else None
        if host is not None and host not in ("127.0.0.1", "::1", "localhost"):
            raise PermissionError(f"tests use no network, but this one connects to {address}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect_here)
