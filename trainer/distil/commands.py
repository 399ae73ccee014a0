"""What the commands of `python -m trainer` do with a network that learns from an exported one."""

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest

from service.recognition.prediction import NUM_DIGITS
from service.runtime.saved_model import SavedModel
from trainer.architectures.registry import CANVAS_SHAPE
from trainer.augment import augment
from trainer.config import Config
from trainer.data.calibration import WRONG_LABELS
from trainer.data.digits import Digits
from trainer.data.mnist import Mnist
from trainer.data.sources import load_training_data
from trainer.distil.config import DistilledConfig
from trainer.distil.lesson import TeacherLesson
from trainer.distil.teacher import load_teacher, read_record, remember_teacher
from trainer.evaluate import Score, read_logits
from trainer.export import export as export_run
from trainer.export import measure
from trainer.finetune.exported import newest_version
from trainer.graphs import exported_graph
from trainer.model_folder import refuse_existing
from trainer.runs import Run, write_json
from trainer.train import train as train_run

_NUM_FOR_RANGES = 500


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

    @property
    def chance(self) -> float:
        """How often two networks that read equally well differ by as much or more, 0 to 1.

        Source: the exact sign test on the digits that one of them alone reads; McNemar 1947.
        """
        num_apart = self.num_only_right + self.rival_num_only_right
        return float(binomtest(self.num_only_right, num_apart).pvalue) if num_apart else 1.0


def train(config: DistilledConfig, data_dir: Path, output_dir: Path, *, models_dir: Path) -> Path:
    """Train, or go on; the teacher is the newest version in `models_dir`."""
    folder = newest_version(models_dir, config.teacher)  # first, since it may be missing
    run, data = Run(output_dir, config), load_training_data(config, data_dir)
    teacher = load_teacher(folder, _canvases_for_ranges(config, data.fit))
    run.open()
    remember_teacher(run, teacher)
    return train_run(config, data, run, lesson=TeacherLesson(config, teacher.network))


def evaluate(config: DistilledConfig, data_dir: Path, output_dir: Path, *, models_dir: Path) -> list[Score]:
    """Measure as any digit classifier, and compare with the model that it would replace."""
    run, data = Run(output_dir, config), load_training_data(config, data_dir)
    scores = measure(run, data, data_dir)
    duel = compare(run, newest_version(models_dir, config.rival), unseen_digits(data.mnist))
    print(
        *scores,
        f"Of the calibration writers' {duel.num_digits} digits {config.name} reads {duel.num_right}, {config.rival} "
        f"{duel.rival_num_right}; {duel.num_only_right} and {duel.rival_num_only_right} of them the other does not. "
        f"The better one is {config.name if duel.is_won else config.rival}; two that read equally well differ by as "
        f"much or more in {duel.chance:.0%} of such comparisons.",
        sep="\n",
    )
    write_json(run.folder / "evaluation.json", [score.to_dict() for score in scores])
    write_json(run.folder / "duel.json", {**asdict(duel), "chance": duel.chance})
    return scores


def export(config: DistilledConfig, data_dir: Path, output_dir: Path, *, models_dir: Path, version: int) -> Path:
    """Calibrate, measure and write the model folder, as of any digit classifier."""
    run = Run(output_dir, config)
    refuse_existing(models_dir, config.name, version)
    run.require_weights()
    data = load_training_data(config, data_dir)
    remarks = {"teacher": read_record(run)}
    return export_run(run, data, data_dir, models_dir=models_dir, model_version=version, remarks=remarks)


def unseen_digits(mnist: Mnist) -> Digits:
    """Clean digits of the calibration writers, from whom no network learns, whatever it is fitted on.

    The validation writers will not do: `cnn`, the ensemble, and by way of it the student have learned from them.
    """
    rows = mnist.splits.calibration
    return mnist.train.take(rows[~np.isin(rows, WRONG_LABELS)])


def compare(run: Run[Config], rival: Path, digits: Digits) -> Duel:
    """Read the same digits with a finished network and with an exported model, both in float32."""
    with exported_graph(run) as graph:
        ours, theirs = (
            read_logits(SavedModel(folder, input_shape=CANVAS_SHAPE), digits)[:, :NUM_DIGITS].argmax(axis=1)
            == digits.labels
            for folder in (graph, rival)
        )
    return Duel(
        num_digits=len(digits),
        num_right=int(ours.sum()),
        rival_num_right=int(theirs.sum()),
        num_only_right=int((ours & ~theirs).sum()),
        rival_num_only_right=int((theirs & ~ours).sum()),
    )


def _canvases_for_ranges(config: DistilledConfig, digits: Digits) -> NDArray[np.uint8]:
    """Canvases as the teacher will see them, bent, to measure the range of its maps with."""
    rng = np.random.default_rng(config.seed)
    canvases = digits.canvases[rng.permutation(len(digits))[:_NUM_FOR_RANGES]]
    return augment(canvases, config.augmentation, rng) if config.augmentation else canvases
