"""A search over many trials: kept in a SQLite file, so that it can be stopped at any moment and gone on with.

    runs/lenet5-tune/
    ├── study.db        every trial: values, loss after each epoch, how it ended
    ├── trials/         of the trial that is running, its run folder; empty otherwise
    ├── best.json       the best config, for `python -m trainer train runs/lenet5-tune/best.json`
    ├── trials.csv      all trials as a table
    └── index.html      the page for people

Source: Akiba et al. 2019, "Optuna: A Next-generation Hyperparameter Optimization Framework", arXiv 1907.10902.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import optuna
from optuna.trial import FrozenTrial, TrialState

from trainer.config import Config
from trainer.errors import TrainerError
from trainer.tune.space import Space, Value, grid_points, to_dict, with_values
from trainer.tune.trial import FAILURE, NUM_RIGHT, NUM_SAMPLES, TrialFailed

Method = Literal["grid", "random", "tpe"]
Pruner = Literal["median", "hyperband", "none"]

DATABASE_FILE = "study.db"
_NAME = "search"
_INSTEAD_OF = "instead_of"  # the attribute of a trial that names an interrupted one with the same values
_FIRST_TRIALS = 4  # which are never given up, so that there is something to compare with
_FIRST_EPOCHS = 2  # after which a trial may be given up at the earliest: one epoch alone says little


@dataclass(frozen=True, slots=True)
class Search:
    """What is searched, and how.

    Attributes:
        base: the config whose fields are changed, as it is trained in trials.
        method: `grid` takes the grid points of the space in a shuffled order, `random` draws evenly, `tpe` draws where
            trials were good (Bergstra et al. 2011, "Algorithms for Hyper-Parameter Optimization").
        pruner: `median` gives up what is worse than half of the others at its epoch; `hyperband` (Li et al. 2018,
            arXiv 1603.06560) does so in brackets of different patience.
    """

    base: Config
    space: Space
    method: Method = "tpe"
    pruner: Pruner = "median"

    @property
    def identity(self) -> dict[str, Any]:
        """What must not change between the parts of one study."""
        return {"config": self.base.to_dict(), "space": to_dict(self.space), "method": self.method}


def open_study(folder: Path, search: Search) -> optuna.Study:
    """The study of a folder; a new one where there is none.

    Trials that were interrupted are noted as such, and their values will be tried again first.

    Raises:
        TrainerError: the folder holds a study of something else, or its file cannot be used.
    """
    folder.mkdir(parents=True, exist_ok=True)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    path = folder / DATABASE_FILE
    try:
        storage = optuna.storages.RDBStorage(f"sqlite:///{path.resolve()}")
        study = optuna.create_study(
            storage=storage, study_name=_NAME, load_if_exists=True, pruner=_pruner(search), direction="minimize"
        )
    except Exception as error:  # SQLAlchemy's, of a dozen kinds; all mean that the file is of no use
        raise TrainerError(
            f"{path} cannot be used as the file of a study: {error}. Remove it to begin again, or mend what is said."
        ) from error
    _require_same(study, folder, search)
    # From the number of trials, so that what comes after an interruption is not what came before it once more.
    seed = search.base.seed + len(study.trials)
    study.sampler = (
        optuna.samplers.TPESampler(seed=seed) if search.method == "tpe" else optuna.samplers.RandomSampler(seed=seed)
    )
    _try_interrupted_again(study)
    return study


def run_trials(
    study: optuna.Study, search: Search, objective: Callable[[optuna.Trial], float], *, num_trials: int
) -> None:
    """Go on until the study has so many trials; of a grid, until it is exhausted at most.

    A trial that fails is recorded and counts.

    Raises:
        TrainerError: the study's file cannot be written, or no trial came to an end.
    """
    num_wanted = num_trials - len(ended(study))
    if search.method == "grid":
        num_wanted = min(num_wanted, _enqueue_grid(study, search))
    try:
        if num_wanted > 0:
            study.optimize(objective, n_trials=num_wanted, catch=(TrialFailed,), callbacks=[_tell])
    except optuna.exceptions.StorageInternalError as error:
        raise TrainerError(
            f"The study could not be written: {error.__cause__ or error}. Is the disk full? Run the same command again "
            "when that is mended; no trial that has ended is lost."
        ) from error
    if not _completed(study):
        reasons = [trial.user_attrs.get(FAILURE, "given up") for trial in ended(study)]
        raise TrainerError(
            f"None of {len(reasons)} trials came to an end. The first: {reasons[0] if reasons else '-'}."
        )


def ended(study: optuna.Study) -> list[FrozenTrial]:
    """Trials that were finished, given up, or failed by their own fault, in the order of their numbers."""
    states = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL)
    return [trial for trial in study.get_trials(deepcopy=False, states=states) if not _is_interrupted(trial)]


def best_config(study: optuna.Study, config: Config) -> Config:
    """The config with the values of the best trial, named `<name>_tuned`.

    Args:
        study: with a completed trial.
        config: that was searched, with its own epochs and its own share of the data.
    """
    return replace(with_values(config, study.best_trial.params), name=f"{config.name}_tuned")


def _completed(study: optuna.Study) -> list[FrozenTrial]:
    return study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))


def _require_same(study: optuna.Study, folder: Path, search: Search) -> None:
    now, then = search.identity, study.user_attrs
    changed = [name for name, value in now.items() if name in then and then[name] != value]
    if changed:
        raise TrainerError(
            f"{folder} holds a search of another kind: {', '.join(changed)} changed since. Remove the folder to begin "
            "again, or choose another one with --output."
        )
    for name, value in now.items():
        study.set_user_attr(name, value)


def _is_interrupted(trial: FrozenTrial) -> bool:
    return trial.state is TrialState.RUNNING or (trial.state is TrialState.FAIL and FAILURE not in trial.user_attrs)


def _try_interrupted_again(study: optuna.Study) -> None:
    trials = study.get_trials(deepcopy=False)
    tried_again = {trial.user_attrs.get(_INSTEAD_OF) for trial in trials}
    for trial in trials:
        if not _is_interrupted(trial) or trial.number in tried_again:
            continue
        values = {**trial.system_attrs.get("fixed_params", {}), **trial.params}
        if values:
            study.enqueue_trial(values, user_attrs={_INSTEAD_OF: trial.number})
        if trial.state is TrialState.RUNNING:
            study.tell(trial.number, state=TrialState.FAIL)


def _enqueue_grid(study: optuna.Study, search: Search) -> int:
    """Put what is left of the grid into the queue; the number of trials that wait there."""
    points = grid_points(search.space)
    np.random.default_rng(search.base.seed).shuffle(points)
    for point in points:
        study.enqueue_trial(point, skip_if_exists=True)
    return len(study.get_trials(deepcopy=False, states=(TrialState.WAITING,)))


def _pruner(search: Search) -> optuna.pruners.BasePruner:
    if search.pruner == "median":
        return optuna.pruners.MedianPruner(n_startup_trials=_FIRST_TRIALS, n_warmup_steps=_FIRST_EPOCHS)
    if search.pruner == "hyperband":
        return optuna.pruners.HyperbandPruner(min_resource=_FIRST_EPOCHS, max_resource=search.base.num_epochs)
    return optuna.pruners.NopPruner()


def _tell(study: optuna.Study, trial: FrozenTrial) -> None:
    print(f"Trial {trial.number}: {outcome(trial)} ({', '.join(f'{k} {shown(v)}' for k, v in trial.params.items())})")


def outcome(trial: FrozenTrial) -> str:
    """How a trial ended, in words."""
    if trial.state is TrialState.COMPLETE:
        return f"loss {trial.value:.4f}, {trial.user_attrs[NUM_RIGHT]} of {trial.user_attrs[NUM_SAMPLES]} right"
    if trial.state is TrialState.PRUNED:
        return f"given up after epoch {trial.last_step}"
    return f"failed: {trial.user_attrs.get(FAILURE, 'interrupted')}"


def shown(value: Value) -> str:
    """A value as a person writes it."""
    return f"{value:.4g}" if isinstance(value, float) else str(value)
