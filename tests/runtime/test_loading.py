"""What a model folder must be before its network is trusted. Each row damages one thing."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from service.recognition.errors import InvalidModel
from service.runtime.loading import load_model, newest_versions
from tests.runtime.tiny_model import write_manifest


@pytest.fixture
def folder(tiny_model: Path, tmp_path: Path) -> Path:
    """A copy of the tiny model that may be damaged."""
    return Path(shutil.copytree(tiny_model, tmp_path / "cnn" / "1"))


def test_whole_folder_is_loaded(folder):
    model = load_model(folder)

    assert (model.manifest.name, model.manifest.version) == ("cnn", 1)
    assert model.network.logits(np.zeros((1, 28, 28, 1), np.uint8)).shape == (1, 10)
    assert model.network.num_traces == 1


def change_a_byte(folder: Path) -> None:
    path = folder / "saved_model.pb"
    data = bytearray(path.read_bytes())
    data[100] ^= 1
    path.write_bytes(data)


def shift_golden_logits(folder: Path) -> None:
    with np.load(folder / "golden.npz") as golden:
        canvases, logits = golden["canvases"], golden["logits"]
    np.savez(folder / "golden.npz", canvases=canvases, logits=logits + np.float32(0.001))
    write_manifest(folder)


def cut_golden_logits(folder: Path) -> None:
    with np.load(folder / "golden.npz") as golden:
        canvases, logits = golden["canvases"], golden["logits"]
    np.savez(folder / "golden.npz", canvases=canvases, logits=logits[:2])
    write_manifest(folder)


def empty_golden(folder: Path) -> None:
    np.savez(folder / "golden.npz", canvases=np.zeros((0, 28, 28, 1), np.uint8), logits=np.zeros((0, 10), np.float32))
    write_manifest(folder)


def golden_that_is_a_program(folder: Path) -> None:
    np.savez(folder / "golden.npz", canvases=np.array([{}], dtype=object), logits=np.zeros((1, 10)))
    write_manifest(folder)


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda folder: (folder / "manifest.json").unlink(), "manifest.json is missing"),
        (lambda folder: (folder / "manifest.json").write_text("{"), "manifest.json cannot be read"),
        (lambda folder: (folder / "saved_model.pb").unlink(), "saved_model.pb is missing"),
        (change_a_byte, "saved_model.pb has been changed"),
        (lambda folder: (folder / "extra.py").write_text("boo"), "extra.py is not named in the manifest"),
        (lambda folder: write_manifest(folder, name="other"), "describes other/1, but stands in cnn/1"),
        (lambda folder: write_manifest(folder, preprocessing_id="canvas-0"), "asks for preprocessing 'canvas-0'"),
        (lambda folder: write_manifest(folder, input_shape=(32, 32, 1)), "golden.npz holds canvases"),
        (shift_golden_logits, "golden.npz is not repeated: in a batch of 1 a logit is 0.001 off"),
        (cut_golden_logits, "golden.npz holds canvases"),
        (empty_golden, "golden.npz holds canvases"),
        (golden_that_is_a_program, "golden.npz cannot be read"),
    ],
)
def test_damaged_folder_is_refused_with_the_file_that_is_wrong(folder, damage, told):
    damage(folder)
    with pytest.raises(InvalidModel, match=told):
        load_model(folder)


def test_highest_version_is_the_newest_by_number_not_by_spelling(tmp_path):
    for version in ("cnn/1", "cnn/9", "cnn/10", "dnn/2"):
        (tmp_path / version).mkdir(parents=True)

    assert newest_versions(tmp_path) == [tmp_path / "cnn" / "10", tmp_path / "dnn" / "2"]


def test_version_that_is_no_number_is_refused(tmp_path):
    (tmp_path / "cnn" / "old").mkdir(parents=True)
    with pytest.raises(InvalidModel, match="old is not a version"):
        newest_versions(tmp_path)


@pytest.mark.parametrize("name", [".", "missing"])
def test_folder_without_models_is_refused_with_the_setting_to_mend(tmp_path, name):
    with pytest.raises(InvalidModel, match="DIGITS_MODELS_DIR"):
        newest_versions(tmp_path / name)
