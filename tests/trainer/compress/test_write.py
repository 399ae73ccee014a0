"""`python -m trainer compress` from a finished run to its folder, on digits that the tests draw."""

import errno
import json

import pytest

from trainer.__main__ import main
from trainer.data.sources import load_training_data
from trainer.runs import Run
from trainer.train import train

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

FILES = {
    f"{stem}{kind}" for stem in ("model", "pruned") for kind in (".tflite", "-int8.tflite", ".onnx", "-int8.onnx")
} | {"table.md", "table.json"}


@pytest.fixture(scope="module")
def runs_dir(tmp_path_factory, data_dir, tiny_config):
    folder = tmp_path_factory.mktemp("runs")
    train(tiny_config, load_training_data(tiny_config, data_dir), Run(folder, tiny_config))
    return folder


@pytest.fixture
def compress(runs_dir, data_dir, tiny_config, tmp_path, monkeypatch):
    """Runs the command on a finished run of `dnn`."""
    monkeypatch.setattr("trainer.trained.load_config", lambda _: tiny_config)

    def run(*options, model="dnn"):
        folders = [
            "--data",
            data_dir,
            "--runs",
            runs_dir,
            "--models",
            tmp_path / "models",
            "--output",
            tmp_path / "out",
        ]
        return main(["compress", model, *map(str, folders), *options])

    return run


def test_every_form_is_written_and_measured(compress, tmp_path, capsys):
    assert compress("--steps", "4", "--sparsity", "0.5", "--report", str(tmp_path / "report")) == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} == FILES
    record = json.loads((tmp_path / "report" / "table.json").read_text())
    assert len(record["rows"]) == 9
    first, *others = record["rows"]
    assert first["num_samples"] == 60
    assert first["max_difference"] == 0
    in_float32 = [row for row in others if row["file"] in ("model.tflite", "model.onnx")]
    assert all(row["max_difference"] < 1e-4 and row["num_other"] == 0 for row in in_float32)
    sizes = {row["file"]: row["num_zipped_bytes"] for row in others}
    assert sizes["pruned.onnx"] < 0.75 * sizes["model.onnx"]
    assert "| LiteRT int8 |" in capsys.readouterr().out


def test_without_pruning_four_files_are_written(compress, tmp_path):
    assert compress("--sparsity", "0") == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} == {name for name in FILES if "pruned" not in name}


def test_full_disk_leaves_the_folder_from_before(compress, tmp_path, monkeypatch, capsys):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "model.tflite").write_bytes(b"from before")

    def fill_up(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("trainer.compress.write.quantize", fill_up)
    assert compress("--sparsity", "0") == 1
    assert "disk is full" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert (tmp_path / "out" / "model.tflite").read_bytes() == b"from before"


def test_unknown_model_is_named(compress, capsys):
    assert compress(model="cnm") == 1
    assert "no model 'cnm'" in capsys.readouterr().err


def test_missing_library_is_named_with_its_extra(compress, monkeypatch, capsys):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "onnxruntime" else object())
    assert compress() == 1
    assert "onnxruntime is not installed. Install the extra" in capsys.readouterr().err
