"""`python -m trainer compare`: every config side by side, in `docs/results.md`."""

import argparse
from pathlib import Path

from trainer.commands.arguments import add_models_argument
from trainer.errors import TrainerError

HELP = "train what is not trained, measure all configs, and write the comparison into docs/results.md"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Data, runs and models; which of them; the page."""
    parser.add_argument("--data", type=Path, help="folder with MNIST and bhmsds.npz (default: download MNIST)")
    parser.add_argument("--output", type=Path, default=Path("runs"), help="folder of the runs (default: runs)")
    add_models_argument(parser)
    parser.add_argument("--only", nargs="+", metavar="NAME", help="compare these only")
    parser.add_argument("--no-training", action="store_true", help="leave out what is not trained")
    parser.add_argument(
        "--page",
        type=Path,
        default=Path("docs/results.md"),
        help="page with the marks to write between (default: docs/results.md)",
    )
    parser.add_argument(
        "--record",
        type=Path,
        default=Path("docs/results/compare.json"),
        help="the same for programs (default: docs/results/compare.json)",
    )


def run(options: argparse.Namespace) -> None:
    """Train, measure, write."""
    from trainer.compare import ENTRIES, compare, train_missing
    from trainer.compare_page import comparison_text, write_between_marks
    from trainer.data.mnist import load_mnist
    from trainer.runs import write_json

    known = {entry.name: entry for entry in ENTRIES}
    unknown = [name for name in options.only or () if name not in known]
    if unknown:
        raise TrainerError(f"{', '.join(unknown)}: not in the comparison. Choose from: {', '.join(known)}.")
    entries = [known[name] for name in options.only or known]
    # Nothing is chosen here, so it does not matter where the writers of the splits are not known.
    mnist = load_mnist(options.data, allow_random_splits=True)
    if not options.no_training:
        train_missing(options.data, models_dir=options.models, runs_dir=options.output, entries=entries)
    comparison = compare(mnist, options.data, models_dir=options.models, runs_dir=options.output, entries=entries)
    write_between_marks(options.page, comparison_text(comparison))
    options.record.parent.mkdir(parents=True, exist_ok=True)
    record = {
        "date": comparison.date,
        "machine": comparison.machine,
        "left_out": [*comparison.left_out],
        "rows": [row.to_dict() for row in comparison.rows],
    }
    write_json(options.record, record)
    print(comparison_text(comparison))
    print(f"Page: {options.page}")
