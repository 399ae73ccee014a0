"""The command line: `python -m trainer train|evaluate|export CONFIG --data DIR`."""

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from trainer.config import config_names, load_config
from trainer.errors import TrainerError

if TYPE_CHECKING:
    from trainer.data.sources import TrainingData
    from trainer.runs import Run


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the exit code is 1 where the user can mend what went wrong."""
    options = _parser().parse_args(arguments)
    # Read by TensorFlow when it is imported; whoever wants to see more has set it already.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    # Line by line also into a file, so that a log of a long training can be followed.
    sys.stdout.reconfigure(line_buffering=True)
    try:
        _COMMANDS[options.command](options)
    except TrainerError as error:
        print(f"trainer: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("trainer: stopped. Run the same command again to go on after the last finished epoch.", file=sys.stderr)
        return 130
    return 0


def _train(options: argparse.Namespace) -> None:
    from trainer.train import train

    run, data = _open(options)
    print(f"Weights: {train(run.config, data, run)}")


def _evaluate(options: argparse.Namespace) -> None:
    from trainer.export import measure
    from trainer.runs import write_json

    run, data = _open(options)
    scores = measure(run, data, options.data)
    print(*scores, sep="\n")
    write_json(run.folder / "evaluation.json", [score.to_dict() for score in scores])


def _export(options: argparse.Namespace) -> None:
    from trainer.export import export

    run, data = _open(options)
    folder = export(run, data, options.data, models_dir=options.models, model_version=options.version)
    print((folder / "card.md").read_text(encoding="utf-8"))
    print(f"Model: {folder}")


_COMMANDS = {"train": _train, "evaluate": _evaluate, "export": _export}


def _open(options: argparse.Namespace) -> "tuple[Run, TrainingData]":
    config = load_config(options.config)
    # Imported here, so that a misspelled name is answered before Keras has loaded.
    from trainer.data.sources import load_training_data
    from trainer.runs import Run

    return Run(options.output, config), load_training_data(
        config, options.data, allow_random_splits=options.random_splits
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m trainer", description="Trains the models of the service.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, summary in (
        ("train", "train a config, or go on where its training was stopped"),
        ("evaluate", "measure a trained config on digits that it was not fitted on"),
        ("export", "calibrate a trained config and write its model folder"),
    ):
        command = commands.add_parser(name, help=summary, description=summary)
        command.add_argument("config", help=f"one of: {', '.join(config_names())}")
        command.add_argument(
            "--data", type=Path, help="folder with MNIST's IDX files, in it or in its mnist/ (default: download MNIST)"
        )
        command.add_argument("--output", type=Path, default=Path("runs"), help="folder of the runs (default: runs)")
        command.add_argument(
            "--random-splits", action="store_true", help="split by digit where the writers are not known"
        )
        if name == "export":
            command.add_argument(
                "--models", type=Path, default=Path("models"), help="folder of the models (default: models)"
            )
            command.add_argument("--version", type=_positive, default=1, help="version of the model (default: 1)")
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


if __name__ == "__main__":
    sys.exit(main())
