"""Members are trained one after another, each in a run of its own, and none twice."""

import pytest

from trainer.ensemble import train as train_module
from trainer.ensemble.train import member_runs, train_members
from trainer.errors import TrainerError

# Keras 3.15 makes arrays of TensorFlow 2.21's variables in a way that NumPy 2 warns about.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def test_lead_has_a_run_of_its_own_and_the_others_share_a_folder(tiny_ensemble, tmp_path):
    folders = [run.folder.relative_to(tmp_path).as_posix() for run in member_runs(tiny_ensemble, tmp_path)]
    assert folders == ["dnn", "ensemble/dnn-1", "ensemble/mlp-2", "ensemble/dnn-3", "ensemble/mlp-4"]


def test_only_what_is_missing_is_trained(tiny_ensemble, finished_runs, data_dir, monkeypatch):
    missing = member_runs(tiny_ensemble, finished_runs)[2]
    kept = missing.weights_path.rename(missing.folder / "kept")
    trained = []

    def train(config, data, run):
        trained.append((config, len(data.fit), run.folder))
        return kept.rename(run.weights_path)

    monkeypatch.setattr(train_module, "train", train)
    weights = train_members(tiny_ensemble, data_dir, finished_runs)

    assert [(config.name, folder) for config, _, folder in trained] == [("mlp-2", missing.folder)]
    assert trained[0][1] > 0
    assert weights == [run.weights_path for run in member_runs(tiny_ensemble, finished_runs)]


def test_run_of_another_config_is_no_member(tiny_ensemble, finished_runs, data_dir):
    path = member_runs(tiny_ensemble, finished_runs)[1].folder / "config.json"
    right = path.read_text()
    path.write_text(right.replace('"seed": 1', '"seed": 11'))
    try:
        with pytest.raises(TrainerError, match="seed changed"):
            train_members(tiny_ensemble, data_dir, finished_runs)
    finally:
        path.write_text(right)
