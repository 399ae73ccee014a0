"""What an experiment with the sequence reader is made of."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

from trainer.data.lines.style import LineStyle

Head = Literal["recurrent", "convolutional"]


@dataclass(frozen=True, slots=True)
class Portion:
    """A share of the numbers, 0 to 1, and how they look."""

    share: float
    style: LineStyle


@dataclass(frozen=True, slots=True)
class ReaderConfig:
    """One experiment with a reader of whole numbers.

    Attributes:
        name: of the config, the run folder and the exported model.
        heads: what reads the convolutional features; all are trained together. A second head costs little, and pulls
            the features towards the digits before a recurrent layer has learned anything.
        serves: the head that is exported; chosen on validation writers.
        num_epochs: an epoch is `numbers_per_epoch` composed numbers, none of which is ever seen again.
        numbers_per_epoch: how many are composed for each epoch.
        first_style: of the first epoch, easier than what follows: CTC finds the digits before it can learn from hard
            ones.
        styles: of all others, each for its share of the numbers; the shares sum to 1. What is learned from hard pages
            alone reads tidy ones worse.
        columns_per_batch: batch size times canvas width, the same for every width.
        learning_rate: peak of one cycle, reached after `warmup_share` of the steps.
        ema_momentum: of the average over the weights that is kept.
        second_weight: of the loss of the heads after the first.
        peer: name of the reader that is asked about lines beside this one, see `PeerRule`; None where nobody is.
    """

    name: str
    heads: tuple[Head, ...]
    serves: Head
    num_epochs: int
    numbers_per_epoch: int
    first_style: LineStyle
    styles: tuple[Portion, ...]
    columns_per_batch: int = 8192
    learning_rate: float = 2e-3
    warmup_share: float = 0.03
    weight_decay: float = 1e-4
    ema_momentum: float = 0.999
    second_weight: float = 0.4
    precision: Literal["float32", "mixed_bfloat16"] = "float32"
    seed: int = 20240229
    peer: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """The record as JSON can hold it."""
        return {**asdict(self), "heads": list(self.heads), "styles": [asdict(portion) for portion in self.styles]}
