"""`python -m trainer train CONFIG`: from a config to weights."""

import argparse
from pathlib import Path

from trainer.commands.arguments import (
    add_config_arguments,
    add_models_argument,
    open_run,
    own_commands,
    required_data_dir,
)
from trainer.errors import TrainerError

HELP = "train a config, or go on where its training was stopped"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """A config and its data; the folder that a teacher is taken from."""
    add_config_arguments(parser)
    add_models_argument(parser)
    parser.add_argument(
        "--first-weights",
        type=Path,
        metavar="PATH",
        help="of a sequence reader: begin with the layers, where shapes agree, of another run's model.weights.h5 or of "
        "an exported reader, such as models/crnn_peer/2",
    )


def run(options: argparse.Namespace) -> None:
    """Train, and print where the weights are."""
    own = own_commands(options)
    if options.first_weights:
        from trainer.reader import commands as of_readers
        from trainer.reader.config import ReaderConfig

        if not own or not isinstance(own[0], ReaderConfig):
            raise TrainerError(f"{options.config!r} is no sequence reader; only these take --first-weights.")
        data_dir = required_data_dir(options)
        weights = of_readers.train(
            own[0], data_dir, options.output, models_dir=options.models, first_weights=options.first_weights
        )
        print(f"Weights: {weights}")
        return
    if own:
        config, commands = own
        data_dir = required_data_dir(options)
        print(f"Weights: {commands.train(config, data_dir, options.output, models_dir=options.models)}")
        return
    from trainer.train import train

    experiment, data = open_run(options)
    print(f"Weights: {train(experiment.config, data, experiment)}")
