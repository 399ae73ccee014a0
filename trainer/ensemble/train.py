"""Training of an ensemble: each member by itself, in a run of its own."""

from pathlib import Path

from trainer.config import Config
from trainer.data.sources import load_training_data
from trainer.ensemble.config import EnsembleConfig
from trainer.runs import Run
from trainer.train import train


def member_runs(config: EnsembleConfig, output_dir: Path) -> tuple[Run[Config], ...]:
    """The runs of all members, the lead's first.

    The lead is a model of its own, in `output_dir/<its name>`; the others stand in `output_dir/<name>/<member>`.
    """
    return (Run(output_dir, config.lead), *(Run(output_dir / config.name, member) for member in config.others))


def train_members(
    config: EnsembleConfig, data_dir: Path | None, output_dir: Path, *, allow_random_splits: bool | None = None
) -> list[Path]:
    """Train the members that are not finished, one after another, or go on where that was stopped.

    Returns:
        The files with the members' weights, the lead's first.

    Raises:
        TrainerError: data is missing or damaged, or a folder holds a run of another config.
    """
    weights = []
    for run in member_runs(config, output_dir):
        if run.weights_path.exists():
            weights.append(run.require_weights())
            print(f"{run.folder} is finished.")
            continue
        print(f"Training member {run.config.name}.")
        data = load_training_data(run.config, data_dir, allow_random_splits=allow_random_splits)
        weights.append(train(run.config, data, run))
    return weights
