"""The whole way of `finetune` for single digits, with a tiny network: from pictures to a served version."""

import json
import shutil

import keras
import numpy as np
import pytest

from service.runtime.loading import load_model, newest_versions
from tests.trainer.finetune.own_folders import folder_per_digit, with_table
from trainer import digit_model
from trainer.__main__ import main
from trainer.data.sources import load_training_data
from trainer.export import export
from trainer.finetune.adapt import AdaptOptions
from trainer.finetune.command import finetune_digits

# Keras 3.15 makes arrays of TensorFlow 2.21's variables in a way that NumPy 2 warns about.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture(scope="module")
def exported_models(tiny_run, data_dir, tmp_path_factory):
    """A models folder with version 1 of `dnn`."""
    models = tmp_path_factory.mktemp("models")
    data = load_training_data(tiny_run.config, data_dir)
    export(tiny_run, data, data_dir, models_dir=models, model_version=1)
    return models


@pytest.fixture
def models(exported_models, tmp_path):
    """A copy of it."""
    return shutil.copytree(exported_models, tmp_path / "models")


@pytest.fixture
def finetune(models, data_dir):
    """Runs the command; gives its exit code."""

    def run(images, *options, model="dnn"):
        arguments = ["--data", str(data_dir), "--models", str(models), "--epochs", "2", *options]
        return main(["finetune", model, "--images", str(images), *arguments])

    return run


def test_own_digits_become_a_new_version_that_the_service_picks_up(finetune, models, tmp_path, capsys):
    assert finetune(folder_per_digit(tmp_path / "own")) == 0
    printed = capsys.readouterr().out
    assert "50 pictures: 40 to learn from, 10 held back by picture." in printed
    for heading in ("own pictures, held back:", "MNIST's validation writers, not rehearsed:", "MNIST's test digits:"):
        assert heading in printed
    assert printed.count("  before  ") == printed.count("  after   ") == 3
    assert "Remove the folder to go back" in printed

    (newest,) = newest_versions(models)
    assert newest == models / "dnn" / "2"
    manifest = load_model(newest).manifest
    assert {metric.dataset for metric in manifest.metrics} >= {"mnist_test", "own_pictures_held_back"}
    assert manifest.calibration.rows
    record = manifest.provenance
    assert record["data"][-1] == {"name": "own pictures", "licence": "the user's own", "num_digits": 40}
    assert record["finetuning"]["from_version"] == 1
    assert record["finetuning"]["num_held_back"] == 10


def test_a_version_that_was_taught_can_be_taught_again(finetune, models, tmp_path):
    own = folder_per_digit(tmp_path / "own")
    assert finetune(own) == 0
    assert finetune(own) == 0
    assert newest_versions(models) == [models / "dnn" / "3"]


def test_writers_of_a_table_are_held_back_whole(finetune, tmp_path, capsys):
    rows = [f"{digit}-{seed}.png,{digit},writer {seed}\n" for digit in range(10) for seed in range(3)]
    assert finetune(with_table(tmp_path / "own", "file,label,writer\n" + "".join(rows))) == 0
    assert "30 pictures: 20 to learn from, 10 held back by writer." in capsys.readouterr().out


def test_a_picture_of_each_digit_is_refused_before_anything_is_learned(finetune, models, tmp_path, capsys):
    assert finetune(folder_per_digit(tmp_path / "own", num_each=1)) == 1
    assert "None of the 10 pictures can be held back" in capsys.readouterr().err
    assert [path.name for path in (models / "dnn").iterdir()] == ["1"]


def test_too_few_pictures_are_refused_before_the_data_is_read(finetune, tmp_path, capsys):
    images = folder_per_digit(tmp_path / "own", "38", num_each=5)
    assert finetune(images, "--data", "no/such/folder") == 1
    assert "8 pictures to learn from" in capsys.readouterr().err


def test_two_writers_of_as_many_pictures_are_told_apart_from_whole_writers(finetune, tmp_path, capsys):
    rows = [f"{digit}-{seed}.png,{digit},writer {seed}\n" for digit in range(10) for seed in range(2)]
    images = with_table(tmp_path / "own", "file,label,writer\n" + "".join(rows))
    assert finetune(images, "--data", "no/such/folder") == 1
    assert "10 held back by picture.\nNo writer made at most 35% of them" in capsys.readouterr().out


def test_the_seed_fixes_the_weights(models, data_dir, tmp_path):
    images = folder_per_digit(tmp_path / "own", "0123", num_each=5)
    options = AdaptOptions(num_epochs=1)
    golden = []
    for number in range(2):
        keras.utils.set_random_seed(100 + number)
        copy = shutil.copytree(models, tmp_path / f"models {number}")
        folder = finetune_digits("dnn", images, data_dir, models_dir=copy, options=options)
        with np.load(folder / "golden.npz") as kept:
            golden.append(kept["logits"])
    np.testing.assert_allclose(golden[0], golden[1], atol=1e-5)


def test_a_disk_that_fills_up_half_way_leaves_no_version(finetune, models, tmp_path, monkeypatch, capsys):
    def full_disk(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(digit_model, "digit_card", full_disk)
    assert finetune(folder_per_digit(tmp_path / "own")) == 1
    assert "the disk is full" in capsys.readouterr().err
    assert [path.name for path in (models / "dnn").iterdir()] == ["1"]
    assert load_model(newest_versions(models)[0]).manifest.version == 1


@pytest.mark.parametrize(
    ("model", "options", "complaint"),
    [
        ("resnet", [], "holds no model 'resnet', but dnn"),
        ("dnn", ["--all-folds"], "--all-folds is for readers"),
        ("dnn", ["--models", "no/such/folder"], "holds no model"),
    ],
)
def test_mistakes_are_answered_with_a_sentence(finetune, tmp_path, capsys, model, options, complaint):
    assert finetune(tmp_path, *options, model=model) == 1
    assert complaint in capsys.readouterr().err


def test_a_model_that_is_not_one_network_is_not_taught(finetune, models, tmp_path, capsys):
    path = models / "dnn" / "1" / "manifest.json"
    record = json.loads(path.read_text())
    record["provenance"]["config"]["name"] = "crnn"
    path.write_text(json.dumps(record))
    assert finetune(folder_per_digit(tmp_path / "own")) == 1
    assert "which is no single network" in capsys.readouterr().err
