"""`python -m trainer tune CONFIG --method grid|random|tpe --trials N`: better values for the fields of a config."""

import argparse
from pathlib import Path

from trainer.commands.arguments import add_config_arguments, positive
from trainer.config import Config, load_config
from trainer.errors import TrainerError

HELP = "search for better values of a config's fields, on the validation writers"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """A config, its data, and how to search."""
    add_config_arguments(parser)
    parser.add_argument(
        "--method", choices=["grid", "random", "tpe"], default="tpe", help="how values are drawn (default: tpe)"
    )
    parser.add_argument("--trials", type=positive, default=20, help="number of trials in all (default: 20)")
    parser.add_argument("--epochs", type=positive, help="of each trial at most (default: those of the config)")
    parser.add_argument(
        "--pruner", choices=["median", "hyperband", "none"], default="median",
        help="what gives up hopeless trials (default: median)",
    )  # fmt: skip
    parser.add_argument("--report", type=Path, help="folder for the page and the best config (default: the study's)")


def run(options: argparse.Namespace) -> None:
    """Go on with the study until it has so many trials, and write what it found."""
    from trainer.distil.config import DistilledConfig

    config = load_config(options.config)
    if not isinstance(config, Config):
        raise TrainerError(f"{config.name!r} is no digit classifier; only these are searched.")
    if isinstance(config, DistilledConfig):
        raise TrainerError(
            f"{config.name!r} learns from the answers of {config.teacher!r}, which a search does without. Search a "
            "config that learns from labels alone, such as cnn."
        )
    try:
        import optuna  # noqa: F401
    except ImportError as error:
        raise TrainerError("Searching needs Optuna. Install the extra `train`: pip install '.[train]'") from error
    from trainer.data.sources import load_training_data
    from trainer.tune.page import PAGE_FILE, write_findings
    from trainer.tune.space import space_of
    from trainer.tune.study import Search, open_study, run_trials
    from trainer.tune.trial import Objective, searchable

    base = searchable(config, num_epochs=options.epochs)
    search = Search(base, space_of(config), options.method, options.pruner)
    data = load_training_data(base, options.data, allow_random_splits=options.random_splits)
    folder = options.output / f"{config.name}-tune"
    study = open_study(folder, search)
    run_trials(study, search, Objective(base, search.space, data, folder / "trials"), num_trials=options.trials)
    best = write_findings(study, search, config, options.report or folder)
    print(f"Best: trial {study.best_trial.number}, validation loss {study.best_value:.4f}")
    print(f"Config: {best}\nPage: {best.with_name(PAGE_FILE)}")
