"""How many workers `auto` starts."""

import os
from pathlib import Path

import pytest

from service.workers import number
from service.workers.number import suitable_number, suitable_number_here

GB = 1_000_000_000


@pytest.mark.parametrize(
    ("num_cores", "memory_bytes", "on_gpu", "num_workers"),
    [
        (1, 64 * GB, False, 1),
        (2, 64 * GB, False, 2),
        (4, 64 * GB, False, 4),
        (64, 64 * GB, False, 4),  # more only where somebody says so
        (4, None, False, 4),  # nobody knows how much memory there is
        (4, 3 * GB, False, 3),  # 1 GB for each
        (4, 3 * GB - 1, False, 2),
        (4, GB // 2, False, 1),  # little memory is no reason not to start
        (1.5, 64 * GB, False, 1),  # half a core keeps no worker busy
        (0.5, 64 * GB, False, 1),
        (8, 64 * GB, True, 1),  # workers would only share the GPU
    ],
)
def test_one_for_each_core_as_far_as_memory_goes(num_cores, memory_bytes, on_gpu, num_workers):
    assert suitable_number(num_cores=num_cores, memory_bytes=memory_bytes, on_gpu=on_gpu) == num_workers


@pytest.fixture
def machine(tmp_path, monkeypatch) -> Path:
    """The root of a machine with four cores and 16 GB, of which 9 GiB are available."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 4, 5}, raising=False)
    write(tmp_path / "proc/meminfo", "MemTotal:       16000000 kB\nMemFree:  1 kB\nMemAvailable:    9437184 kB\n")
    return tmp_path


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.mark.parametrize(
    ("files", "num_workers"),
    [
        ({}, 4),
        ({"cpu.max": "max 100000\n", "memory.max": "max\n"}, 4),
        ({"cpu.max": "200000 100000\n"}, 2),
        ({"cpu.max": "250000 100000\n"}, 2),
        ({"memory.max": f"{3 * GB}\n"}, 3),
        ({"memory.max": f"{64 * GB}\n"}, 4),  # what is not there cannot be used, whatever the limit
        ({"cpu/cpu.cfs_quota_us": "300000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 3),
        ({"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, 4),
        ({"memory/memory.limit_in_bytes": f"{2 * GB}\n"}, 2),
        ({"memory/memory.limit_in_bytes": "9223372036854771712\n"}, 4),  # version 1's way to say that there is none
    ],
)
def test_limits_of_a_container_are_kept(machine, files, num_workers):
    for name, text in files.items():
        write(machine / "sys/fs/cgroup" / name, text)

    assert suitable_number_here("cpu", root=machine) == num_workers


def test_memory_that_is_taken_already_is_not_counted_on(machine):
    write(machine / "proc/meminfo", "MemTotal:       16000000 kB\nMemAvailable:    2000000 kB\n")

    assert suitable_number_here("cpu", root=machine) == 2


def test_machine_that_does_not_describe_itself_gets_one_for_each_core(machine, tmp_path):
    assert suitable_number_here("cpu", root=tmp_path / "nowhere") == 4


def test_windows_gets_one(machine, monkeypatch):
    monkeypatch.setattr(number.sys, "platform", "win32")

    assert suitable_number_here("cpu", root=machine) == 1


@pytest.mark.parametrize(
    ("device", "files", "num_workers"),
    [
        ("auto", ["nvidia0"], 1),
        ("auto", ["nvidiactl"], 4),  # the driver without a device
        ("auto", [], 4),
        ("cpu", ["nvidia0"], 4),
        ("gpu", [], 1),  # which stops the start, and should do so once
        ("gpu:1", ["nvidia0", "nvidia1"], 1),
    ],
)
def test_gpu_is_used_by_one(machine, device, files, num_workers):
    for name in files:
        write(machine / "dev" / name, "")

    assert suitable_number_here(device, root=machine) == num_workers
