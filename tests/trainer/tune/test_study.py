"""Searches: drawn, given up, failed, interrupted, gone on with. Trials here take no time: their loss is a formula."""

from dataclasses import replace

import optuna
import pytest

from trainer.configs import dnn
from trainer.errors import TrainerError
from trainer.tune.page import write_findings
from trainer.tune.space import OneOf, Range
from trainer.tune.study import Search, best_config, ended, open_study, run_trials
from trainer.tune.trial import FAILURE, NUM_RIGHT, NUM_SAMPLES, TrialFailed

SPACE = {"batch_size": OneOf((32, 64)), "schedule.learning_rate": Range(1e-4, 1e-2, is_log=True)}


def loss_of(values):
    return abs(values["schedule.learning_rate"] - 1e-3) + (0.01 if values["batch_size"] == 32 else 0.0)


def objective(trial):
    values = {
        "batch_size": trial.suggest_categorical("batch_size", (32, 64)),
        "schedule.learning_rate": trial.suggest_float("schedule.learning_rate", 1e-4, 1e-2, log=True),
    }
    trial.set_user_attr(NUM_RIGHT, 90)
    trial.set_user_attr(NUM_SAMPLES, 100)
    return loss_of(values)


def drawn(study):
    return [tuple(trial.params.values()) for trial in ended(study)]


@pytest.fixture
def search():
    return Search(dnn.CONFIG, SPACE, "random")


@pytest.mark.parametrize("method", ["random", "tpe"])
def test_study_goes_on_until_it_has_so_many_trials(tmp_path, search, method):
    search = replace(search, method=method)
    run_trials(open_study(tmp_path, search), search, objective, num_trials=3)
    study = open_study(tmp_path, search)
    run_trials(study, search, objective, num_trials=5)
    assert len(ended(study)) == 5
    # What is drawn after a break is not what was drawn before it.
    assert len(set(drawn(study))) == 5
    run_trials(study, search, objective, num_trials=5)
    assert len(ended(study)) == 5


def test_grid_is_tried_once_and_finds_its_best_point(tmp_path, search):
    search = replace(search, method="grid")
    run_trials(open_study(tmp_path, search), search, objective, num_trials=4)
    study = open_study(tmp_path, search)
    run_trials(study, search, objective, num_trials=100)
    assert len(ended(study)) == len(set(drawn(study))) == 6
    best = best_config(study, dnn.CONFIG)
    assert best.batch_size == 64
    assert best.schedule.learning_rate == pytest.approx(1e-3)
    assert best.name == "dnn_tuned"


def test_failed_trial_is_recorded_and_the_search_goes_on(tmp_path, search):
    def fails_once(trial):
        loss = objective(trial)
        if trial.number == 1:
            trial.set_user_attr(FAILURE, "ArithmeticError: it fell apart")
            raise TrialFailed
        return loss

    study = open_study(tmp_path, search)
    run_trials(study, search, fails_once, num_trials=4)
    assert [trial.state.name for trial in ended(study)] == ["COMPLETE", "FAIL", "COMPLETE", "COMPLETE"]
    page = write_findings(study, search, dnn.CONFIG, tmp_path / "report").with_name("index.html").read_text()
    assert "it fell apart" in page


def test_search_without_a_result_says_why(tmp_path, search):
    def fails(trial):
        trial.set_user_attr(FAILURE, "ArithmeticError: it fell apart")
        raise TrialFailed

    with pytest.raises(TrainerError, match=r"None of 2 trials .* it fell apart"):
        run_trials(open_study(tmp_path, search), search, fails, num_trials=2)


class PowerCut(BaseException):
    """Stands in for a killed process."""


def test_interrupted_trial_is_tried_again_and_does_not_count(tmp_path, search):
    def dies(trial):
        objective(trial)
        raise PowerCut

    with pytest.raises(PowerCut):
        run_trials(open_study(tmp_path, search), search, dies, num_trials=3)

    study = open_study(tmp_path, search)
    open_study(tmp_path, search)  # opened twice, it is still tried again once
    run_trials(study, search, objective, num_trials=3)
    lost = next(trial for trial in study.trials if trial not in ended(study))
    assert len(ended(study)) == 3
    assert ended(study)[0].params == lost.params
    assert len(study.trials) == 4


def test_hopeless_trial_is_given_up(tmp_path, search):
    def reports(trial):
        loss = objective(trial) + (1.0 if trial.number == 6 else 0.0)
        for epoch in range(1, 5):
            trial.report(loss, step=epoch)
            if trial.should_prune():
                raise optuna.TrialPruned
        return loss

    study = open_study(tmp_path, search)
    run_trials(study, search, reports, num_trials=7)
    given_up = ended(study)[6]
    assert given_up.state is optuna.trial.TrialState.PRUNED
    assert given_up.last_step == 2  # one epoch alone says little


def test_another_search_does_not_go_on_with_the_study(tmp_path, search):
    open_study(tmp_path, search)
    with pytest.raises(TrainerError, match="method changed"):
        open_study(tmp_path, replace(search, method="tpe"))
    with pytest.raises(TrainerError, match="config changed"):
        open_study(tmp_path, replace(search, base=replace(dnn.CONFIG, seed=1)))


def test_file_that_is_no_study_is_refused(tmp_path, search):
    (tmp_path / "study.db").write_bytes(b"not a database" * 100)
    with pytest.raises(TrainerError, match="cannot be used as the file of a study"):
        open_study(tmp_path, search)
