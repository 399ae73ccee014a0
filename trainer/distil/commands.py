"""What the commands of `python -m trainer` do with a network that learns from an ensemble."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from service.runtime.saved_model import SavedModel
from trainer.architectures.registry import CANVAS_SHAPE
from trainer.config import Config, load_config
from trainer.data.calibration import WRONG_LABELS
from trainer.data.digits import Digits
from trainer.data.mnist import Mnist
from trainer.data.sources import load_training_data
from trainer.distil.config import DistilledConfig
from trainer.distil.lesson import EnsembleLesson, load_teacher
from trainer.errors import TrainerError
from trainer.evaluate import Score, read_logits
from trainer.export import export as export_run
from trainer.export import measure
from trainer.graphs import exported_graph
from trainer.runs import Run, write_json
from trainer.train import train as train_run


@dataclass(frozen=True, slots=True)
class Duel:
    """Two networks on the same digits, which neither has learned from.

    Attributes:
        num_digits: how many there were.
        num_right: of the student.
        rival_num_right: of the other.
        num_only_right, rival_num_only_right: digits that one of them alone read right.
    """

    num_digits: int
    num_right: int
    rival_num_right: int
    num_only_right: int
    rival_num_only_right: int

    @property
    def is_won(self) -> bool:
        """Whether the student reads more."""
        return self.num_right > self.rival_num_right


def train(config: DistilledConfig, data_dir: Path, output_dir: Path) -> Path:
    """Train, or go on."""
    run = Run(output_dir, config)
    lesson = EnsembleLesson(config, load_teacher(config, run))  # first, since members may be missing
    return train_run(config, load_training_data(config, data_dir), run, lesson=lesson)


def evaluate(config: DistilledConfig, data_dir: Path, output_dir: Path, *, models_dir: Path) -> list[Score]:
    """Measure as any digit classifier, and compare with the network that it would replace."""
    run, data = Run(output_dir, config), load_training_data(config, data_dir)
    scores = measure(run, data, data_dir)
    duel = compare(run, Run(output_dir, _rival(config)), unseen_digits(data.mnist))
    print(
        *scores,
        f"Of the calibration writers' {duel.num_digits} digits {config.name} reads {duel.num_right}, {config.rival} "
        f"{duel.rival_num_right}; {duel.num_only_right} and {duel.rival_num_only_right} of them the other does not. "
        f"The better one is {config.name if duel.is_won else config.rival}.",
        sep="\n",
    )
    write_json(run.folder / "evaluation.json", [score.to_dict() for score in scores])
    return scores


def export(config: DistilledConfig, data_dir: Path, output_dir: Path, *, models_dir: Path, version: int) -> Path:
    """Calibrate, measure and write the model folder, as of any digit classifier."""
    data = load_training_data(config, data_dir)
    return export_run(Run(output_dir, config), data, data_dir, models_dir=models_dir, model_version=version)


def unseen_digits(mnist: Mnist) -> Digits:
    """Clean digits of the calibration writers, from whom no network learns, whatever it is fitted on.

    The validation writers will not do: `cnn`, the ensemble, and by way of it the student have learned from them.
    """
    rows = mnist.splits.calibration
    return mnist.train.take(rows[~np.isin(rows, WRONG_LABELS)])


def compare(run: Run, rival: Run, digits: Digits) -> Duel:
    """Read the same digits with two finished networks."""
    is_right = []
    for one in (run, rival):
        with exported_graph(one) as graph:
            logits = read_logits(SavedModel(graph, input_shape=CANVAS_SHAPE), digits)
        is_right.append(logits.argmax(axis=1) == digits.labels)
    ours, theirs = is_right
    return Duel(
        num_digits=len(digits),
        num_right=int(ours.sum()),
        rival_num_right=int(theirs.sum()),
        num_only_right=int((ours & ~theirs).sum()),
        rival_num_only_right=int((theirs & ~ours).sum()),
    )


def _rival(config: DistilledConfig) -> Config:
    rival = load_config(config.rival)
    if not isinstance(rival, Config):
        raise TrainerError(f"{config.rival!r} is no config of a digit classifier to compare {config.name!r} with.")
    return rival
