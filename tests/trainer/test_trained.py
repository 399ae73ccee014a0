"""Models and runs are opened alike, and say what is known of their training."""

import json
import shutil

import numpy as np
import pytest

from tests.project import ROOT
from trainer.errors import TrainerError
from trainer.golden import golden_canvases
from trainer.runs import MACHINES_FILE
from trainer.trained import Training, _find_trainings, find_training, open_trained

# Keras 3.15 makes arrays of TensorFlow 2.21's variables in a way that NumPy 2 warns about.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def test_run_is_opened_with_its_network_its_history_and_its_machine(tiny_run, tmp_path, monkeypatch):
    monkeypatch.setattr("trainer.trained.load_config", lambda _: tiny_run.config)
    with open_trained("dnn", models_dir=tmp_path, runs_dir=tiny_run.folder.parent) as trained:
        assert (trained.title, trained.num_parameters, trained.temperature) == ("dnn, not exported", 109_386, None)
        assert trained.network.logits(golden_canvases()).shape == (25, 10)
        assert [row["epoch"] for row in trained.training.history] == [1, 2]
        assert trained.training.time_s > 0
        assert trained.training.processor_time_s > 0
        assert "cores" in trained.training.machines[0]


def test_exported_model_is_opened_before_a_run_is_looked_for(tmp_path):
    with open_trained("cnn", models_dir=ROOT / "models", runs_dir=tmp_path) as trained:
        assert trained.title.startswith("cnn, version ")
        assert trained.temperature > 0
        assert trained.network.logits(np.zeros((3, 28, 28, 1), np.uint8)).shape == (3, 12)
        assert trained.training == Training()  # no run of its config is here


def test_history_of_another_config_is_not_taken_for_that_of_the_model(tiny_run):
    config = json.loads((tiny_run.folder / "config.json").read_text())
    assert len(find_training(tiny_run.folder, config).history) == 2
    assert find_training(tiny_run.folder, {**config, "seed": 1}) == Training()


def test_run_from_before_times_were_noted_has_none():
    rows = ({"epoch": 1, "loss": 0.5}, {"epoch": 2, "loss": 0.4, "time_s": 3.0, "processor_time_s": 5.0})
    assert Training(rows).time_s is None
    assert Training(rows[1:]).processor_time_s == 5.0
    assert Training().time_s is None


def test_ensemble_was_trained_as_long_as_its_networks():
    one = Training(({"time_s": 1.0},), ("A",))
    other = Training(({"time_s": 2.0}, {"time_s": 4.0}), ("A", "B"))
    assert (Training.join([one, other]).time_s, Training.join([one, other]).machines) == (7.0, ("A", "B"))
    assert Training.join([one, Training()]).time_s is None  # one of them is not known


def test_networks_of_an_ensemble_are_looked_for_where_they_were_trained(tiny_run, tmp_path):
    lead = json.loads((tiny_run.folder / "config.json").read_text())
    other = {**lead, "name": "other", "seed": 1}
    shutil.copytree(tiny_run.folder, tmp_path / "dnn")
    (tmp_path / "team").mkdir()
    shutil.copytree(tiny_run.folder, tmp_path / "team" / "other")
    (tmp_path / "team" / "other" / "config.json").write_text(json.dumps(other))
    config = {"name": "team", "lead": lead, "others": [other, {**other, "name": "missing"}]}
    assert [len(one.history) for one in _find_trainings(tmp_path, config)] == [2, 2, 0]


def test_machine_is_noted_once(tiny_run):
    noted = (tiny_run.folder / MACHINES_FILE).read_text()
    tiny_run.note_machine(json.loads(noted)[0])
    assert (tiny_run.folder / MACHINES_FILE).read_text() == noted


@pytest.mark.parametrize(
    ("name", "models", "message"),
    [
        ("resnet", "nowhere", "There is no model 'resnet'"),
        ("crnn", "nowhere", "not that of one classifier of single digits"),
        ("crnn", "models", "is a sequence_reader"),
        ("emnist_digits", "nowhere", "shares writers and images with MNIST"),
        ("mlp", "nowhere", "Finish the training first: python -m trainer train mlp"),
    ],
)
def test_what_cannot_be_opened_is_said(name, models, message, tmp_path):
    opened = open_trained(name, models_dir=ROOT / models, runs_dir=tmp_path)
    with pytest.raises(TrainerError, match=message), opened:
        pass


def test_damaged_model_is_said_to_be(tmp_path):
    (tmp_path / "cnn" / "1").mkdir(parents=True)
    opened = open_trained("cnn", models_dir=tmp_path, runs_dir=tmp_path)
    with pytest.raises(TrainerError, match="is not a model folder"), opened:
        pass
