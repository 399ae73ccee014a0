"""`python -m trainer recalibrate MODEL`: an exported reader is measured anew, beside the models that there are now."""

import argparse
from pathlib import Path

from trainer.commands.arguments import add_models_argument
from trainer.errors import TrainerError

HELP = "measure an exported reader of numbers anew, beside newer models"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """A reader, and the data that it is measured on."""
    parser.description = (
        "Writes the newest version of a reader as the next one: the same network, calibrated with the newest of the "
        "models that it asks, and with today's preprocessing. No training run is needed."
    )
    parser.add_argument("model", help="name of an exported reader of numbers, such as crnn")
    parser.add_argument("--data", type=Path, required=True, help="folder of the data that it is measured on")
    add_models_argument(parser)


def run(options: argparse.Namespace) -> None:
    """Measure, write, and print the model's card."""
    from service.recognition.manifest import SEQUENCE_READER
    from trainer.finetune.exported import newest_version, read_manifest

    manifest = read_manifest(newest_version(options.models, options.model))
    if manifest.kind != SEQUENCE_READER:
        raise TrainerError(
            f"{options.model} is a {manifest.kind}; this is for readers of numbers. "
            f"python -m trainer export {options.model} calibrates it from its run."
        )
    from trainer.reader.commands import recalibrate

    folder = recalibrate(options.model, options.data, models_dir=options.models)
    print((folder / "card.md").read_text(encoding="utf-8"))
    print(f"Model: {folder}\nThe service takes it at its next start. Remove the folder to go back.")
