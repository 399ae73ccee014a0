"""What a process may use, which in a container is less than what the machine has."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from service.runtime import loading
from service.runtime.device import CPU
from service.runtime.machine import num_cores_here, num_threads_here
from tests.project import ROOT


@pytest.fixture
def machine(tmp_path, monkeypatch) -> Path:
    """The root of a machine with sixteen cores, of which this process may run on four."""
    monkeypatch.setattr(os, "cpu_count", lambda: 16)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 4, 5}, raising=False)
    return tmp_path


@pytest.mark.parametrize(
    ("share", "num_cores", "num_threads"),
    [
        ("max 100000", 4, 4),
        ("250000 100000", 2.5, 2),
        ("50000 100000", 0.5, 1),  # half a core still has a thread
        ("800000 100000", 4, 4),  # a share of more than there is
    ],
)
def test_threads_are_as_many_as_whole_cores_that_may_be_used(machine, share, num_cores, num_threads):
    path = machine / "sys/fs/cgroup/cpu.max"
    path.parent.mkdir(parents=True)
    path.write_text(share + "\n")

    assert num_cores_here(root=machine) == num_cores
    assert num_threads_here(root=machine) == num_threads


def test_system_that_does_not_say_where_a_process_runs_has_the_cores_of_the_machine(machine, monkeypatch):
    monkeypatch.delattr(os, "sched_getaffinity")

    assert num_cores_here(root=machine) == 16


@pytest.mark.parametrize(("asked", "num_threads"), [(0, 3), (2, 2)])
def test_network_in_eight_bits_computes_on_the_cores_that_may_be_used(monkeypatch, tmp_path, asked, num_threads):
    made = []
    monkeypatch.setattr(loading, "num_threads_here", lambda: 3)
    monkeypatch.setattr(loading, "LiteRtNetwork", lambda _path, **options: made.append(options))
    (tmp_path / loading.INT8_FILE).touch()

    loading.open_network(tmp_path, input_shape=(28, 28, 1), device=replace(CPU, num_threads=asked))

    assert [options["num_threads"] for options in made] == [num_threads]


def test_nobody_else_asks_how_many_cores_the_machine_has():
    asking = [path.name for path in (ROOT / "service").rglob("*.py") if "cpu_count" in path.read_text(encoding="utf-8")]

    assert asking == ["machine.py"]
