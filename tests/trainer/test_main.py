"""The command line as a whole."""

import argparse
import importlib
import pkgutil
import subprocess
import sys

import pytest

from tests.project import ROOT
from trainer import commands
from trainer.__main__ import COMMANDS, main

NOT_COMMANDS = {"arguments"}


def test_every_module_of_commands_is_listed():
    found = {module.name for module in pkgutil.iter_modules(commands.__path__)} - NOT_COMMANDS
    assert found == {*COMMANDS}
    assert len(COMMANDS) == len({*COMMANDS})


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_says_what_it_does_and_takes(name, capsys):
    module = importlib.import_module(f"trainer.commands.{name}")
    assert module.HELP
    assert not module.HELP.endswith(".")
    module.add_arguments(argparse.ArgumentParser())
    with pytest.raises(SystemExit) as stopped:
        main([name, "--help"])
    assert stopped.value.code == 0
    assert f"python -m trainer {name}" in " ".join(capsys.readouterr().out.split())


def test_help_loads_no_framework():
    program = (
        "import sys; from trainer.__main__ import main\ntry: main(['--help'])\nexcept SystemExit: print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = set(done.stdout.splitlines()[-1].split())
    assert "trainer.commands.train" in loaded
    assert loaded.isdisjoint({"keras", "tensorflow", "cv2", "matplotlib", "optuna", "sklearn"})


@pytest.mark.parametrize("version", ["0", "-1", "two"])
def test_a_version_is_a_number_from_1_on(version, capsys):
    with pytest.raises(SystemExit):
        main(["export", "dnn", f"--version={version}"])
    assert "--version" in capsys.readouterr().err
