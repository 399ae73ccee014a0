"""Numbers with a sign that says of what they are: an amount in dollars, a share, a fraction.

The signs are drawn as the trainer draws them, by chance of their own; the digits are those of MNIST's test writers.
"""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from tests.accuracy.scenes import cropped, on_white, photographed_paper
from trainer.data.lines.signs import draw_sign
from trainer.data.lines.style import CLEAN
from trainer.data.mnist import load_mnist
from trainer.reader.evaluate import COMPOSED_SEED
from trainer.reader.numbers import Numbers, composed, hands_of_test_writers

NUM_WITH_SIGN = 100
BEFORE, AFTER, BETWEEN = "before", "after", "between"
PLACES = {"dollar": BEFORE, "euro": BEFORE, "pound": BEFORE, "number": BEFORE, "percent": AFTER, "slash": BETWEEN}


def with_sign(kind: str) -> Callable[[Path], Numbers]:
    """Numbers of four digits with one sign, half of them on white, half photographed."""

    def load(data_dir: Path) -> Numbers:
        rng = np.random.default_rng(23)
        hands = hands_of_test_writers(load_mnist(data_dir))
        # What is before and after a slash are two numbers, of the same two lengths for every sign.
        parts = [composed(hands, CLEAN, 2, NUM_WITH_SIGN, seed=COMPOSED_SEED + half) for half in range(2)]
        pictures, texts = [], []
        for index in range(NUM_WITH_SIGN):
            height = int(rng.integers(50, 100))
            first, last = (cropped(part.pictures[index], height_px=height) for part in parts)
            sign = _sign(kind, height, rng)
            order = {BEFORE: (sign, first, last), AFTER: (first, last, sign), BETWEEN: (first, sign, last)}
            ink = _side_by_side(order[PLACES[kind]], height, rng)
            pictures.append((on_white if index % 2 else photographed_paper)(ink, rng))
            texts.append(parts[0].texts[index] + parts[1].texts[index])
        return Numbers(pictures, texts, [])

    return load


def _sign(kind: str, height: int, rng: np.random.Generator) -> np.ndarray:
    """Float32 (height, width), 0 to 1, cropped to the ink."""
    ink = draw_sign(kind, height, max(2, round(rng.uniform(0.06, 0.11) * height)), float(rng.normal(0.0, 0.1)), rng)
    x, y, width, sign_height = cv2.boundingRect(ink)
    return ink[y : y + sign_height, x : x + width].astype(np.float32) / 255


def _side_by_side(parts: tuple[np.ndarray, ...], height: int, rng: np.random.Generator) -> np.ndarray:
    rows = max(part.shape[0] for part in parts)
    spaced = []
    for part in parts:
        above = (rows - part.shape[0]) // 2
        gap = round(rng.uniform(0.1, 0.3) * height)
        spaced.append(np.pad(part, ((above, rows - part.shape[0] - above), (0, gap))))
    return np.hstack(spaced)
