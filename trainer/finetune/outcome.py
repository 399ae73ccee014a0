"""What a version of a digit classifier reads of pictures, by the service's own code and rules."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from service.runtime.loading import open_network
from trainer.architectures.registry import CANVAS_SHAPE
from trainer.data.digits import Digits
from trainer.finetune.exported import read_manifest
from trainer.intervals import wilson_interval
from trainer.readings import Seen, read_scored, score_seen

_MAX_ERROR = 0.01  # the service's usual one


@dataclass(frozen=True, slots=True)
class Pictures:
    """Digits as the service sees them.

    Attributes:
        seen: their canvases, and which of them come from clean pictures.
        labels: int64 (n,), 0 to 9.
    """

    seen: Seen
    labels: NDArray[np.int64]

    @classmethod
    def of_mnist(cls, digits: Digits) -> "Pictures":
        """The service takes pictures of MNIST as they are."""
        return cls(Seen(digits.canvases, np.ones(len(digits), dtype=bool)), digits.labels)


@dataclass(frozen=True, slots=True)
class Outcome:
    """Readings of one set of pictures, counted.

    Attributes:
        num_right: pictures of which the right digit is named.
        num_refused: of which none is named.
        num_accepted: readings that are accepted at the service's usual `max_error`.
        num_accepted_wrong: those of them that are wrong.
    """

    num_samples: int
    num_right: int
    num_refused: int
    num_accepted: int
    num_accepted_wrong: int

    def __str__(self) -> str:
        low, high = wilson_interval(self.num_right, self.num_samples)
        return (
            f"{self.num_right} of {self.num_samples} right ({100 * self.num_right / self.num_samples:.2f} %; 95 %: "
            f"{100 * low:.2f} to {100 * high:.2f}), {self.num_refused} refused, {self.num_accepted} accepted, "
            f"{self.num_accepted_wrong} of these wrong"
        )


def read_pictures(folder: Path, pictures: Pictures) -> Outcome:
    """Let the model in this folder read them."""
    network = open_network(folder, input_shape=CANVAS_SHAPE)
    readings = read_scored(score_seen(network, pictures.seen), read_manifest(folder), max_error=_MAX_ERROR)
    is_right = readings.digits == pictures.labels
    return Outcome(
        num_samples=len(pictures.labels),
        num_right=int(is_right.sum()),
        num_refused=int((readings.digits < 0).sum()),
        num_accepted=int(readings.is_accepted.sum()),
        num_accepted_wrong=int((readings.is_accepted & ~is_right).sum()),
    )


def print_comparison(before: Path, after: Path, sets: Mapping[str, Pictures]) -> None:
    """Let two versions read the same pictures, and print what became of it.

    Args:
        before: model folder.
        after: model folder.
        sets: pictures by the name of their set.
    """
    for name, pictures in sets.items():
        print(f"{name}:")
        for when, folder in (("before", before), ("after", after)):
            print(f"  {when:<6}  {read_pictures(folder, pictures)}")
