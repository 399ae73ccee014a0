"""What several commands take, and what they make of it."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from trainer.config import Config, Experiment, config_names, load_config
from trainer.errors import TrainerError

if TYPE_CHECKING:
    from trainer.data.sources import TrainingData
    from trainer.runs import Run


def add_config_arguments(parser: argparse.ArgumentParser) -> None:
    """A config, its data and its run: `config`, `--data`, `--output`, `--random-splits`."""
    parser.add_argument("config", help=f"one of: {', '.join(config_names())}")
    parser.add_argument(
        "--data",
        type=Path,
        help="folder with MNIST's IDX files and QMNIST's labels, in it or in its mnist/ (default: download them)",
    )
    parser.add_argument("--output", type=Path, default=Path("runs"), help="folder of the runs (default: runs)")
    parser.add_argument("--random-splits", action="store_true", help="split by digit where the writers are not known")


def add_models_argument(parser: argparse.ArgumentParser) -> None:
    """The folder of the exported models: `--models`."""
    parser.add_argument("--models", type=Path, default=Path("models"), help="folder of the models (default: models)")


def positive(text: str) -> int:
    """A whole number from 1 on.

    Raises:
        ValueError: it is none; argparse says so to the user.
    """
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


class OwnCommands(Protocol):
    """The commands of configs that are not of one digit classifier: `trainer.reader.commands` is one."""

    def train(self, config: Any, data_dir: Path, output_dir: Path, *, models_dir: Path) -> Path:
        """Train, or go on; returns where the weights are."""

    def evaluate(self, config: Any, data_dir: Path, output_dir: Path, *, models_dir: Path) -> Any:
        """Measure, print, and write down what was found."""

    def export(self, config: Any, data_dir: Path, output_dir: Path, *, models_dir: Path, version: int) -> Path:
        """Write the model folder."""


def own_commands(options: argparse.Namespace) -> tuple[Experiment, OwnCommands] | None:
    """The config that is named with commands of its own: a sequence reader's, an ensemble's, a cascade's, a pupil's.

    Returns:
        None for the config of a digit classifier that learns from labels alone.

    Raises:
        TrainerError: there is no such config, or it cannot do with random splits and is to.
    """
    from trainer.distil.config import DistilledConfig
    from trainer.ensemble.config import CascadeConfig, EnsembleConfig
    from trainer.reader.config import ReaderConfig

    config = load_config(options.config)
    if options.random_splits and not isinstance(config, Config):
        raise TrainerError(
            f"{options.config!r} needs to know who wrote each digit of MNIST; only single digit classifiers take "
            "--random-splits. Leave it out."
        )
    if options.random_splits and isinstance(config, DistilledConfig):
        raise TrainerError(
            f"{options.config!r} learns from a teacher and is compared on the calibration writers, who have to be "
            "known. Leave --random-splits out."
        )
    if isinstance(config, ReaderConfig):
        from trainer.reader import commands as of_readers

        return config, of_readers
    if isinstance(config, EnsembleConfig | CascadeConfig):
        from trainer.ensemble import commands as of_ensembles

        return config, of_ensembles
    if isinstance(config, DistilledConfig):
        from trainer.distil import commands as of_pupils

        return config, of_pupils
    return None


def digit_config(options: argparse.Namespace) -> Config:
    """The config that is named, which is to be that of a digit classifier.

    Raises:
        TrainerError: it is of another kind.
    """
    config = load_config(options.config)
    if not isinstance(config, Config):
        raise TrainerError(f"{options.config!r} is no config of a digit classifier, which is what this is for.")
    return config


def open_run(options: argparse.Namespace) -> "tuple[Run[Config], TrainingData]":
    """The run of a digit classifier, and what it learns from.

    Raises:
        TrainerError: there is no such config, or its data is missing or damaged.
    """
    config = digit_config(options)
    # Imported here, so that a misspelled name is answered before Keras has loaded.
    from trainer.data.sources import load_training_data
    from trainer.runs import Run

    return Run(options.output, config), load_training_data(
        config, options.data, allow_random_splits=options.random_splits
    )


def required_data_dir(options: argparse.Namespace) -> Path:
    """The folder named with `--data`.

    Raises:
        TrainerError: none is named.
    """
    if options.data is None:
        raise TrainerError("This needs files that are not downloaded. Pass their folder with --data.")
    folder: Path = options.data
    return folder
