"""The rings hold: arrows point inwards, and importing a module has no effect beyond it."""

import json
import subprocess
import sys
from pathlib import Path

from tests.project import ROOT


def test_import_contracts_of_pyproject_are_kept():
    # A process of its own: called here, it would take over the output streams of the tests.
    command = [Path(sys.executable).with_name("lint-imports"), "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)

    assert done.returncode == 0, done.stdout


def test_recognition_loads_no_framework():
    # In a process of its own, because this one has loaded them all by now. The contracts above read the source of ours;
    # this also sees what a library brings along.
    program = """
import importlib, pkgutil, sys
import service.recognition
for module in pkgutil.walk_packages(service.recognition.__path__, "service.recognition."):
    importlib.import_module(module.name)
print(*sys.modules)
"""
    loaded = set(_run_python("-c", program).split())

    assert "service.recognition.manifest" in loaded
    frameworks = {"tensorflow", "keras", "fastapi", "starlette", "pydantic", "uvicorn"}
    assert loaded.isdisjoint(frameworks | {"trainer", "service.runtime", "service.api", "service.settings"})


def test_importing_reads_no_file_and_no_environment():
    assert json.loads(_run_python("-m", "tests.contracts.watched_imports")) == []


def _run_python(*arguments: str) -> str:
    """The last line that a program prints, run in the project's root."""
    done = subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1]
