"""What a digit classifier is calibrated on: writers and pictures that no weight was fitted on.

Two kinds of pictures are kept apart, as the service can tell them apart (`service.recognition.ink.Ink.is_clean`).
Clean ones reach the network pixel by pixel, as MNIST's own pictures do. Of all others something was estimated:
photographs, printed paper, scans of another resolution. Calibrated together, a clean scan would have to be doubted as
a dim photograph is; apart, each kind keeps its word. Either kind holds pictures that show no one digit, since people
send those too, and more often with a camera.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from service.recognition.canvas import digit_canvas
from service.recognition.image import GrayImage
from trainer.data.bhmsds import FILE as BHMSDS_FILE
from trainer.data.collages import crossed_out, cut_or_turned, enlarged, several
from trainer.data.digits import Digits
from trainer.data.exposure import NOT_A_DIGIT, SEVERAL_DIGITS, redrawn
from trainer.data.judged import LabeledPictures, bhmsds_quarter, photographed
from trainer.data.marks import Ink, draw_mark
from trainer.data.mnist import Mnist
from trainer.data.not_digits import LETTERS_FILE, trained_pictures
from trainer.photograph import photograph_ink

PHOTOGRAPH_SEED = 11
_SEED = 13
CLEAN_OTHERS_SHARE, OTHERS_SHARE = 0.02, 0.08  # of the pictures of each kind show no digit, or several
_COARSE_PX = (12, 18)  # longer side of a coarse digit, less than a canvas has
_NUM_REDRAWN, _NUM_COARSE, _NUM_ON_PRINTED_PAPER = 1500, 1500, 1500

# Rows of MNIST's training file among the calibration writers whose label is plainly wrong, judged by eye from the
# readings that went against their label with a confidence above 0.99: a 7 labeled 4, a 4 labeled 9, a 4 labeled 6,
# a 1 with a foot labeled 2. A reader that says so makes no error.
WRONG_LABELS = (59915, 51248, 49960, 4476)


@dataclass(frozen=True, slots=True)
class CalibrationPictures:
    """Pictures of both kinds with their labels: 0 to 9, `NOT_A_DIGIT` or `SEVERAL_DIGITS`.

    Attributes:
        clean: canvases as they are.
        other: photographs, drawings and scans of other sizes.
    """

    clean: LabeledPictures
    other: LabeledPictures


def load_calibration(mnist: Mnist, data_dir: Path | None) -> CalibrationPictures:
    """All that there is: MNIST's calibration writers, and of what lies in `data_dir` the parts kept for this.

    Raises:
        TrainerError: a file is damaged.
    """
    rng = np.random.default_rng(_SEED)
    rows = mnist.splits.calibration
    digits = mnist.train.take(rows[~np.isin(rows, WRONG_LABELS)])
    clean = LabeledPictures([*digits.canvases[..., 0]], digits.labels)
    other = [
        photographed(digits, seed=PHOTOGRAPH_SEED),
        _some(digits, _NUM_REDRAWN, rng, redrawn),
        _some(digits, _NUM_COARSE, rng, coarse),
        _some(digits, _NUM_ON_PRINTED_PAPER, rng, lambda ink, rng: photograph_ink(ink, rng, prints_lines=True)),
    ]
    letters = None
    if data_dir is not None and (data_dir / BHMSDS_FILE).exists():
        other.append(bhmsds_quarter(data_dir, is_for_calibration=True))
        if (data_dir / LETTERS_FILE).exists():
            letters = np.concatenate(trained_pictures(data_dir, "calibration"))
    drawn = _others(digits, letters, len(clean.labels), CLEAN_OTHERS_SHARE, rng)
    clean = _join([clean, _shown(drawn, lambda ink: digit_canvas(ink)[..., 0])])
    drawn = _others(digits, letters, sum(len(one.labels) for one in other), OTHERS_SHARE, rng)
    other.append(_shown(drawn, lambda ink: (redrawn if rng.random() < 1 / 3 else photograph_ink)(ink, rng)))
    return CalibrationPictures(clean, _join(other))


def _others(
    digits: Digits, letters: NDArray[np.uint8] | None, num_digits: int, share: float, rng: np.random.Generator
) -> list[tuple[Ink, int]]:
    """So much that is no one digit that it makes up this share of all, with labels."""
    return [_other(digits, letters, rng) for _ in range(round(num_digits * share / (1 - share)))]


def _shown(drawn: list[tuple[Ink, int]], show: Callable[[Ink], GrayImage]) -> LabeledPictures:
    labels = np.array([label for _, label in drawn], dtype=np.int64)
    return LabeledPictures([show(ink) for ink, _ in drawn], labels)


def coarse(ink: Ink, rng: np.random.Generator) -> GrayImage:
    """A digit of few pixels, cut along its edges; every second one stretched to fill a square, as some scanners do."""
    x, y, width, height = cv2.boundingRect(ink)
    side = int(rng.integers(*_COARSE_PX))
    scale = side / max(width, height)
    size = (side, side) if rng.random() < 0.5 else (max(3, round(width * scale)), max(3, round(height * scale)))
    crop = cv2.resize(ink[y : y + height, x : x + width], size, interpolation=cv2.INTER_AREA)
    if rng.random() < 0.5:
        crop = np.where(crop >= rng.integers(80, 150), 255, 0).astype(np.uint8)
    return crop if rng.random() < 0.5 else cv2.bitwise_not(crop)


def _other(digits: Digits, letters: NDArray[np.uint8] | None, rng: np.random.Generator) -> tuple[Ink, int]:
    """Something that is no one digit, and its label."""
    kind = rng.choice(["letter", "mark", "collage", "several"], p=[0.4, 0.2, 0.15, 0.25])
    if kind == "several":
        return several(digits, rng), SEVERAL_DIGITS
    if kind == "collage":
        canvas = digits.canvases[int(rng.integers(len(digits)))]
        return crossed_out(canvas, rng) if rng.random() < 0.5 else cut_or_turned(digits, rng), NOT_A_DIGIT
    if kind == "mark" or letters is None:
        return draw_mark(rng), NOT_A_DIGIT
    picture = letters[int(rng.integers(len(letters)))]
    # Of the two sources one is dark on light, the other light on dark.
    return enlarged((picture if np.median(picture) < 128 else 255 - picture)[..., np.newaxis]), NOT_A_DIGIT


def _some(
    digits: Digits, amount: int, rng: np.random.Generator, show: Callable[[Ink, np.random.Generator], GrayImage]
) -> LabeledPictures:
    rows = rng.permutation(len(digits))[:amount]
    return LabeledPictures([show(enlarged(digits.canvases[row]), rng) for row in rows], digits.labels[rows])


def _join(parts: list[LabeledPictures]) -> LabeledPictures:
    pictures = [picture for part in parts for picture in part.pictures]
    return LabeledPictures(pictures, np.concatenate([part.labels for part in parts]))
