"""The command line as a whole."""

import argparse
import importlib
import pkgutil
import subprocess
import sys

import pytest

from tests.project import ROOT
from tests.runtime.tiny_model import make_tiny_reader
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


@pytest.mark.parametrize("command", ["train", "evaluate", "export"])
@pytest.mark.parametrize("config", ["crnn", "ensemble", "auto", "cnn_distilled"])
def test_random_splits_are_refused_where_writers_have_to_be_known(command, config, tmp_path, capsys):
    folders = ["--data", str(tmp_path), "--output", str(tmp_path / "runs"), "--models", str(tmp_path / "models")]
    assert main([command, config, "--random-splits", *folders]) == 1
    assert "--random-splits" in capsys.readouterr().err


@pytest.mark.parametrize(("command", "goes_on"), [("train", True), ("tune", True), ("export", False)])
def test_only_what_goes_on_says_so_when_it_is_stopped(command, goes_on, monkeypatch, capsys):
    def stop(options):
        raise KeyboardInterrupt

    monkeypatch.setattr(f"trainer.commands.{command}.run", stop)
    assert main([command, "dnn"]) == 130
    told = capsys.readouterr().err
    assert told.startswith("trainer: stopped.")
    assert ("go on after the last finished" in told) == goes_on


@pytest.mark.parametrize("config", ["dnn", "crnn", "ensemble", "auto", "cnn_distilled"])
def test_a_version_that_exists_is_refused_before_the_data_is_read(config, tmp_path, capsys):
    (tmp_path / "models" / config / "1").mkdir(parents=True)
    folders = ["--data", "no/such/folder", "--output", str(tmp_path), "--models", str(tmp_path / "models")]
    assert main(["export", config, *folders]) == 1
    assert "a version never changes" in capsys.readouterr().err


@pytest.mark.parametrize("config", ["dnn", "crnn", "ensemble", "cnn_distilled"])
def test_an_export_without_a_run_is_refused_before_the_data_is_read(config, tmp_path, capsys):
    folders = ["--data", "no/such/folder", "--output", str(tmp_path), "--models", str(tmp_path / "models")]
    assert main(["export", config, *folders]) == 1
    assert f"Finish the training first: python -m trainer train {config}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("model", "models", "complaint"),
    [
        ("cnn", "none", "none"),
        ("cnn", "models", "holds no model 'cnn', but crnn"),
        ("crnn", "models", "crnn is a sequence_reader; the confidence suite measures"),
    ],
)
def test_the_confidence_suite_says_what_it_cannot_measure(model, models, complaint, tmp_path, capsys):
    make_tiny_reader(tmp_path / "models" / "crnn" / "1")
    folders = ["--data", "no/such/folder", "--models", str(tmp_path / models)]
    assert main(["evaluate", model, "--suite", "confidence", *folders]) == 1
    assert complaint in capsys.readouterr().err
