"""`python -m trainer evaluate CONFIG`: what is read right, or how sure one may be of it."""

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

HELP = "measure a trained config on what it was not fitted on, or how sure an exported model may be"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """A config and its data; what to measure; where a report goes."""
    add_config_arguments(parser)
    parser.add_argument("--suite", choices=["accuracy", "confidence"], default="accuracy", help="what to measure")
    parser.add_argument(
        "--results", type=Path, default=Path("docs/results"), help="folder of reports (default: docs/results)"
    )
    add_models_argument(parser)


def run(options: argparse.Namespace) -> None:
    """Measure, print, and write down what was found."""
    if options.suite == "confidence":
        _evaluate_confidence(options)
        return
    own = own_commands(options)
    if own:
        config, commands = own
        commands.evaluate(config, required_data_dir(options), options.output, models_dir=options.models)
        return
    from trainer.data.emnist import SHARED_WRITERS
    from trainer.export import measure
    from trainer.runs import write_json

    experiment, data = open_run(options)
    scores = measure(experiment, data, options.data)
    print(*scores, sep="\n")
    if data.mnist.name != "mnist":
        print(SHARED_WRITERS)
    write_json(experiment.folder / "evaluation.json", [score.to_dict() for score in scores])


def _evaluate_confidence(options: argparse.Namespace) -> None:
    from service.recognition.errors import InvalidModel
    from service.recognition.manifest import DIGIT_CLASSIFIER
    from trainer.confidence_report import write_confidence_report
    from trainer.confidence_suite import Judge, run_confidence_suite
    from trainer.data.mnist import load_mnist
    from trainer.finetune.exported import newest_version, read_manifest

    folder = newest_version(options.models, options.config)
    kind = read_manifest(folder).kind
    if kind != DIGIT_CLASSIFIER:
        raise TrainerError(f"{options.config} is a {kind}; the confidence suite measures a {DIGIT_CLASSIFIER}.")
    data_dir = required_data_dir(options)
    mnist = load_mnist(data_dir, allow_random_splits=options.random_splits)
    try:
        judge = Judge.load(folder)
    except InvalidModel as error:
        raise TrainerError(str(error)) from error
    result = run_confidence_suite(judge, mnist, data_dir)
    print(f"Report: {write_confidence_report(result, options.results)}")
