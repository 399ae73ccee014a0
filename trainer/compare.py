"""Every config side by side: what it reads, how large it is, what it takes to train and to run."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from trainer.compare_speed import images_per_second
from trainer.config import Config, config_names, load_config
from trainer.data.bhmsds import FILE as BHMSDS_FILE
from trainer.data.bhmsds import load_bhmsds
from trainer.data.digits import Digits
from trainer.data.mnist import Mnist
from trainer.data.sources import load_training_data
from trainer.errors import TrainerError
from trainer.evaluate import NUM_CLASSES, Score, read_logits, score
from trainer.machine import describe_machine
from trainer.runs import Run
from trainer.train import train
from trainer.trained import Trained, Training, open_trained

MNIST_TEST = "mnist_test"
BHMSDS = "bhmsds_held_back"


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the comparison.

    Attributes:
        name: of an exported model, or of a config.
        published: accuracies on MNIST's test digits, 0 to 1, that others state for this network; the first one is that
            to be reached.
    """

    name: str
    published: tuple[float, ...] = ()


ENTRIES = (
    Entry("dnn", (0.978,)),
    Entry("mlp", (0.9789,)),
    Entry("lenet5", (0.9894,)),
    Entry("cnn_two", (0.992, 0.985)),
    Entry("cnn_four", (0.9942,)),
    Entry("cnn_four_augmented", (0.9938,)),
    Entry("cnn_five"),
    Entry("cnn"),
    Entry("ensemble", (0.9946,)),  # of three networks
)


@dataclass(frozen=True, slots=True)
class Row:
    """What was measured of one entry.

    Attributes:
        version: of the exported model; None of a run that was not exported.
        mnist: on the 10,000 test digits.
        bhmsds: on the held-back half; None without its file.
        images_per_s: of one core's time, in batches of 256.
    """

    entry: Entry
    version: int | None
    num_parameters: int
    mnist: Score
    bhmsds: Score | None
    images_per_s: float
    training: Training

    @property
    def reaches_published(self) -> bool:
        """Whether the share that is read right is no smaller than the published one."""
        return not self.entry.published or self.mnist.accuracy >= self.entry.published[0]

    def to_dict(self) -> dict[str, Any]:
        """Everything, as JSON can hold it."""
        return {
            "name": self.entry.name,
            "version": self.version,
            "published": list(self.entry.published),
            "num_parameters": self.num_parameters,
            "scores": [one.to_dict() for one in (self.mnist, self.bhmsds) if one is not None],
            "images_per_s": self.images_per_s,
            "training": {**asdict(self.training), "time_s": self.training.time_s},
        }


@dataclass(frozen=True, slots=True)
class Comparison:
    """All rows, and what the speeds were measured on.

    Attributes:
        left_out: names of the entries that are not there to be measured, with the reason.
        date: in UTC, such as 2026-11-21.
    """

    rows: tuple[Row, ...]
    left_out: dict[str, str]
    machine: str
    date: str


def train_missing(
    data_dir: Path | None, *, models_dir: Path, runs_dir: Path, entries: Sequence[Entry] = ENTRIES
) -> None:
    """Train, or go on training, those entries that are classifiers of one network and are not there.

    Raises:
        TrainerError: data is missing, or a run's folder holds another config.
    """
    for entry in entries:
        config = load_config(entry.name) if entry.name in config_names() else None
        if not isinstance(config, Config) or (models_dir / entry.name).is_dir():
            continue
        run = Run(runs_dir, config)
        if not run.weights_path.exists():
            print(f"Training {entry.name} …")
            train(config, load_training_data(config, data_dir), run)


def compare(
    mnist: Mnist,
    data_dir: Path | None,
    *,
    models_dir: Path,
    runs_dir: Path,
    entries: Sequence[Entry] = ENTRIES,
    measure_speed: Callable[[dict[str, Path]], dict[str, float]] = images_per_second,
) -> Comparison:
    """Measure every entry that is exported or trained; what is neither, or damaged, is left out with the reason.

    Raises:
        TrainerError: nothing is there.
    """
    bhmsds = load_bhmsds(data_dir, "held_back") if data_dir is not None and (data_dir / BHMSDS_FILE).exists() else None
    left_out: dict[str, str] = {}
    with ExitStack() as stack:
        found: list[tuple[Entry, Trained]] = []
        for entry in entries:
            try:
                trained = stack.enter_context(open_trained(entry.name, models_dir=models_dir, runs_dir=runs_dir))
            except TrainerError as error:
                left_out[entry.name] = str(error)
                print(f"{entry.name:<20} left out: {error}")
                continue
            found.append((entry, trained))
        if not found:
            raise TrainerError("Nothing is trained that could be compared. Begin with: python -m trainer train dnn")
        scores = [_scores(trained, mnist.test, bhmsds) for _, trained in found]
        print(f"Speed of {len(found)} networks on one core …")
        speeds = measure_speed({trained.name: trained.graph for _, trained in found})
    rows = tuple(
        Row(entry, trained.version, trained.num_parameters, *both, speeds[trained.name], trained.training)
        for (entry, trained), both in zip(found, scores, strict=True)
    )
    return Comparison(rows, left_out, describe_machine(), datetime.now(UTC).date().isoformat())


def _scores(trained: Trained, test: Digits, bhmsds: Digits | None) -> tuple[Score, Score | None]:
    """On MNIST's test digits and, where they are there, on other pens."""
    scores = [
        score(name, read_logits(trained.network, digits)[:, :NUM_CLASSES], digits.labels)
        for name, digits in ((MNIST_TEST, test), (BHMSDS, bhmsds))
        if digits is not None
    ]
    for one in scores:
        print(f"{trained.name:<20} {one}")
    return scores[0], scores[1] if len(scores) > 1 else None
