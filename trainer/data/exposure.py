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
from trainer.data.characters import draw_character
from trainer.data.collages import crossed_out, cut_or_turned, enlarged, several
from trainer.data.digits import Digits, join
from trainer.data.glyphs import draw_glyph
from trainer.data.likeness import DIGIT_LIKENESS, DigitLikeness
from trainer.data.marks import INK_PX, Ink, draw_mark
from trainer.data.mnist import Mnist
from trainer.data.not_digits import trained_pictures
from trainer.data.printed import load_printed
from trainer.data.segments import draw_segment_digit
from trainer.photograph import photograph_ink

NOT_A_DIGIT, SEVERAL_DIGITS = 10, 11  # class indices after those of the digits
MAX_ASPECT_CHANGE = 1.6  # a turned view and another pen change width over height by less
_STROKE_LEVEL = 64  # of 255


@dataclass(frozen=True, slots=True)
class Amounts:
    """How many canvases of each kind; of a kind with a share, that share is photographed and the rest drawn.

    Attributes:
        several_photographed: besides `several`, all of them photographed: that is where they are taken for one digit.
        made_up_photographed_share: of characters, glyphs and digits along segments.
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
    characters: int = 24_000
    glyphs: int = 10_000
    segment_digits: int = 4_000
    several_photographed: int = 7_000
    made_up_photographed_share: float = 0.35


@dataclass(frozen=True, slots=True)
class Exposure:
    """Canvases with labels 0 to 9, `NOT_A_DIGIT` or `SEVERAL_DIGITS`.

    Attributes:
        known: people's digits and letters, print, marks and collages.
        made_up: what `made_up` draws.
    """

    known: Digits
    made_up: Digits

    def __len__(self) -> int:
        return len(self.known) + len(self.made_up)

    @property
    def labels(self) -> NDArray[np.int64]:
        """Of all, int64 (n,)."""
        return np.concatenate([self.known.labels, self.made_up.labels])

    def sample(self, amount: int, rng: np.random.Generator, *, made_up_share: float | None) -> Digits:
        """So many canvases at most, none twice; this share of them made up, or as many as come."""
        if made_up_share is None:
            return join([self.known, self.made_up]).take(rng.permutation(len(self))[:amount])
        num_made_up = round(amount * made_up_share)
        return join(
            [
                part.take(rng.permutation(len(part))[:number])
                for part, number in ((self.known, amount - num_made_up), (self.made_up, num_made_up))
            ]
        )


def load_exposure(mnist: Mnist, data_dir: Path, *, seed: int, amounts: Amounts | None = None) -> Digits:
    """All of `draw_exposure`, in one.

    Raises:
        TrainerError: a file is missing or damaged.
    """
    exposure = draw_exposure(mnist, data_dir, seed=seed, amounts=amounts)
    return join([exposure.known, exposure.made_up])


def draw_exposure(mnist: Mnist, data_dir: Path, *, seed: int, amounts: Amounts | None = None) -> Exposure:
    """Everything that there is to learn from; of MNIST, the training writers only.

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
    return Exposure(join(parts), made_up(digits, seed=seed, amounts=amounts))


def made_up(digits: Digits, *, seed: int, amounts: Amounts) -> Digits:
    """Characters of no alphabet, glyphs, digits along the segments of a form, several digits as photographs."""
    share = amounts.made_up_photographed_share
    likeness = DigitLikeness(digits, np.random.default_rng([seed, 0]))

    def unlike_digits(draw: Callable[[np.random.Generator], Ink], amount: int, rng: np.random.Generator) -> Digits:
        drawings = (draw(rng) for _ in range(amount))
        unlike = (ink for ink in drawings if likeness.of(digit_canvas(ink)) < DIGIT_LIKENESS)
        return shown(unlike, NOT_A_DIGIT, rng, photographed_share=share, draws_plainly=True)

    # Each kind has its own chance, so that more of one changes no other.
    rngs = [np.random.default_rng([seed, kind]) for kind in range(1, 5)]
    parts = [
        unlike_digits(draw_character, amounts.characters, rngs[0]),
        unlike_digits(lambda rng: draw_glyph("fit", rng), amounts.glyphs, rngs[1]),
    ]
    for digit in range(NOT_A_DIGIT):
        traced = (draw_segment_digit(digit, rngs[2]) for _ in range(amounts.segment_digits // NOT_A_DIGIT))
        parts.append(shown(traced, digit, rngs[2], photographed_share=share, draws_plainly=True))
    groups = (several(digits, rngs[3]) for _ in range(amounts.several_photographed))
    return join([*parts, shown(groups, SEVERAL_DIGITS, rngs[3], photographed_share=1.0)])


def shown(
    drawings: Iterable[Ink],
    label: int,
    rng: np.random.Generator,
    *,
    photographed_share: float,
    draws_plainly: bool = False,
) -> Digits:
    """Drawings as the service would put them before a network.

    Left out is what it finds blank, and what it finds only a part of: a plus whose bar was taken for a ruling is a 1.

    Args:
        drawings: uint8 (84, 84) each.
        label: of all of them.
        rng: where chance comes from.
        photographed_share: share of them that is photographed; the others are clean drawings. 0 to 1.
        draws_plainly: whether clean drawings are put on the canvas as they are, in place of being drawn at another size
            and found there, which takes ten times as long.
    """
    canvases = []
    for ink in drawings:
        is_photographed = rng.random() < photographed_share
        if draws_plainly and not is_photographed:
            canvases.append(digit_canvas(ink))
            continue
        show = photograph_ink if is_photographed else redrawn
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
