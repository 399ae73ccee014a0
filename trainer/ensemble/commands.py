"""What the commands of `python -m trainer` do with an ensemble and with a cascade."""

from pathlib import Path

from trainer.config import Config, load_config
from trainer.data.digits import Digits
from trainer.data.mnist import Mnist, load_mnist
from trainer.ensemble.cascade import export_cascade, load_cascade_pair, measure_cascade
from trainer.ensemble.config import CascadeConfig, EnsembleConfig
from trainer.ensemble.export import EnsembleData, export_ensemble, measure_ensemble
from trainer.ensemble.train import member_runs, train_members
from trainer.errors import TrainerError
from trainer.evaluate import Score, evaluation_sets
from trainer.model_folder import refuse_existing
from trainer.runs import write_json


def train(config: EnsembleConfig | CascadeConfig, data_dir: Path, output_dir: Path, *, models_dir: Path) -> Path:
    """Train the members that are not finished; returns the folder of their runs."""
    if isinstance(config, CascadeConfig):
        raise TrainerError(
            f"{config.name!r} has no weights of its own: it joins the exported {config.small!r} and {config.large!r}. "
            f"Train and export these, then: python -m trainer export {config.name}"
        )
    train_members(config, data_dir, output_dir)
    return output_dir / config.name


def evaluate(
    config: EnsembleConfig | CascadeConfig, data_dir: Path, output_dir: Path, *, models_dir: Path
) -> list[Score]:
    """Measure the ensemble of finished members, or the exported cascade, on digits that nothing was fitted on."""
    if isinstance(config, CascadeConfig):
        pair, thresholds = load_cascade_pair(config, models_dir)
        mnist = load_mnist(data_dir)
        measured = [
            measure_cascade(pair, thresholds, name, digits)
            for name, digits in _unseen_sets(config, mnist, data_dir).items()
        ]
        for one in measured:
            work = pair.work_of(one.share_passed_on)
            print(one.score, f"  passed on {one.num_passed_on}, {work:.3f} times the work of {config.small}", sep="\n")
        scores = [one.score for one in measured]
    else:
        _require_members(config, output_dir)
        scores = measure_ensemble(config, EnsembleData.load(config, data_dir), output_dir)
        print(*scores, sep="\n")
    folder = output_dir / config.name
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / "evaluation.json", [one.to_dict() for one in scores])
    return scores


def export(
    config: EnsembleConfig | CascadeConfig, data_dir: Path, output_dir: Path, *, models_dir: Path, version: int
) -> Path:
    """Calibrate, measure and write the model folder."""
    refuse_existing(models_dir, config.name, version)
    if isinstance(config, CascadeConfig):
        mnist = load_mnist(data_dir)
        sets = _unseen_sets(config, mnist, data_dir)
        return export_cascade(config, mnist, data_dir, sets, models_dir=models_dir, version=version)
    _require_members(config, output_dir)
    return export_ensemble(
        config, EnsembleData.load(config, data_dir), output_dir, models_dir=models_dir, version=version
    )


def _require_members(config: EnsembleConfig, output_dir: Path) -> None:
    """Pass where all members are finished: looking at the data first takes a minute."""
    for run in member_runs(config, output_dir):
        if not run.weights_path.exists():
            raise TrainerError(
                f"{run.weights_path} does not exist. Finish the training first: python -m trainer train {config.name}"
            )


def _unseen_sets(config: CascadeConfig, mnist: Mnist, data_dir: Path) -> dict[str, Digits]:
    """Digits that the small model's config was not fitted on; the large one's members share its data."""
    small = load_config(config.small)
    if not isinstance(small, Config):
        raise TrainerError(f"{config.small!r} is no config of a digit classifier; {config.name!r} needs one.")
    return evaluation_sets(small, mnist, data_dir)
