"""The command line: `python -m trainer train|gate|evaluate|export CONFIG --data DIR`, `finetune MODEL --images DIR`."""

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from trainer.config import config_names, load_config
from trainer.errors import TrainerError

if TYPE_CHECKING:
    from trainer.data.sources import TrainingData
    from trainer.reader.config import ReaderConfig
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
    reader = _reader_config(options)
    if reader:
        from trainer.reader import commands

        print(f"Weights: {commands.train(reader, _data_dir(options), options.output)}")
        return
    from trainer.train import train

    run, data = _open(options)
    print(f"Weights: {train(run.config, data, run)}")


def _gate(options: argparse.Namespace) -> None:
    from trainer.data.mnist import load_mnist
    from trainer.gate import train_gate
    from trainer.runs import Run

    data_dir = _data_dir(options)
    mnist = load_mnist(data_dir, allow_random_splits=options.random_splits)
    print(f"Weights: {train_gate(Run(options.output, load_config(options.config)), mnist, data_dir)}")


def _evaluate(options: argparse.Namespace) -> None:
    if options.suite == "confidence":
        _evaluate_confidence(options)
        return
    reader = _reader_config(options)
    if reader:
        from trainer.reader import commands

        commands.evaluate(reader, _data_dir(options), options.output)
        return
    from trainer.export import measure
    from trainer.runs import write_json

    run, data = _open(options)
    scores = measure(run, data, options.data)
    print(*scores, sep="\n")
    write_json(run.folder / "evaluation.json", [score.to_dict() for score in scores])


def _evaluate_confidence(options: argparse.Namespace) -> None:
    from service.runtime.loading import newest_versions
    from trainer.confidence_report import write_confidence_report
    from trainer.confidence_suite import Judge, run_confidence_suite
    from trainer.data.mnist import load_mnist

    folders = {folder.parent.name: folder for folder in newest_versions(options.models)}
    if options.config not in folders:
        raise TrainerError(f"{options.models} holds no model {options.config!r}. Export it first.")
    data_dir = _data_dir(options)
    mnist = load_mnist(data_dir, allow_random_splits=options.random_splits)
    result = run_confidence_suite(Judge.load(folders[options.config]), mnist, data_dir)
    print(f"Report: {write_confidence_report(result, options.results)}")


def _export(options: argparse.Namespace) -> None:
    reader = _reader_config(options)
    if reader:
        from trainer.reader import commands

        folder = commands.export(
            reader, _data_dir(options), options.output, models_dir=options.models, version=options.version
        )
    else:
        from trainer.export import export

        run, data = _open(options)
        folder = export(run, data, options.data, models_dir=options.models, model_version=options.version)
    print((folder / "card.md").read_text(encoding="utf-8"))
    print(f"Model: {folder}")


def _finetune(options: argparse.Namespace) -> None:
    from trainer.reader.finetune import FinetuneOptions
    from trainer.reader.finetune_command import finetune_model

    folder = finetune_model(
        options.model,
        options.images,
        _data_dir(options),
        models_dir=options.models,
        all_folds=options.all_folds,
        options=FinetuneOptions(num_epochs=options.epochs),
    )
    if folder:
        print(f"Model: {folder}")


_COMMANDS = {"train": _train, "gate": _gate, "evaluate": _evaluate, "export": _export, "finetune": _finetune}


def _reader_config(options: argparse.Namespace) -> "ReaderConfig | None":
    """The config, if it is that of a sequence reader."""
    from trainer.reader.config import ReaderConfig

    config = load_config(options.config)
    return config if isinstance(config, ReaderConfig) else None


def _open(options: argparse.Namespace) -> "tuple[Run, TrainingData]":
    config = load_config(options.config)
    # Imported here, so that a misspelled name is answered before Keras has loaded.
    from trainer.data.sources import load_training_data
    from trainer.runs import Run

    return Run(options.output, config), load_training_data(
        config, options.data, allow_random_splits=options.random_splits
    )


def _data_dir(options: argparse.Namespace) -> Path:
    if options.data is None:
        raise TrainerError("This needs files that are not downloaded. Pass their folder with --data.")
    folder: Path = options.data
    return folder


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m trainer", description="Trains the models of the service.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, summary in (
        ("train", "train a config, or go on where its training was stopped"),
        ("gate", "teach a trained digit classifier to say that something is no digit, or several"),
        ("evaluate", "measure a trained config on what it was not fitted on, or how sure an exported model may be"),
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
        if name == "evaluate":
            command.add_argument(
                "--suite", choices=["accuracy", "confidence"], default="accuracy", help="what to measure"
            )
            command.add_argument(
                "--results", type=Path, default=Path("docs/results"), help="folder of reports (default: docs/results)"
            )
        if name in ("evaluate", "export"):
            command.add_argument(
                "--models", type=Path, default=Path("models"), help="folder of the models (default: models)"
            )
        if name == "export":
            command.add_argument("--version", type=_positive, default=1, help="version of the model (default: 1)")
    finetune = commands.add_parser(
        "finetune",
        help="teach an exported reader a person's own hand",
        description="Adapts the newest version of a reader to one's own pictures and exports it as the next version.",
    )
    finetune.add_argument("model", help="name of the exported reader, such as crnn")
    finetune.add_argument("--images", type=Path, required=True, help="folder with labels.csv and the pictures")
    finetune.add_argument("--data", type=Path, help="folder of the training data, for numbers to rehearse")
    finetune.add_argument("--models", type=Path, default=Path("models"), help="folder of the models (default: models)")
    finetune.add_argument("--epochs", type=_positive, default=30, help="times each picture is seen (default: 30)")
    finetune.add_argument(
        "--all-folds", action="store_true", help="hold back each fifth of the pictures in turn, and export nothing"
    )
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


if __name__ == "__main__":
    sys.exit(main())
