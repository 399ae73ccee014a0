"""A reader's folder appears whole or not at all."""

from dataclasses import replace

import pytest

from tests.runtime.tiny_model import make_tiny_reader
from trainer.configs import crnn
from trainer.errors import TrainerError
from trainer.reader import export as export_module
from trainer.reader.export import ReaderExport, write_reader


@pytest.fixture
def what(tmp_path):
    return ReaderExport(make_tiny_reader(tmp_path / "tiny" / "1"), "crnn", 77, crnn.CONFIG, [], (), {})


@pytest.mark.parametrize("stop", [RuntimeError, KeyboardInterrupt])
def test_an_export_that_breaks_off_leaves_nothing(what, tmp_path, monkeypatch, stop):
    def break_off(folder):
        assert folder.name == ".77.unfinished"
        raise stop

    monkeypatch.setattr(export_module, "_golden", break_off)
    with pytest.raises(stop):
        write_reader(what, None, tmp_path, models_dir=tmp_path / "models", calibrated=object())
    assert list((tmp_path / "models" / "crnn").iterdir()) == []


def test_a_version_that_exists_stays(what, tmp_path):
    (tmp_path / "models" / "crnn" / "2").mkdir(parents=True)
    with pytest.raises(TrainerError, match="a version never changes"):
        write_reader(replace(what, version=2), None, tmp_path, models_dir=tmp_path / "models", calibrated=object())
