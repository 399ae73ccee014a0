"""`python -m trainer report MODEL`: a page about one digit classifier, with pictures."""

import argparse
from pathlib import Path

from trainer.commands.arguments import add_models_argument

HELP = "write a page about a digit classifier: curves, confusions, confidence, wrong readings, data"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """A model or config; data, runs and models; where the page goes."""
    parser.add_argument("model", help="name of an exported digit classifier, or of a config that has been trained")
    parser.add_argument(
        "--data", type=Path, help="folder with MNIST's files (default: download MNIST and QMNIST's labels)"
    )
    parser.add_argument("--output", type=Path, default=Path("runs"), help="folder of the runs (default: runs)")
    add_models_argument(parser)
    parser.add_argument("--random-splits", action="store_true", help="split by digit where the writers are not known")
    parser.add_argument(
        "--reports", type=Path, default=Path("docs/reports"), help="folder of the reports (default: docs/reports)"
    )


def run(options: argparse.Namespace) -> None:
    """Measure, draw, and print where the page is."""
    from trainer.data.mnist import load_mnist
    from trainer.report.write import write_report
    from trainer.trained import open_trained

    with open_trained(options.model, models_dir=options.models, runs_dir=options.output) as trained:
        mnist = load_mnist(options.data, allow_random_splits=options.random_splits)
        print(f"Report: {write_report(trained, mnist, options.data, options.reports / options.model)}")
