"""Numbers to measure a reader on. No writer of them was trained on."""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from service.recognition.image import GrayImage
from trainer.data.lines.generator import LineGenerator
from trainer.data.lines.hands import Hands, mnist_hands
from trainer.data.lines.style import LineStyle
from trainer.data.mnist import Mnist
from trainer.errors import TrainerError

_SEED = 5


@dataclass(frozen=True, slots=True)
class Numbers:
    """Pictures with the number that each shows.

    Attributes:
        pictures: uint8 (height, width) each.
        texts: digits.
        slices: where a number is a row of equal canvases, those, uint8 (n, 28, 28, 1) each; else empty.
    """

    pictures: list[GrayImage]
    texts: list[str]
    slices: list[NDArray[np.uint8]]

    def __len__(self) -> int:
        return len(self.texts)

    def first(self, num_numbers: int) -> "Numbers":
        """The first of them."""
        return Numbers(self.pictures[:num_numbers], self.texts[:num_numbers], self.slices[:num_numbers])


def zip_codes(mnist: Mnist, data_dir: Path, num_numbers: int) -> Numbers:
    """ZIP codes in use, each from digits of one test writer side by side.

    Source: Wagstaff 2025, "Realistic Handwritten Multi-Digit Writer (MDW) Number Recognition Challenges", arXiv
    2512.00676; drawn anew here, from MNIST's test digits.
    """
    codes = (data_dir / "us_zip_codes.txt").read_text(encoding="ascii").split()
    rng = np.random.default_rng([_SEED, 1])
    return _stacked(mnist, [codes[index] for index in rng.integers(0, len(codes), num_numbers)], rng)


def check_amounts(mnist: Mnist, num_numbers: int) -> Numbers:
    """Amounts of 1.00 to 9,999.99 without their point, made as `zip_codes`. The range is this project's."""
    rng = np.random.default_rng([_SEED, 2])
    return _stacked(mnist, [str(cents) for cents in rng.integers(100, 1_000_000, num_numbers)], rng)


def clock_times(mnist: Mnist, num_numbers: int) -> Numbers:
    """Times of the day from 1:00 to 12:59 without their colon, made as `zip_codes`."""
    rng = np.random.default_rng([_SEED, 3])
    hours, minutes = rng.integers(1, 13, num_numbers), rng.integers(0, 60, num_numbers)
    return _stacked(mnist, [f"{hour}{minute:02d}" for hour, minute in zip(hours, minutes, strict=True)], rng)


def composed(hands: Hands, style: LineStyle, length: int, num_numbers: int, *, seed: int) -> Numbers:
    """Numbers of one length in one style."""
    generator = LineGenerator(hands, [], style, seed=seed + 1000 * length)
    rng = np.random.default_rng([seed, length])
    texts = ["".join(map(str, rng.integers(0, 10, length))) for _ in range(num_numbers)]
    return Numbers([generator.picture(index, text=text)[0] for index, text in enumerate(texts)], texts, [])


def hands_of_test_writers(mnist: Mnist) -> Hands:
    """The writers of MNIST's test digits, who wrote none of its training digits."""
    return mnist_hands(mnist.test, _test_writers(mnist))


def cheque_amounts(data_dir: Path) -> Numbers:
    """Courtesy amounts of real cheques, as `labels.csv` names them.

    Raises:
        TrainerError: a file is missing.
    """
    folder = data_dir / "cheque_amounts"
    try:
        with (folder / "labels.csv").open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        pictures = [np.asarray(Image.open(folder / "images" / row["file"]).convert("L")) for row in rows]
    except OSError as error:
        raise TrainerError(f"The cheque amounts cannot be read from {folder}: {error}.") from error
    return Numbers(pictures, [row["label"] for row in rows], [])


def _test_writers(mnist: Mnist) -> NDArray[np.int64]:
    if mnist.test_writers is None:
        raise TrainerError("Numbers of one test writer need QMNIST's labels of the test digits beside MNIST's files.")
    return mnist.test_writers


def _stacked(mnist: Mnist, texts: list[str], rng: np.random.Generator) -> Numbers:
    """Canvases of one writer side by side; a writer who lacks a digit of a number is drawn again."""
    writers = _test_writers(mnist)
    names = np.unique(writers)
    rows = {
        name: [np.flatnonzero((writers == name) & (mnist.test.labels == digit)) for digit in range(10)]
        for name in names.tolist()
    }

    def has_written(name: int, digits: set[str]) -> bool:
        return all(len(rows[name][int(digit)]) for digit in digits)

    slices = []
    for text in texts:
        name = int(rng.choice(names))
        while not has_written(name, {*text}):
            name = int(rng.choice(names))
        chosen = [int(rng.choice(rows[name][int(symbol)])) for symbol in text]
        slices.append(mnist.test.canvases[chosen])
    return Numbers([np.concatenate(list(canvases[..., 0]), axis=1) for canvases in slices], texts, slices)
