import os
import platform
from pathlib import Path

from trainer.machine import cpu_model, describe_machine


def test_machine_is_named_with_its_cores():
    named = describe_machine()
    assert named.startswith(cpu_model())
    assert " cores" in named


def test_system_that_does_not_name_its_processor_names_its_kind(monkeypatch):
    def no_such_file(*_, **__):
        raise FileNotFoundError

    monkeypatch.setattr(Path, "read_text", no_such_file)
    assert cpu_model() == platform.machine()


def test_system_that_does_not_tell_the_cores_of_a_process_counts_all(monkeypatch):
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 12)
    assert ", 12 cores" in describe_machine()
