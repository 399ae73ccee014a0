"""`python -m trainer finetune MODEL --images DIR`: an exported model learns a person's own hand."""

import argparse
from pathlib import Path

from trainer.commands.arguments import add_models_argument, positive, required_data_dir
from trainer.errors import TrainerError

HELP = "teach an exported model a person's own hand"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """A model, pictures, and how often to look at them."""
    parser.description = "Adapts a model's newest version to one's own pictures and exports it as the next version."
    parser.add_argument("model", help="name of an exported digit classifier or reader, such as cnn or crnn")
    parser.add_argument(
        "--images",
        type=Path,
        required=True,
        help="folder of the pictures: with labels.csv or, for single digits, with a folder for each digit",
    )
    parser.add_argument("--data", type=Path, help="folder of the training data, for what is rehearsed")
    add_models_argument(parser)
    parser.add_argument("--epochs", type=positive, default=30, help="times each picture is seen (default: 30)")
    parser.add_argument(
        "--all-folds",
        action="store_true",
        help="for readers: hold back each fifth of the pictures in turn, and export nothing",
    )


def run(options: argparse.Namespace) -> None:
    """Adapt, say what it brought, export."""
    from service.recognition.manifest import SEQUENCE_READER
    from trainer.finetune.exported import newest_version, read_manifest

    manifest = read_manifest(newest_version(options.models, options.model))
    if manifest.kind == SEQUENCE_READER:
        folder = _finetune_reader(options)
    elif options.all_folds:
        raise TrainerError(f"--all-folds is for readers of numbers; {options.model} is a {manifest.kind}.")
    else:
        folder = _finetune_digits(options)
    if folder:
        print(f"Model: {folder}\nThe service takes it at its next start. Remove the folder to go back.")


def _finetune_digits(options: argparse.Namespace) -> Path:
    from trainer.finetune.adapt import AdaptOptions
    from trainer.finetune.command import finetune_digits

    return finetune_digits(
        options.model,
        options.images,
        options.data,
        models_dir=options.models,
        options=AdaptOptions(num_epochs=options.epochs),
    )


def _finetune_reader(options: argparse.Namespace) -> Path | None:
    from trainer.reader.finetune import FinetuneOptions
    from trainer.reader.finetune_command import finetune_model

    return finetune_model(
        options.model,
        options.images,
        required_data_dir(options),
        models_dir=options.models,
        all_folds=options.all_folds,
        options=FinetuneOptions(num_epochs=options.epochs),
    )
