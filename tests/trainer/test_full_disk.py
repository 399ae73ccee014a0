"""A disk that fills up half-way: what is left is never picked up, and is gone after the next start."""

import errno
import io

import keras
import numpy as np
import pytest

from service.runtime.loading import newest_versions
from trainer import digit_model
from trainer import graphs as graphs_module
from trainer.__main__ import main
from trainer.full_disk import is_disk_full
from trainer.runs import Run

# Keras 3.15 makes arrays of TensorFlow 2.21's variables in a way that NumPy 2 warns about.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


class FillingDisk:
    """Takes a number of writes of one kind; the next one gets as far as half of its bytes."""

    def __init__(self, write, *, room_for):
        self._write = write
        self._room_for = room_for

    def __call__(self, *arguments, **options):
        self._write(*arguments, **options)
        self._room_for -= 1
        if self._room_for < 0:
            path = arguments[-1]
            path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
            raise OSError(errno.ENOSPC, "No space left on device", str(path))


@pytest.fixture
def command(data_dir, tiny_config, tmp_path, monkeypatch):
    """Runs a command of the trainer on the tiny config."""
    monkeypatch.setattr("trainer.commands.arguments.load_config", lambda _: tiny_config)

    def run(name, *options, output=tmp_path / "runs"):
        return main([name, "dnn", "--data", str(data_dir), "--output", str(output), *options])

    return run


@pytest.mark.parametrize(
    ("room_for", "finished_epochs"),
    [
        (0, 0),  # in the first checkpoint
        (3, 1),  # in the second one: each has two files
        (4, 2),  # in what the run delivers
    ],
)
def test_training_goes_on_after_the_last_whole_epoch(
    command, tiny_run, tiny_config, tmp_path, monkeypatch, capsys, room_for, finished_epochs
):
    filling = FillingDisk(keras.Model.save_weights, room_for=room_for)
    monkeypatch.setattr(keras.Model, "save_weights", lambda *arguments, **options: filling(*arguments, **options))
    assert command("train") == 1
    assert "the disk is full" in capsys.readouterr().err
    monkeypatch.setattr(keras.Model, "save_weights", filling._write)

    run = Run(tmp_path / "runs", tiny_config)
    assert not run.weights_path.exists()
    assert [path.name for path in run.folder.glob("epoch-*")] == [f"epoch-{finished_epochs:04d}"][:finished_epochs]

    assert command("train") == 0
    assert not list(run.folder.glob("unfinished*"))
    with np.load(run.golden_path) as again, np.load(tiny_run.golden_path) as expected:
        np.testing.assert_allclose(again["logits"], expected["logits"], atol=1e-3)


@pytest.mark.parametrize(
    ("module", "step"),
    [(graphs_module, "save_graph"), (digit_model, "calibrate_digits"), (digit_model, "hash_files")],
)
def test_an_export_leaves_nothing_that_a_service_would_load(
    command, tiny_run, tmp_path, monkeypatch, capsys, module, step
):
    def full_disk(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(module, step, full_disk)
        assert command("export", "--models", str(tmp_path / "models"), output=tiny_run.folder.parent) == 1
    assert "the disk is full" in capsys.readouterr().err
    assert not list(tmp_path.glob("models/dnn/*"))


def test_an_export_that_was_killed_is_ignored_and_then_replaced(command, tiny_run, tmp_path):
    remains = tmp_path / "models" / "dnn" / ".1.unfinished"
    remains.mkdir(parents=True)
    (remains / "saved_model.pb").write_bytes(b"half of it")
    (tmp_path / "models" / "other" / "1").mkdir(parents=True)
    assert newest_versions(tmp_path / "models") == [tmp_path / "models" / "other" / "1"]

    assert command("export", "--models", str(tmp_path / "models"), output=tiny_run.folder.parent) == 0
    assert [path.name for path in (tmp_path / "models" / "dnn").iterdir()] == ["1"]


def test_an_error_of_another_kind_is_not_taken_for_a_full_disk(command, monkeypatch):
    def defect(*_, **__):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(Run, "open", defect)
    with pytest.raises(OSError, match="Input/output"):
        command("train")


def chained(error, cause):
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (OSError(errno.ENOSPC, "full"), True),
        (OSError(errno.EDQUOT, "over the quota"), True),
        # as HDF5 and TensorFlow put it
        (OSError("Can't write data (errno = 28, error message = 'No space left on device')"), True),
        (RuntimeError("RESOURCE_EXHAUSTED: variables/variables.data; No space left on device"), True),
        (chained(RuntimeError("saving failed"), OSError(errno.ENOSPC, "full")), True),
        (io.UnsupportedOperation("not writable"), False),
        (OSError(errno.EACCES, "no right"), False),
    ],
)
def test_a_full_disk_is_known_by_its_number_and_by_its_words(error, expected):
    assert is_disk_full(error) == expected
