"""`python -m trainer export CONFIG`: from weights to a model folder that the service loads."""

import argparse

from trainer.commands.arguments import (
    add_config_arguments,
    add_models_argument,
    digit_config,
    open_run,
    own_commands,
    positive,
    required_data_dir,
)

HELP = "calibrate a trained config and write its model folder"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """A config and its data; the folder and the version that are written."""
    add_config_arguments(parser)
    add_models_argument(parser)
    parser.add_argument("--version", type=positive, default=1, help="version of the model (default: 1)")


def run(options: argparse.Namespace) -> None:
    """Export, and print the model's card."""
    own = own_commands(options)
    config = own[0] if own else digit_config(options)
    from trainer.export import export
    from trainer.model_folder import refuse_existing

    refuse_existing(options.models, config.name, options.version)  # first: to calibrate takes minutes to half an hour
    if own:
        config, commands = own
        folder = commands.export(
            config, required_data_dir(options), options.output, models_dir=options.models, version=options.version
        )
    else:
        from trainer.runs import Run

        Run(options.output, config).require_weights()
        experiment, data = open_run(options)
        folder = export(experiment, data, options.data, models_dir=options.models, model_version=options.version)
    print((folder / "card.md").read_text(encoding="utf-8"))
    print(f"Model: {folder}")
