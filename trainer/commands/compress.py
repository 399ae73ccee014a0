"""`python -m trainer compress MODEL`: smaller forms of a trained digit classifier, for other runtimes."""

import argparse
import importlib.util
import shutil
from pathlib import Path

from trainer.commands.arguments import add_models_argument, positive
from trainer.errors import TrainerError

HELP = "write a digit classifier for LiteRT and ONNX, in int8 and pruned, and measure each form"
_LIBRARIES = ("ai_edge_litert", "onnx", "onnxruntime")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """A model, data, and how far to prune."""
    parser.add_argument("model", help="an exported digit classifier, such as cnn, or a config with a finished run")
    parser.add_argument(
        "--data",
        type=Path,
        help="folder of the data that it was trained on (default: download MNIST and QMNIST's labels)",
    )
    add_models_argument(parser)
    parser.add_argument("--runs", type=Path, default=Path("runs"), help="folder of the runs (default: runs)")
    parser.add_argument("--output", type=Path, help="folder to write (default: runs/MODEL/compressed)")
    parser.add_argument("--report", type=Path, help="folder for a copy of the table")
    parser.add_argument("--sparsity", type=_share, default=0.7, help="share of zeros; 0 does not prune (default: 0.7)")
    parser.add_argument("--steps", type=positive, default=200, help="to recover from pruning in (default: 200)")
    parser.add_argument("--random-splits", action="store_true", help="split by digit where the writers are not known")


def run(options: argparse.Namespace) -> None:
    """Write everything, and print the table."""
    missing = [name for name in _LIBRARIES if importlib.util.find_spec(name) is None]
    if missing:
        raise TrainerError(f"{', '.join(missing)} is not installed. Install the extra: pip install '.[train,compress]'")
    from trainer.compress.prune import PruneOptions
    from trainer.compress.table import PAGE_FILE, RECORD_FILE
    from trainer.compress.write import compress, load_materials
    from trainer.trained import open_trained

    folder = options.output or options.runs / options.model / "compressed"
    pruning = PruneOptions(sparsity=options.sparsity, num_steps=options.steps) if options.sparsity else None
    with open_trained(options.model, models_dir=options.models, runs_dir=options.runs) as trained:
        materials = load_materials(
            trained, options.data, allow_random_splits=options.random_splits, with_lessons=pruning is not None
        )
        compress(trained, materials, folder, pruning)
    print((folder / PAGE_FILE).read_text(encoding="utf-8"))
    if options.report:
        options.report.mkdir(parents=True, exist_ok=True)
        for name in (PAGE_FILE, RECORD_FILE):
            shutil.copyfile(folder / name, options.report / name)
    print(f"Files: {folder}")


def _share(text: str) -> float:
    number = float(text)
    if not 0 <= number < 1:
        raise ValueError(text)
    return number
