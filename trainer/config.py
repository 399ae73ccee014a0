"""What an experiment is made of.

A config is a frozen record; `trainer/configs/<name>.py` holds one as `CONFIG`. What is written there is all
that decides a run: it is stored beside the weights, compared on resume and copied into the manifest.
"""

import importlib
import pkgutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from service.recognition.alphabet import DIGITS
from trainer import configs
from trainer.errors import TrainerError

EmnistSource = Literal["emnist_digits", "emnist_balanced"]
Benchmark = Literal["mnist"] | EmnistSource  # what a digit classifier is calibrated and measured on
DataSource = Benchmark | Literal["bhmsds", "printed"]
# Letters whose small and large forms look alike are one class, named by the large one.
EMNIST_ALPHABETS: dict[EmnistSource, str] = {
    "emnist_digits": DIGITS,
    "emnist_balanced": DIGITS + "ABCDEFGHIJKLMNOPQRSTUVWXYZ" + "abdefghnqrt",
}
Split = Literal["train", "validation"]


class Experiment(Protocol):
    """What every config has, whatever it trains."""

    @property
    def name(self) -> str:
        """Of the config, the run folder and the exported model."""
        ...

    def to_dict(self) -> dict[str, Any]:
        """The record as JSON can hold it."""
        ...


@dataclass(frozen=True, slots=True)
class Augmentation:
    """How far training canvases are bent; see `trainer/augment.py` for what each field does.

    Attributes:
        rotation_deg: largest turn to either side.
        zoom: largest relative change of size, up or down.
        shift: largest move, as a share of the canvas. Served canvases are always centered by their center of
            mass, so what is left to learn is the small error of that centering, not where the digit stands.
        shear: largest slant, as pixels sideways per pixel of height.
        elastic_chance: share of canvases that are bent elastically.
        elastic_px: typical displacement of the elastic field.
        thickness_chance: share of canvases whose strokes are made thicker or thinner.
        bold_chance: share of canvases with strokes two to four pixels thicker, as felt pens and bold print have.
        stretch_chance: share of canvases whose digit is stretched towards a square box, as some scanners do.
        narrow_chance: share of canvases whose digit is made narrower, as in narrow cells.
        resolution_chance: share of canvases passed through a blur or a lower resolution.
        contrast_chance: share of canvases with harder or softer edges, fainter ink and noise.
        calm_epochs: at the end of every cycle of the schedule, number of epochs at half strength, nearer to what is
            served.
    """

    rotation_deg: float = 0.0
    zoom: float = 0.0
    shift: float = 0.0
    shear: float = 0.0
    elastic_chance: float = 0.0
    elastic_px: float = 1.2
    thickness_chance: float = 0.0
    bold_chance: float = 0.0
    stretch_chance: float = 0.0
    narrow_chance: float = 0.0
    resolution_chance: float = 0.0
    contrast_chance: float = 0.0
    calm_epochs: int = 0


@dataclass(frozen=True, slots=True)
class Schedule:
    """How the learning rate runs.

    Attributes:
        kind: `constant`; `exponential` (times `decay` after every epoch); `on_plateau` (times `decay` whenever
            the validation loss has not improved for `patience` epochs); `one_cycle` (up in a line over
            `warmup_share` of the steps, down to zero along a cosine); `two_cycles` (the same twice, each over half of
            the epochs, the second from the weights of the first).
        learning_rate: the first one, or the peak of a cycle.
    """

    kind: Literal["constant", "exponential", "on_plateau", "one_cycle", "two_cycles"]
    learning_rate: float
    decay: float = 1.0
    patience: int = 0
    warmup_share: float = 0.0

    @property
    def num_cycles(self) -> int:
        """How often the rate runs its way."""
        return 2 if self.kind == "two_cycles" else 1


@dataclass(frozen=True, slots=True)
class Config:
    """One experiment with a single-digit classifier.

    Attributes:
        name: of the config, the run folder and the exported model.
        architecture: a key of `trainer.architectures.registry.BUILDERS`.
        data: sources to train on; MNIST's validation, calibration and test digits are never among them
            unless `fit_on` says so. EMNIST stands in MNIST's place, never beside it: they share writers and images.
        fit_on: splits of MNIST, or of EMNIST, to fit on. With `("train",)` every epoch is measured on the validation
            writers; with `("train", "validation")` nothing is measured, and nothing may be chosen.
        early_stopping_patience: epochs without a better validation loss before stopping; None never stops.
            Where validation is measured, the weights of the best epoch are kept, else those of the last.
        ema_momentum: of an average over the weights, which is kept after the last epoch in place of any one epoch's
            weights; None for no average.
        weight_decay: AdamW's; 0 is plain Adam.
        precision: Keras' dtype policy in training. Exported graphs are float32 all the same.
    """

    name: str
    architecture: str
    schedule: Schedule
    num_epochs: int
    batch_size: int = 128
    data: tuple[DataSource, ...] = ("mnist",)
    fit_on: tuple[Split, ...] = ("train",)
    augmentation: Augmentation | None = None
    early_stopping_patience: int | None = None
    ema_momentum: float | None = None
    weight_decay: float = 0.0
    precision: Literal["float32", "mixed_bfloat16", "mixed_float16"] = "float32"
    seed: int = 20240229

    def __post_init__(self) -> None:
        if len({"mnist", *EMNIST_ALPHABETS} & {*self.data}) > 1:
            raise ValueError(
                f"Config {self.name!r} learns from {', '.join(self.data)}: MNIST and the parts of EMNIST share writers "
                "and images. Choose one of them."
            )
        if self.num_epochs % self.schedule.num_cycles:
            raise ValueError(
                f"Config {self.name!r} trains for {self.num_epochs} epochs, which {self.schedule.num_cycles} cycles of "
                "one length do not fill."
            )
        if self.ema_momentum and self.early_stopping_patience:
            # Between epochs only the single weights are measured, and they do not tell when the average is best.
            raise ValueError(f"Config {self.name!r} keeps an average of its weights, so it cannot stop early.")
        if "validation" in self.fit_on and (self.early_stopping_patience or self.schedule.kind == "on_plateau"):
            raise ValueError(
                f"Config {self.name!r} fits on the validation writers, so nothing may be chosen on them: "
                "early stopping and the schedule on_plateau need fit_on=('train',)."
            )

    @property
    def emnist(self) -> EmnistSource | None:
        """The part of EMNIST that it learns from, if it does."""
        return next((source for source in EMNIST_ALPHABETS if source in self.data), None)

    @property
    def alphabet(self) -> str:
        """Characters in the order of the network's classes."""
        return DIGITS if self.emnist is None else EMNIST_ALPHABETS[self.emnist]

    @property
    def epochs_per_cycle(self) -> int:
        """Epochs in which the schedule runs its way once."""
        return self.num_epochs // self.schedule.num_cycles

    @property
    def measures_validation(self) -> bool:
        """Whether the validation writers are kept out of the fit and measured after every epoch."""
        return "validation" not in self.fit_on

    def to_dict(self) -> dict[str, Any]:
        """The record as JSON can hold it, tuples as lists."""
        return {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()}


def config_names() -> list[str]:
    """Names of all experiments, in alphabetical order."""
    return sorted(module.name for module in pkgutil.iter_modules(configs.__path__))


def load_config(name: str) -> Experiment:
    """The experiment of this name, or that of a JSON file.

    Raises:
        TrainerError: there is none; the message lists those there are.
    """
    if name.endswith(".json"):
        from trainer.config_file import read_config  # here, because it reads what is defined above

        return read_config(Path(name))
    if name not in config_names():
        raise TrainerError(f"There is no config {name!r}. Choose one of: {', '.join(config_names())}.")
    config: Experiment = importlib.import_module(f"trainer.configs.{name}").CONFIG
    return config
