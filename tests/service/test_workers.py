"""Several processes behind one port."""

import os
import signal
import time
from pathlib import Path

import httpx2
import pytest

from tests.pictures import draw_seven, png
from tests.service.process import START_LIMIT_S, running, start

pytestmark = pytest.mark.slow  # each test starts several processes that load TensorFlow

TWO = {"DIGITS_WORKERS": "2"}


def workers_of(pid: int) -> set[int]:
    """The workers among the children of a process; the other is Python's own resource tracker."""
    children = {int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()}
    return {child for child in children if b"spawn_main" in _command(child)}


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except FileNotFoundError:
        return b""


def test_workers_share_the_port_say_so_once_and_come_back_when_they_die(tiny_models_dir):
    with running(tiny_models_dir, TWO) as (process, client):
        workers = workers_of(process.pid)
        assert len(workers) == 2
        for _ in range(10):
            assert client.post("/predict", files={"file": ("a.png", png(draw_seven()))}).status_code == 200

        os.kill(min(workers), signal.SIGKILL)
        until = time.monotonic() + START_LIMIT_S
        while len(workers_of(process.pid) - {min(workers)}) < 2:
            assert time.monotonic() < until
            time.sleep(0.05)
        address = client.base_url
        client.close()
        for _ in range(10):  # the other worker answers while the new one loads
            with httpx2.Client(base_url=address, timeout=START_LIMIT_S, trust_env=False) as another:
                assert another.get("/health/live").status_code == 200
        process.send_signal(signal.SIGTERM)
        output, complaints = process.communicate(timeout=30)

    assert process.returncode == -signal.SIGTERM
    assert complaints == ""
    assert "Ready." not in output  # it was read once already, by `running`
    assert '"message": "worker ended"' in output


def test_workers_end_when_their_parent_is_killed(tiny_models_dir):
    with running(tiny_models_dir, TWO) as (process, _):
        workers = workers_of(process.pid)
        process.kill()
        process.wait()
        until = time.monotonic() + START_LIMIT_S
        while any(b"spawn_main" in _command(worker) for worker in workers):
            assert time.monotonic() < until
            time.sleep(0.05)


def test_worker_that_cannot_start_is_told_in_a_line(tiny_models_dir):
    process = start({"DIGITS_MODELS_DIR": str(tiny_models_dir), "DIGITS_DEVICE": "gpu", **TWO})
    output, complaints = process.communicate(timeout=START_LIMIT_S)

    assert process.returncode == 1
    assert complaints.startswith("digits: DIGITS_DEVICE is 'gpu', but TensorFlow finds no GPU on this machine.")
    assert complaints.count("\n") == 1
    assert output == ""
