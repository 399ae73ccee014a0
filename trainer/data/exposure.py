"""What a gate learns from: digits in every state, and everything that is not one digit, as the service would see it.

Every picture goes through the service's own ink finding and canvas, as a drawing and as a photograph, so that what
tells a digit from another mark is its shape, not the way it came.

Source of the idea: Hendrycks, Mazeika and Dietterich 2019, "Deep Anomaly Detection with Outlier Exposure",
arXiv 1812.04606.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from service.recognition.canvas import digit_canvas
from service.recognition.errors import BlankImage
from service.recognition.image import GrayImage
from service.recognition.ink import find_ink
from trainer.data.bhmsds import load_bhmsds
from trainer.data.collages import crossed_out, cut_or_turned, enlarged, several
from trainer.data.digits import Digits, join
from trainer.data.marks import INK_PX, Ink, draw_mark
from trainer.data.mnist import Mnist
from trainer.data.not_digits import trained_pictures
from trainer.data.printed import load_printed
from trainer.photograph import photograph_ink

NOT_A_DIGIT, SEVERAL_DIGITS = 10, 11  # class indices after those of the digits
MAX_ASPECT_CHANGE = 1.6  # a turned view and another pen change width over height by less
_STROKE_LEVEL = 64  # of 255


@dataclass(frozen=True, slots=True)
class Amounts:
    """How many canvases of each kind; of a kind with a share, that share is photographed and the rest drawn.

    The defaults are those of the shipped gate.
    """

    redrawn_digits: int = 15_000
    photographed_digits: int = 26_000
    digits_on_printed_paper: int = 8_000
    marks: int = 40_000
    crossed_out: int = 6_000
    cut_or_turned: int = 8_000
    several: int = 26_000
    copies_of_letters: int = 3
    photographed_share: float = 0.5


def load_exposure(mnist: Mnist, data_dir: Path, *, seed: int, amounts: Amounts | None = None) -> Digits:
    """Canvases with labels 0 to 9, `NOT_A_DIGIT` or `SEVERAL_DIGITS`; of MNIST, the training writers only.

    Raises:
        TrainerError: a file is missing or damaged.
    """
    amounts = amounts or Amounts()
    rng = np.random.default_rng(seed)
    digits = join([mnist.train.take(mnist.splits.train), load_bhmsds(data_dir, "train"), load_printed()])

    def outliers(draw: Callable[[np.random.Generator], Ink], amount: int, label: int) -> Digits:
        drawings = (draw(rng) for _ in range(amount))
        return shown(drawings, label, rng, photographed_share=amounts.photographed_share)

    parts = [
        digits,
        _digits_again(digits, amounts.redrawn_digits, rng, redrawn),
        _digits_again(digits, amounts.photographed_digits, rng, photograph_ink),
        _digits_again(digits, amounts.digits_on_printed_paper, rng, _on_printed_paper),
        outliers(draw_mark, amounts.marks, NOT_A_DIGIT),
        outliers(lambda rng: crossed_out(_any(digits, rng), rng), amounts.crossed_out, NOT_A_DIGIT),
        outliers(lambda rng: cut_or_turned(digits, rng), amounts.cut_or_turned, NOT_A_DIGIT),
        outliers(lambda rng: several(digits, rng), amounts.several, SEVERAL_DIGITS),
    ]
    for pictures in trained_pictures(data_dir, "fit"):
        canvases = [canvas for canvas in map(_canvas_or_none, pictures) if canvas is not None]
        parts.append(_labeled(canvases, NOT_A_DIGIT))
        for _ in range(amounts.copies_of_letters):
            parts.append(shown(map(enlarged, canvases), NOT_A_DIGIT, rng, photographed_share=2 / 3))
    return join(parts)


def shown(drawings: Iterable[Ink], label: int, rng: np.random.Generator, *, photographed_share: float) -> Digits:
    """Drawings of what is not one digit, as the service would put them before a network.

    Left out is what it finds blank, and what it finds only a part of: a plus whose bar was taken for a ruling is a 1.

    Args:
        drawings: uint8 (84, 84) each.
        label: of all of them.
        rng: where chance comes from.
        photographed_share: share of them that is photographed; the others are clean drawings. 0 to 1.
    """
    canvases = []
    for ink in drawings:
        show = photograph_ink if rng.random() < photographed_share else redrawn
        canvas = _canvas_or_none(show(ink, rng))
        if canvas is not None and _is_whole(canvas, ink):
            canvases.append(canvas)
    return _labeled(canvases, label)


def redrawn(ink: Ink, rng: np.random.Generator) -> GrayImage:
    """The ink as a clean drawing: uint8, 84 to 168 px a side, of either polarity."""
    side_px = int(rng.integers(INK_PX, 2 * INK_PX))
    picture = cv2.resize(ink, (side_px, side_px), interpolation=cv2.INTER_LINEAR)
    return cv2.bitwise_not(picture) if rng.random() < 0.5 else picture


def _labeled(canvases: list[NDArray[np.uint8]], label: int) -> Digits:
    stacked = np.stack(canvases) if canvases else np.zeros((0, 28, 28, 1), np.uint8)
    return Digits(stacked, np.full(len(stacked), label, dtype=np.int64))


def _canvas_or_none(picture: GrayImage) -> NDArray[np.uint8] | None:
    try:
        return digit_canvas(find_ink(picture).image)
    except BlankImage:
        return None


def _is_whole(canvas: NDArray[np.uint8], ink: Ink) -> bool:
    """Whether what was found is about as wide, for its height, as what was drawn."""
    _, _, width, height = cv2.boundingRect(canvas[..., 0])
    _, _, drawn_width, drawn_height = cv2.boundingRect((ink >= _STROKE_LEVEL).astype(np.uint8))
    if min(width, height, drawn_width, drawn_height) == 0:
        return False
    change = (width / height) / (drawn_width / drawn_height)
    return 1 / MAX_ASPECT_CHANGE <= change <= MAX_ASPECT_CHANGE


def _digits_again(
    digits: Digits,
    num_digits: int,
    rng: np.random.Generator,
    show: Callable[[Ink, np.random.Generator], GrayImage],
) -> Digits:
    """So many of the digits, shown in another way."""
    canvases, labels = [], []
    for row in rng.integers(0, len(digits), num_digits):
        canvas = _canvas_or_none(show(enlarged(digits.canvases[row]), rng))
        if canvas is not None:
            canvases.append(canvas)
            labels.append(digits.labels[row])
    return Digits(np.stack(canvases), np.array(labels, dtype=np.int64))


def _on_printed_paper(ink: Ink, rng: np.random.Generator) -> GrayImage:
    return photograph_ink(ink, rng, prints_lines=True)


def _any(digits: Digits, rng: np.random.Generator) -> NDArray[np.uint8]:
    canvas: NDArray[np.uint8] = digits.canvases[int(rng.integers(len(digits)))]
    return canvas
