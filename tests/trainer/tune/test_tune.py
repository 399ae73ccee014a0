"""`python -m trainer tune` on digits that the tests draw, and what `train` makes of its result."""

import csv
import json
from dataclasses import replace

import pytest

from tests.trainer.tiny_emnist import BALANCED, write_emnist, write_mapping
from trainer.__main__ import main
from trainer.config import load_config
from trainer.configs import dnn
from trainer.data.sources import load_training_data
from trainer.errors import TrainerError
from trainer.runs import Run
from trainer.tune import space as space_module
from trainer.tune.space import OneOf
from trainer.tune.study import Search, ended, open_study, run_trials
from trainer.tune.trial import Objective, searchable

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def test_search_writes_a_config_that_train_takes(data_dir, tmp_path, monkeypatch, capsys):
    space = {"schedule.learning_rate": OneOf((1e-3, float("nan"), 1e-2)), "batch_size": OneOf((32,))}
    monkeypatch.setattr(space_module, "DEFAULT_SPACE", space)
    monkeypatch.setattr(dnn, "SPACE", space, raising=False)
    folders = ["--data", str(data_dir), "--output", str(tmp_path)]
    assert main(["tune", "dnn", "--method", "grid", "--trials", "9", "--epochs", "2", *folders]) == 0

    study = tmp_path / "dnn-tune"
    with (study / "trials.csv").open() as table:
        rows = list(csv.DictReader(table))
    assert sorted(row["state"] for row in rows) == ["complete", "complete", "fail"]  # a rate of NaN trains nothing
    assert not list((study / "trials").iterdir())
    page = (study / "index.html").read_text()
    assert "data:image/png;base64," in page
    assert "Only 2 trials were completed" in page

    best = load_config(str(study / "best.json"))
    assert best.num_epochs == dnn.CONFIG.num_epochs
    assert best.schedule.learning_rate in (1e-3, 1e-2)
    (study / "short.json").write_text(json.dumps(replace(best, num_epochs=1, early_stopping_patience=None).to_dict()))
    assert main(["train", str(study / "short.json"), *folders]) == 0
    assert (tmp_path / "dnn_tuned" / "model.weights.h5").exists()
    assert "dnn_tuned" in capsys.readouterr().out


class PowerCut(BaseException):
    """Stands in for a killed process."""


def test_interrupted_trial_goes_on_after_its_last_epoch(data_dir, tmp_path, tiny_config, monkeypatch, capsys):
    base = searchable(tiny_config)
    search = Search(base, {"batch_size": OneOf((32,))}, "random")
    objective = Objective(base, search.space, load_training_data(base, data_dir), tmp_path / "trials")
    commit = Run.commit_checkpoint

    def commit_and_die(*arguments):
        commit(*arguments)
        raise PowerCut

    monkeypatch.setattr(Run, "commit_checkpoint", commit_and_die)
    with pytest.raises(PowerCut):
        run_trials(open_study(tmp_path, search), search, objective, num_trials=1)
    monkeypatch.undo()

    study = open_study(tmp_path, search)
    run_trials(study, search, objective, num_trials=1)
    assert "Going on after epoch 1 of 2" in capsys.readouterr().out
    (trial,) = ended(study)
    assert set(trial.intermediate_values) == {1, 2}  # also the epoch before the interruption is known


def test_search_never_fits_on_the_writers_that_it_chooses_on(tiny_config):
    greedy = replace(tiny_config, fit_on=("train", "validation"))
    assert searchable(greedy).fit_on == ("train",)
    assert searchable(greedy, num_epochs=7).num_epochs == 7


def test_reader_is_not_searched(capsys, tmp_path):
    assert main(["tune", "crnn", "--output", str(tmp_path)]) == 1
    assert "no digit classifier" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "There is no file"),
        ("{", "cannot be read as JSON"),
        ("[]", "holds list"),
        ('{"name": "x"}', "schedule"),
        (json.dumps({**dnn.CONFIG.to_dict(), "num_epoch": 3}), "num_epoch"),
        (json.dumps({**dnn.CONFIG.to_dict(), "schedule": {"kind": "cosine", "learning_rate": 1}}), "cosine"),
    ],
)
def test_file_that_is_no_config_is_refused(tmp_path, text, message):
    path = tmp_path / "best.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(TrainerError, match=message):
        load_config(str(path))


def test_config_from_a_file_equals_the_config(tmp_path):
    for name in ("dnn", "cnn", "lenet5"):
        (tmp_path / "config.json").write_text(json.dumps(load_config(name).to_dict()))
        assert load_config(str(tmp_path / "config.json")) == load_config(name)


def test_pupil_is_not_searched_without_its_teacher(capsys, tmp_path):
    assert main(["tune", "cnn_distilled", "--output", str(tmp_path)]) == 1
    assert "learns from the answers of" in capsys.readouterr().err


def test_characters_are_searched_with_all_their_classes(tmp_path, tiny_config):
    write_mapping(write_emnist(tmp_path / "data", "balanced", num_classes=47), "balanced", BALANCED)
    config = replace(tiny_config, name="emnist_balanced", data=("emnist_balanced",), num_epochs=1)
    base = searchable(config)
    search = Search(base, {"batch_size": OneOf((64,))}, "random")
    objective = Objective(base, search.space, load_training_data(base, tmp_path / "data"), tmp_path / "trials")
    study = open_study(tmp_path, search)
    run_trials(study, search, objective, num_trials=1)
    assert study.best_value > 0
