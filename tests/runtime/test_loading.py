"""What a model folder must be before its network is trusted. Each row damages one thing."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from service.recognition.alphabet import NUM_CLASSES
from service.recognition.errors import InvalidModel
from service.recognition.line_canvas import FRAME_PX, LINE_WIDTHS_PX
from service.recognition.manifest import CHARACTER_CLASSIFIER, MANIFEST_FILE, SEQUENCE_READER
from service.runtime.device import Device
from service.runtime.litert_network import LiteRtNetwork
from service.runtime.loading import (
    is_cascade,
    load_cascade,
    load_model,
    newest_versions,
)
from service.runtime.saved_model import SavedModel
from tests.project import ROOT
from tests.runtime.tiny_int8 import change_golden
from tests.runtime.tiny_model import make_cascade, write_manifest

AS_A_GPU = Device("gpu:0", "/CPU:0")  # called as a network on a GPU is, and computed without one


@pytest.fixture
def folder(tiny_model: Path, tmp_path: Path) -> Path:
    """A copy of the tiny model that may be damaged."""
    return Path(shutil.copytree(tiny_model, tmp_path / "cnn" / "1"))


def test_whole_folder_is_loaded(folder):
    model = load_model(folder)

    assert (model.manifest.name, model.manifest.version) == ("cnn", 1)
    assert model.network.logits(np.zeros((1, 28, 28, 1), np.uint8)).shape == (1, 10)
    assert model.network.num_traces == 1


@pytest.fixture
def reader_folder(tiny_reader: Path, tmp_path: Path) -> Path:
    """A copy of the tiny sequence reader that may be damaged."""
    return Path(shutil.copytree(tiny_reader, tmp_path / "crnn" / "1"))


def test_sequence_reader_is_loaded_with_golden_outputs_of_every_width(reader_folder):
    model = load_model(reader_folder)

    assert model.manifest.kind == SEQUENCE_READER
    assert [one.canvases.shape[2] for one in model.golden] == list(LINE_WIDTHS_PX)
    assert model.network.logits(np.zeros((3, 32, 128, 1), np.uint8)).shape == (3, 128 // FRAME_PX, NUM_CLASSES)
    assert model.network.num_traces == 1  # one graph for all widths and batch sizes


def change_golden_of_reader(folder: Path, **changes: np.ndarray) -> None:
    with np.load(folder / "golden.npz") as golden:
        arrays = {name: golden[name] for name in golden}
    np.savez(folder / "golden.npz", **{**arrays, **changes})
    write_manifest(folder, kind=SEQUENCE_READER)


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (
            lambda folder: change_golden_of_reader(folder, logits_384=np.ones((2, 384 // FRAME_PX, 12))),
            "golden.npz is not repeated",
        ),
        (lambda folder: change_golden_of_reader(folder, logits_64=np.ones((2, 7, 12))), "golden.npz holds canvases"),
        (lambda folder: write_manifest(folder, kind=SEQUENCE_READER, preprocessing_id="line-0"), "asks for prepro"),
        (lambda folder: write_manifest(folder, kind=SEQUENCE_READER, input_widths=(64, 128)), "names the widths"),
        (lambda folder: write_manifest(folder, kind=SEQUENCE_READER, alphabet="0123456789"), "has the alphabet"),
        (lambda folder: write_manifest(folder, kind=SEQUENCE_READER, input_shape=(32, 64, 1)), "the width null"),
        (lambda folder: write_manifest(folder, kind=SEQUENCE_READER, input_widths=()), "rising `input_widths`"),
        (lambda folder: write_manifest(folder, kind=SEQUENCE_READER, input_widths=(128, 64)), "rising `input_widths`"),
        (lambda folder: write_manifest(folder, input_widths=(28, 30)), "no `input_widths`"),
        (lambda folder: write_manifest(folder, input_shape=(28, None, 1)), "has one width"),
    ],
)
def test_damaged_folder_of_a_reader_is_refused(reader_folder, damage, told):
    damage(reader_folder)
    with pytest.raises(InvalidModel, match=told):
        load_model(reader_folder)


def test_golden_output_that_lacks_a_width_is_refused(reader_folder):
    with np.load(reader_folder / "golden.npz") as golden:
        arrays = {name: golden[name] for name in golden if name != "canvases_1024"}
    np.savez(reader_folder / "golden.npz", **arrays)
    write_manifest(reader_folder, kind=SEQUENCE_READER)
    with pytest.raises(InvalidModel, match=r"golden.npz cannot be read: .*canvases_1024"):
        load_model(reader_folder)


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
        (lambda folder: (folder / "manifest.json").write_text("[" * 100_000), "manifest.json cannot be read"),
        (lambda folder: write_manifest(folder, num_parameters=float("inf")), "manifest.json cannot be read"),
        (lambda folder: (folder / "saved_model.pb").unlink(), "saved_model.pb is missing"),
        (change_a_byte, "saved_model.pb has been changed"),
        (lambda folder: (folder / "extra.py").write_text("boo"), "extra.py is not named in the manifest"),
        (lambda folder: write_manifest(folder, name="other"), "describes other/1, but stands in cnn/1"),
        (lambda folder: write_manifest(folder, kind=CHARACTER_CLASSIFIER, alphabet="0123456789AB"), "reads letters"),
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


@pytest.fixture
def int8_folder(tiny_int8: Path, tmp_path: Path) -> Path:
    """A copy of the tiny model in both forms that may be damaged."""
    return Path(shutil.copytree(tiny_int8, tmp_path / "cnn" / "1"))


def test_form_in_eight_bits_is_what_runs_on_a_processor(int8_folder):
    model = load_model(int8_folder)

    assert isinstance(model.network, LiteRtNetwork)
    (golden,) = model.golden
    np.testing.assert_array_equal(model.network.logits(golden.canvases), golden.logits)


def test_saved_model_is_what_runs_on_a_gpu(int8_folder):
    model = load_model(int8_folder, device=AS_A_GPU)

    assert isinstance(model.network, SavedModel)
    assert model.golden[0].tolerance < 0.001


def golden_int8_logits(folder: Path) -> np.ndarray:
    with np.load(folder / "golden.npz") as golden:
        return np.array(golden["logits_int8"])


def test_other_processor_may_round_a_map_otherwise(int8_folder):
    change_golden(int8_folder, logits_int8=golden_int8_logits(int8_folder) + np.float32(0.1))

    assert load_model(int8_folder).manifest.name == "cnn"


def forget_golden_int8_logits(folder: Path) -> None:
    with np.load(folder / "golden.npz") as golden:
        np.savez(folder / "golden.npz", canvases=golden["canvases"], logits=golden["logits"])
    write_manifest(folder)


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (
            lambda folder: change_golden(folder, logits_int8=golden_int8_logits(folder) + np.float32(1.0)),
            "golden.npz is not repeated: in a batch of 1 a logit is 1 off, and 0.5 is allowed",
        ),
        (forget_golden_int8_logits, "golden.npz cannot be read: .*logits_int8"),
        (lambda folder: (folder / "int8.tflite").write_bytes(b"no network"), "int8.tflite has been changed"),
        (lambda folder: (folder / "int8.tflite").unlink(), "int8.tflite is missing"),
    ],
)
def test_damaged_form_in_eight_bits_is_refused(int8_folder, damage, told):
    damage(int8_folder)
    with pytest.raises(InvalidModel, match=told):
        load_model(int8_folder)


def test_highest_version_is_the_newest_by_number_not_by_spelling(tmp_path):
    for version in ("cnn/1", "cnn/9", "cnn/10", "dnn/2"):
        (tmp_path / version).mkdir(parents=True)

    assert newest_versions(tmp_path) == [tmp_path / "cnn" / "10", tmp_path / "dnn" / "2"]


def test_version_that_is_no_number_is_refused(tmp_path):
    (tmp_path / "cnn" / "old").mkdir(parents=True)
    with pytest.raises(InvalidModel, match="old is not a version"):
        newest_versions(tmp_path)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        (".", r"holds no model \(<name>/<version>/manifest\.json\)"),
        ("missing", "missing holds no model: there is no such folder"),
        ("file", "file holds no model: it is no folder"),
        ("x" * 300, "cannot be looked into: File name too long"),
    ],
)
def test_folder_without_models_is_refused_with_the_setting_to_mend(tmp_path, name, told):
    (tmp_path / "file").touch()
    with pytest.raises(InvalidModel, match=rf"{told}.*DIGITS_MODELS_DIR"):
        newest_versions(tmp_path / name)


def test_what_is_hidden_or_of_the_file_system_is_no_model(tmp_path):
    for folder in ("cnn/1", "cnn/.2.half", ".cnn/3", "lost+found/what"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "cnn" / "4").touch()
    (tmp_path / "README.md").touch()

    assert newest_versions(tmp_path) == [tmp_path / "cnn" / "1"]


@pytest.fixture
def deny(monkeypatch):
    """Makes a folder one that may not be listed, which whoever runs the tests may be able to do."""

    def deny(folder: Path) -> None:
        def scandir(path: object) -> Iterator[os.DirEntry[str]]:
            if Path(str(path)) == folder:
                raise PermissionError(13, "Permission denied", str(path))
            return listed(path)

        monkeypatch.setattr(os, "scandir", scandir)

    listed = os.scandir
    return deny


@pytest.mark.parametrize("name", [".", "cnn"])
def test_folder_that_may_not_be_looked_into_is_refused_and_named(tmp_path, deny, name):
    for version in ("cnn/1", "dnn/1"):
        (tmp_path / version).mkdir(parents=True)
    deny(tmp_path / name)
    with pytest.raises(InvalidModel) as error:
        newest_versions(tmp_path)
    assert str(error.value).startswith(f"{tmp_path / name} cannot be looked into: Permission denied. Let the user")


def test_folder_in_a_model_that_may_not_be_looked_into_is_refused_and_named(folder, deny):
    deny(folder / "variables")
    with pytest.raises(InvalidModel) as error:
        load_model(folder)
    assert str(error.value).startswith(f"{folder / 'variables'} cannot be read: Permission denied.")


@pytest.mark.parametrize("name", ["manifest.json", "golden.npz"])
def test_file_of_a_model_that_may_not_be_read_is_refused_and_named(folder, monkeypatch, name):
    def open_others(path: Path, *arguments: object, **options: object) -> object:
        if path == folder / name:
            raise PermissionError(13, "Permission denied", str(path))
        return opened(path, *arguments, **options)

    opened = Path.open
    monkeypatch.setattr(Path, "open", open_others)
    with pytest.raises(InvalidModel, match=rf"{name} cannot be read.*Permission denied"):
        load_model(folder)


def test_versions_are_listed_without_tensorflow(tmp_path):
    """By the parent of workers, which hands them the folders."""
    (tmp_path / "cnn" / "1").mkdir(parents=True)
    program = """
import sys
from pathlib import Path
from service.main import newest_versions
print(len(newest_versions(Path(sys.argv[1]))), {"tensorflow", "keras", "ai_edge_litert"} & set(sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", program, tmp_path], cwd=ROOT, capture_output=True, text=True)

    assert done.stdout == "1 set()\n", done.stderr


@pytest.fixture
def cascade_folder(tiny_model: Path, tmp_path: Path) -> Path:
    """A cascade of two copies of the tiny model, `cnn` and `ensemble`."""
    shutil.copytree(tiny_model, tmp_path / "cnn" / "1")
    write_manifest(Path(shutil.copytree(tiny_model, tmp_path / "ensemble" / "1")))
    return make_cascade(tmp_path, sure_from=0.5)


def members_of(cascade_folder: Path) -> list:
    models_dir = cascade_folder.parent.parent
    return [load_model(folder) for folder in newest_versions(models_dir) if not is_cascade(folder)]


def test_cascade_is_loaded_with_its_members(cascade_folder):
    cascade = load_cascade(cascade_folder, members_of(cascade_folder))

    assert cascade.manifest.name == "auto"
    assert (cascade.small.manifest.name, cascade.large.manifest.name) == ("cnn", "ensemble")
    assert cascade.rule.sure_from == 0.5


def newer_version(models_dir: Path) -> None:
    write_manifest(Path(shutil.copytree(models_dir / "cnn" / "1", models_dir / "cnn" / "2")))


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda models_dir: shutil.rmtree(models_dir / "ensemble"), "ensemble/1"),
        (newer_version, "cnn/1"),
        (lambda models_dir: write_manifest(models_dir / "cnn" / "1", temperature=2.0), "cnn/1"),
    ],
    ids=["member is missing", "member has a newer version", "member was exported again"],
)
def test_cascade_whose_members_are_not_there_is_left_out_with_a_warning(cascade_folder, caplog, change, named):
    change(cascade_folder.parent.parent)

    assert load_cascade(cascade_folder, members_of(cascade_folder)) is None
    (record,) = caplog.records
    assert record.fields["measured_with"] == named
    assert "export auto" in record.fields["remedy"]


def test_cascade_of_other_canvases_or_another_alphabet_is_refused(cascade_folder):
    members = members_of(cascade_folder)
    path = cascade_folder / MANIFEST_FILE
    right = path.read_text()
    for field, wrong, told in (
        ("digit-canvas-1", "canvas-0", "asks for preprocessing"),
        ('"0123456789"', '"0123456789?+"', "has the alphabet"),
    ):
        assert field in right
        path.write_text(right.replace(field, wrong))
        with pytest.raises(InvalidModel, match=told):
            load_cascade(cascade_folder, members)


def test_cascade_with_a_file_of_its_own_that_nobody_named_is_refused(cascade_folder):
    (cascade_folder / "extra.py").write_text("boo")
    with pytest.raises(InvalidModel, match=r"extra\.py is not named"):
        load_cascade(cascade_folder, members_of(cascade_folder))


def test_network_is_no_cascade(folder):
    assert not is_cascade(folder)
    with pytest.raises(InvalidModel, match="no cascade's"):
        load_cascade(folder, [])
