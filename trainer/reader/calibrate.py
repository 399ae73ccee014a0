"""How sure a reader may be, and how much its second look counts: measured on writers whom the weights never saw.

Some of the numbers are tidy ones, or digits side by side, as a program draws them, others a tidy hand's on paper, and
as many stand on hard pages; the pens of bhmsds' held-back half are among them, because a confidence that holds for one
country's hand alone is none. Clean lines, which the service knows when it sees them, have one table, and all other
lines another: in one for both, the errors on paper would be thinned out by clean lines, and clean lines be reviewed
for the sake of paper.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy.optimize import minimize_scalar

from service.recognition.alphabet import text_of
from service.recognition.ctc import greedy_label, label_log_probs
from service.recognition.policy import CalibrationTable
from service.recognition.probability import Logits, softmax
from service.runtime.loading import LoadedModel
from service.runtime.network import Network
from trainer.confidence import DEFAULT_MAX_ERROR
from trainer.data.lines.generator import LineGenerator
from trainer.data.lines.hands import calibration_hands
from trainer.data.lines.style import CLEAN, HARD_DIGITS_ONLY, STACKED
from trainer.data.mnist import Mnist
from trainer.reader.evaluate import Seen, look_at, read_all
from trainer.reader.helpers import Peer, SecondLook
from trainer.reader.judged import ALWAYS, Judged, JudgedTwice
from trainer.reader.numbers import Numbers

NUM_NUMBERS = {"stacked": 3_000, "clean": 3_000, "paper": 4_000, "hard": 4_000}
STYLES = {
    "stacked": replace(STACKED, low_chance=0.5),
    "clean": replace(CLEAN, low_chance=0.3),
    "paper": replace(CLEAN, mark_chance=0.2, page_chance=1.0, ruling_chance=0.3, print_chance=0.2),
    "hard": HARD_DIGITS_ONLY,
}
STYLES_OF_TEMPERATURE = ("clean", "hard")
WEIGHTS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0)  # of the second look that are tried
SURE_FROM = (0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 1.0)  # confidences that are tried, from which on no peer is asked
_MOST_LOST = 0.0005  # share of the numbers that may be read wrong for not asking; ten times as many may be reviewed
_NUM_FOR_TEMPERATURE = 600  # of each style; one divisor needs no more
_SEED = 71
_LOG_TEMPERATURE_RANGE = (-1.0, 2.0)
_LEAST_DOUBT = 1e-4
_DESCRIPTION = (
    "composed numbers of the calibration writers of MNIST and of bhmsds' held-back half: for clean lines tidy ones and "
    "digits side by side, for all others a tidy hand's on paper and those on hard pages, as many of each"
)


@dataclass(frozen=True, slots=True)
class Calibration:
    """How sure one may be of readings.

    Attributes:
        temperature: divisor of the frame logits.
        table: error bound and coverage per threshold, of whole numbers.
    """

    temperature: float
    table: CalibrationTable


@dataclass(frozen=True, slots=True)
class CalibratedReader:
    """What calibration found.

    Attributes:
        served: with the second look where one is taken, and the peer where it reads slanted views, of lines that are
            not clean.
        plain: without a second look and without a peer, of the same lines; clean ones are read better.
        clean_table: as served, of clean lines, with the peer where one is asked.
        second: how the second look is taken; None where there is no classifier, or where it does not help.
        peer: whom the reader asks, and when; None where there is nobody, or no second look.
        description: what it was measured on.
        num_readings: how many.
    """

    served: Calibration
    plain: Calibration
    clean_table: CalibrationTable
    second: SecondLook | None
    peer: Peer | None
    description: str
    num_readings: int


def calibrate_reader(
    model: Network,
    mnist: Mnist,
    data_dir: Path,
    classifier: LoadedModel | None = None,
    peer: Peer | None = None,
) -> CalibratedReader:
    """Choose the weight of the second look and when the peer is asked; fit the temperatures and measure the tables.

    Args:
        model: the reader.
        mnist: whose calibration writers wrote the numbers.
        data_dir: see `LineBatches`.
        classifier: for the second look.
        peer: whom to ask; `sure_from` is chosen here.
    """
    parts = calibration_parts(model, mnist, data_dir, classifier, peer)
    alone = [part.without_peer() for part in parts]
    second = None if classifier is None else chosen_second_look(parts, classifier)
    if second is None:
        peer, parts = None, alone
    plain, judged = _calibrated(alone, weight=0.0)
    served = plain
    if second is not None:
        served, judged = _calibrated(parts, weight=second.weight)
    peer = peer and replace(peer, sure_from=chosen_sure_from(judged))
    found = judged.settled(ALWAYS if peer is None else peer.sure_from)
    # The temperature is that of all: clean lines alone have nearly the same.
    clean_table = found.take(judged.is_clean).table()
    return CalibratedReader(served, plain, clean_table, second, peer, _DESCRIPTION, len(judged.is_clean))


def _calibrated(parts: Sequence[Seen], *, weight: float) -> tuple[Calibration, JudgedTwice]:
    """The temperature at a weight of the second look, the table of lines that are not clean, and all readings.

    What a peer says where a reader is in doubt of a clean line has no part in the table, nor in the temperature.
    """
    of_temperature = [part.before_doubt() for part in parts if part.name in STYLES_OF_TEMPERATURE]
    temperature = _fitted_temperature(of_temperature, weight=weight)
    judged = JudgedTwice.of(parts, weight=weight, temperature=temperature)
    return Calibration(temperature, judged.own.take(~judged.is_clean).table()), judged


def calibration_parts(
    model: Network,
    mnist: Mnist,
    data_dir: Path,
    classifier: LoadedModel | None,
    peer: Peer | None = None,
    *,
    most: int | None = None,
) -> list[Seen]:
    """What a reader sees in the numbers that it is calibrated on, a set for each style; of each at most so many."""
    drawn = {name: _numbers(mnist, data_dir, name, min(num, most or num)) for name, num in NUM_NUMBERS.items()}
    return [look_at(model, name, numbers, classifier, peer) for name, numbers in drawn.items()]


def chosen_second_look(parts: Sequence[Seen], classifier: LoadedModel) -> SecondLook | None:
    """The second look at that of `WEIGHTS` at which most numbers are right; of equals the lightest. None where it is 0.

    It is to be asked of all `STYLES` alike: on hard pages, where digits are cut out badly, a second look gains little;
    of digits side by side it puts most right.

    Numbers are read along their likeliest path, which is nearly always the text that the search finds, and takes
    a hundredth of its time.
    """
    num_right = [sum(_num_right_greedily(part, weight) for part in parts) for weight in WEIGHTS]
    weight = WEIGHTS[int(np.argmax(num_right))]
    return SecondLook(classifier, weight) if weight else None


def _num_right_greedily(part: Seen, weight: float) -> int:
    texts = ["" if not views else text_of(greedy_label(softmax(views[0]))) for views in part.frames_with(weight)]
    return sum(found == text for found, text in zip(texts, part.numbers.texts, strict=True))


def chosen_sure_from(judged: JudgedTwice) -> float:
    """From which confidence on a reader does without its peer, of clean lines.

    That is the lowest of `SURE_FROM` at which hardly fewer numbers are right than at the best of them, and hardly fewer
    could be accepted by default: what a reader is sure of, its peer seldom knows better.
    """
    settled = {one: judged.settled(one).take(judged.is_clean) for one in SURE_FROM}
    num_right = {one: int(found.is_right.sum()) for one, found in settled.items()}
    num_accepted = {one: _num_accepted(found) for one, found in settled.items()}
    num_to_lose = _MOST_LOST * int(judged.is_clean.sum())
    return min(
        one
        for one in SURE_FROM
        if num_right[one] >= max(num_right.values()) - num_to_lose
        and num_accepted[one] >= max(num_accepted.values()) - 10 * num_to_lose
    )


def _num_accepted(judged: Judged) -> int:
    table = judged.table()
    threshold = table.threshold_for(DEFAULT_MAX_ERROR)
    return next((row.num_accepted for row in table.rows if row.threshold == threshold), 0)


def _fitted_temperature(parts: Sequence[Seen], *, weight: float) -> float:
    """See `fit_frame_temperature`."""
    frames: list[Sequence[Logits]] = []
    texts, is_right = [], []
    for part in parts:
        some = part.first(_NUM_FOR_TEMPERATURE)
        readings = read_all(some, weight=weight)
        for views, reading, text in zip(some.frames_with(weight), readings, some.numbers.texts, strict=True):
            # What is rejected, or holds a mark, is not judged by its confidence.
            if reading.text and not reading.others:
                frames.append(views)
                texts.append(reading.text)
                is_right.append(reading.text == text)
    return fit_frame_temperature(frames, texts, is_right)


def fit_frame_temperature(frames: Sequence[Sequence[Logits]], texts: Sequence[str], is_right: Sequence[bool]) -> float:
    """The divisor of the frame logits under which confidences tell best which readings are right, by their log score.

    Under that which makes the numbers themselves likeliest, readings from several views are doubted too much: each
    view has to be unsure enough not to forbid what it misses, and their mean is less sure still.

    Args:
        frames: of each number, float32 (num_frames, 12) for every view, of which the mean probability counts.
        texts: what was read.
        is_right: whether that is what is written.
    """

    def log_loss(log_temperature: float) -> float:
        temperature = float(np.exp(log_temperature))
        losses = []
        for views, text, right in zip(frames, texts, is_right, strict=True):
            prob = float(np.mean([_label_prob(logits, text, temperature) for logits in views]))
            losses.append(-np.log(prob if right else 1.0 - prob))
        return float(np.mean(losses))

    found = minimize_scalar(log_loss, bounds=_LOG_TEMPERATURE_RANGE, method="bounded", options={"xatol": 0.02})
    return float(np.exp(found.x))


def _label_prob(logits: Logits, text: str, temperature: float) -> float:
    """Kept away from 0 and 1, so that one reading that is wrong for certain does not decide."""
    prob = np.exp(label_log_probs(softmax(logits, temperature=temperature), [text])[0])
    return float(np.clip(prob, _LEAST_DOUBT, 1.0 - _LEAST_DOUBT))


def _numbers(mnist: Mnist, data_dir: Path, name: str, num_numbers: int) -> Numbers:
    generator = LineGenerator(calibration_hands(mnist, data_dir), [], STYLES[name], seed=_SEED + len(name))
    drawn = [generator.picture(index) for index in range(num_numbers)]
    kept = [(picture, composed.text) for picture, composed in drawn if picture.size]
    return Numbers([picture for picture, _ in kept], [text for _, text in kept], [])
