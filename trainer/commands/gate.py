"""`python -m trainer gate CONFIG`: a digit network learns that something is no digit, or several."""

import argparse

from trainer.commands.arguments import add_config_arguments, digit_config, required_data_dir
from trainer.errors import TrainerError

HELP = "teach a trained digit classifier to say that something is no digit, or several"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """A config and its data; whether to begin anew."""
    add_config_arguments(parser)
    parser.add_argument("--go-on", action="store_true", help="start from the gate that the run has")


def run(options: argparse.Namespace) -> None:
    """Train the gate, and print where its weights are."""
    from trainer.data.mnist import load_mnist
    from trainer.gate import FRESH, GOING_ON, train_gate
    from trainer.runs import Run

    config = digit_config(options)
    if config.emnist:
        raise TrainerError(
            f"A gate stands on one network for MNIST's digits; {config.name!r} makes none. Choose a config that does, "
            "such as cnn."
        )
    data_dir = required_data_dir(options)
    mnist = load_mnist(data_dir, allow_random_splits=options.random_splits)
    settings = GOING_ON if options.go_on else FRESH
    print(f"Weights: {train_gate(Run(options.output, config), mnist, data_dir, settings=settings)}")
