"""How sure a reader may be: measured on composed numbers of writers whom the weights never saw.

Half of the numbers are tidy and clean, half stand on hard pages; the pens of bhmsds' held-back half are among them,
because a confidence that holds for one country's hand alone is none.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.optimize import minimize_scalar

from service.recognition.ctc import label_log_probs
from service.recognition.policy import CalibrationTable
from service.recognition.probability import Logits, softmax
from service.runtime.saved_model import SavedModel
from trainer.calibrate import calibration_table
from trainer.data.lines.generator import LineGenerator
from trainer.data.lines.hands import calibration_hands
from trainer.data.lines.style import CLEAN, HARD_DIGITS_ONLY
from trainer.data.mnist import Mnist
from trainer.reader.evaluate import Seen, look_at, read_all
from trainer.reader.numbers import Numbers

NUM_NUMBERS = 3_000  # of each style
_NUM_FOR_TEMPERATURE = 600  # of each style; one divisor needs no more
_SEED = 71
_LOG_TEMPERATURE_RANGE = (-1.0, 2.0)
_LEAST_LOG_PROB = -30.0  # a number that the frames hardly hold counts as this unlikely, so that one does not decide
_DESCRIPTION = (
    "composed numbers of the calibration writers of MNIST and of bhmsds' held-back half, half of them clean, half on "
    "hard pages"
)


@dataclass(frozen=True, slots=True)
class CalibratedReader:
    """What calibration found.

    Attributes:
        temperature: divisor of the frame logits.
        table: error bound and coverage per threshold, of whole numbers.
        description: what it was measured on.
        num_readings: how many.
    """

    temperature: float
    table: CalibrationTable
    description: str
    num_readings: int


def calibrate_reader(model: SavedModel, mnist: Mnist, data_dir: Path) -> CalibratedReader:
    """Fit the temperature, and measure the table with it."""
    parts = [_seen(model, mnist, data_dir, name) for name in ("clean", "hard")]
    found = [
        (frames, text)
        for part in parts
        for frames, text in list(zip(part.frames, part.numbers.texts, strict=True))[:_NUM_FOR_TEMPERATURE]
        if frames is not None
    ]
    temperature = fit_frame_temperature(*zip(*found, strict=True))
    confidences, is_right = [], []
    for part in parts:
        for reading, text in zip(read_all(part, temperature=temperature), part.numbers.texts, strict=True):
            # A mark among the digits is always reviewed, whatever the confidence.
            confidences.append(0.0 if reading.others else reading.confidence)
            is_right.append(reading.text == text)
    table = calibration_table(np.array(confidences), np.array(is_right))
    return CalibratedReader(temperature, table, _DESCRIPTION, len(confidences))


def fit_frame_temperature(frames: Sequence[Logits], texts: Sequence[str]) -> float:
    """The divisor of the frame logits under which the numbers are most likely, each summed over all its paths.

    Args:
        frames: float32 (num_frames, 12) for each number.
        texts: what is written.
    """

    def negative_log_likelihood(log_temperature: float) -> float:
        temperature = float(np.exp(log_temperature))
        log_probs = [
            label_log_probs(softmax(logits, temperature=temperature), [text])[0]
            for logits, text in zip(frames, texts, strict=True)
        ]
        return -float(np.mean(np.maximum(log_probs, _LEAST_LOG_PROB)))

    found = minimize_scalar(
        negative_log_likelihood, bounds=_LOG_TEMPERATURE_RANGE, method="bounded", options={"xatol": 0.02}
    )
    return float(np.exp(found.x))


def _seen(model: SavedModel, mnist: Mnist, data_dir: Path, name: str) -> Seen:
    style = {"clean": CLEAN, "hard": HARD_DIGITS_ONLY}[name]
    generator = LineGenerator(calibration_hands(mnist, data_dir), [], style, seed=_SEED + len(name))
    drawn = [generator.picture(index) for index in range(NUM_NUMBERS)]
    kept = [(picture, composed.text) for picture, composed in drawn if picture.size]
    return look_at(model, name, Numbers([picture for picture, _ in kept], [text for _, text in kept], []))
