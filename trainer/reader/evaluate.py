"""What a reader reads right, measured through the service's own code. A number is right as a whole or not at all."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from service.recognition.allowed import AllowedList
from service.recognition.constraint import Constraint
from service.recognition.number import NumberReading, blank_number, read_number
from service.recognition.policy import CalibrationTable
from service.recognition.probability import Logits
from service.recognition.views import SeenLine, View, see_picture
from service.runtime.loading import LoadedModel
from service.runtime.network import Network
from trainer.data.lines.style import CLEAN, HARD_DIGITS_ONLY
from trainer.data.mnist import Mnist
from trainer.intervals import wilson_interval
from trainer.reader.helpers import Peer, SecondLook
from trainer.reader.numbers import (
    Numbers,
    check_amounts,
    cheque_amounts,
    clock_times,
    composed,
    hands_of_test_writers,
    zip_codes,
)
from trainer.reader.readings import SLANTS, Answered, answers_of, frames_of

LENGTHS = (1, 2, 5, 10, 16, 20)
NUM_BENCHMARK = 10_000
NUM_OTHERS = 2_000
NUM_COMPOSED = 500
COMPOSED_SEED = 31
_STYLES = {"clean": CLEAN, "hard": HARD_DIGITS_ONLY}


@dataclass(frozen=True, slots=True)
class NumberScore:
    """One reader on one set of numbers.

    Attributes:
        dataset: name of what was read.
        num_samples: numbers.
        num_right: read right as a whole.
    """

    dataset: str
    num_samples: int
    num_right: int

    @property
    def accuracy(self) -> float:
        """Share of numbers that are right, 0 to 1."""
        return self.num_right / self.num_samples

    @property
    def interval(self) -> tuple[float, float]:
        """95 % Wilson interval of the accuracy."""
        return wilson_interval(self.num_right, self.num_samples)

    def to_dict(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return {**asdict(self), "accuracy": self.accuracy, "interval": list(self.interval)}

    def __str__(self) -> str:
        low, high = self.interval
        return (
            f"{self.dataset:<32} {100 * self.accuracy:7.2f} %  ({self.num_right} of {self.num_samples}; 95 %: "
            f"{100 * low:.2f} to {100 * high:.2f})"
        )


@dataclass(frozen=True, slots=True)
class Seen:
    """A set of numbers, and what the networks say about each.

    Attributes:
        frames: of each number, float32 (num_frames, 12) for every view of its line; none where no ink was found.
        answers: of a digit classifier about the digits seen in each view; empty where it was not asked.
        is_clean: of the line that was found, see `service.recognition.line.Line`.
        peer_frames: what a peer says, after its own second look, about every view of a clean line, and about the
            slanted ones of another; none where it was not asked.
    """

    name: str
    numbers: Numbers
    frames: list[list[Logits]]
    answers: list[list[Answered]]
    is_clean: list[bool]
    peer_frames: list[list[Logits]]

    def first(self, num_numbers: int) -> "Seen":
        """The first numbers of the set."""
        return Seen(
            self.name,
            self.numbers.first(num_numbers),
            self.frames[:num_numbers],
            self.answers[:num_numbers],
            self.is_clean[:num_numbers],
            self.peer_frames[:num_numbers],
        )

    def without_peer(self) -> "Seen":
        """The same, had no peer been asked."""
        return replace(self, peer_frames=[[] for _ in self.frames])

    def before_doubt(self) -> "Seen":
        """The same, had no peer been asked about clean lines."""
        kept = [[] if is_clean else views for views, is_clean in zip(self.peer_frames, self.is_clean, strict=True)]
        return replace(self, peer_frames=kept)

    def frames_with(self, weight: float) -> list[list[Logits]]:
        """The frames after a second look at a weight; as they are at 0, or where there was none.

        The slanted views are as the peer has read them, where it has.
        """
        fused = [
            [answer.fused_with(view, weight) for answer, view in zip(answers, views, strict=True)] if answers else views
            for views, answers in zip(self.frames, self.answers, strict=True)
        ]
        return [
            views if is_clean or not of_peer else [*views[:1], *of_peer]
            for views, of_peer, is_clean in zip(fused, self.peer_frames, self.is_clean, strict=True)
        ]


def look_at(
    model: Network, name: str, numbers: Numbers, classifier: LoadedModel | None = None, peer: Peer | None = None
) -> Seen:
    """Have the network look at every picture of a set, a digit classifier at what it saw, and a peer at its share."""
    lines = [see_picture(picture, SLANTS) for picture in numbers.pictures]
    views = [view for line in lines for view in line.views]
    frames = frames_of(model, [view.placed.canvas for view in views])
    answers = [] if classifier is None else answers_of(classifier, views, frames)
    of_views, about_views = iter(frames), iter(answers)
    shares = [_share_of_peer(peer, line) for line in lines]
    of_peer = iter(_frames_of_peer(peer, [view for share in shares for view in share]))
    return Seen(
        name,
        numbers,
        [[next(of_views) for _ in line.views] for line in lines],
        [list(islice(about_views, len(line.views))) for line in lines],
        [line.line.is_clean for line in lines],
        [list(islice(of_peer, len(share))) for share in shares],
    )


def _share_of_peer(peer: Peer | None, line: SeenLine) -> Sequence[View]:
    """The views of a line that a peer looks at; of a clean line all, as the reader may not be sure of it."""
    if peer is None:
        return ()
    if line.line.is_clean:
        return line.views
    return line.views[1:] if peer.reads_slanted else ()


def _frames_of_peer(peer: Peer | None, views: Sequence[View]) -> list[Logits]:
    if peer is None:
        return []
    frames = frames_of(peer.reader.network, [view.placed.canvas for view in views])
    if peer.second is None:
        return frames
    answers = answers_of(peer.second.classifier, views, frames)
    return [answer.fused_with(of_view, peer.second.weight) for answer, of_view in zip(answers, frames, strict=True)]


def read_all(
    seen: Seen,
    *,
    weight: float = 0.0,
    temperature: float = 1.0,
    calibration: CalibrationTable | None = None,
    max_error: float = 0.01,
    constraint: Constraint | None = None,
    sure_from: float = 1.0,
) -> list[NumberReading]:
    """The reading of every number, as the service would give it.

    Args:
        seen: the numbers.
        weight: of the second look; 0 for none.
        temperature: of the frames.
        calibration: by which readings are accepted; none is without.
        max_error: as for `read_number`.
        constraint: as for `read_number`.
        sure_from: see `PeerRule`; of no account where no peer was asked.
    """
    table = calibration or CalibrationTable(())

    def read(views: Sequence[Logits]) -> NumberReading:
        return read_number(
            views, temperature=temperature, calibration=table, max_error=max_error, top_k=1, constraint=constraint
        )

    readings = []
    for views, of_peer, is_clean in zip(seen.frames_with(weight), seen.peer_frames, seen.is_clean, strict=True):
        reading = read(views) if views else blank_number(calibration=table, max_error=max_error)
        is_doubtful = is_clean and bool(of_peer) and reading.confidence < sure_from
        readings.append(read([*views, *of_peer]) if is_doubtful else reading)
    return readings


def score(name: str, readings: Sequence[NumberReading], texts: Sequence[str]) -> NumberScore:
    """Compare readings with what is written."""
    num_right = sum(reading.text == text for reading, text in zip(readings, texts, strict=True))
    return NumberScore(name, len(texts), num_right)


def evaluation_numbers(mnist: Mnist, data_dir: Path) -> dict[str, Numbers]:
    """Everything that a reader is measured on, by name; none of it, nor its writers, was fitted on."""
    hands = hands_of_test_writers(mnist)
    sets = {
        "mdw_zip_codes": zip_codes(mnist, data_dir, NUM_BENCHMARK),
        "mdw_check_amounts": check_amounts(mnist, NUM_OTHERS),
        "mdw_clock_times": clock_times(mnist, NUM_OTHERS),
    }
    for style_name, style in _STYLES.items():
        for length in LENGTHS:
            sets[f"{style_name}_{length}_digits"] = composed(hands, style, length, NUM_COMPOSED, seed=COMPOSED_SEED)
    sets["cheque_amounts"] = cheque_amounts(data_dir)
    return sets


def measure_reader(
    model: Network,
    mnist: Mnist,
    data_dir: Path,
    *,
    second: SecondLook | None = None,
    peer: Peer | None = None,
    temperature: float = 1.0,
) -> list[NumberScore]:
    """Scores on all sets, read freely; the ZIP codes a second time with the list of those in use."""
    classifier, weight = (None, 0.0) if second is None else (second.classifier, second.weight)
    sure_from = 1.0 if peer is None else peer.sure_from
    read = partial(read_all, weight=weight, temperature=temperature, sure_from=sure_from)
    scores = []
    codes = (data_dir / "us_zip_codes.txt").read_text(encoding="ascii").split()
    for name, numbers in evaluation_numbers(mnist, data_dir).items():
        seen = look_at(model, name, numbers, classifier, peer)
        scores.append(score(name, read(seen), numbers.texts))
        if name == "mdw_zip_codes":
            in_use = Constraint(allowed=AllowedList("us_zip_codes", codes))
            scores.append(score(f"{name}_allowed", read(seen, constraint=in_use), numbers.texts))
    return scores
