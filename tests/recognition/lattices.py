"""Frames of a reader, made up, and what they say found the slow way: by writing down every path."""

import itertools
from functools import cache

import numpy as np

from service.recognition.alphabet import NUM_CLASSES, SYMBOLS
from service.recognition.probability import softmax

NEVER = -60.0  # a logit next to which nothing else counts


def logits_of(path: str, *, sure: float = 20.0) -> np.ndarray:
    """Frames that show one path, such as "_33_3", each with a logit of `sure` for its symbol and 0 for the others.

    Returns:
        float32 (len(path), 12).
    """
    logits = np.zeros((len(path), NUM_CLASSES), np.float32)
    logits[np.arange(len(path)), [SYMBOLS.index(symbol) for symbol in path]] = sure
    return logits


def random_logits(seed: int, *, num_frames: int, symbols: str, spread: float = 2.0) -> np.ndarray:
    """Frames that show the symbols given, and no others, at random.

    Returns:
        float32 (num_frames, 12).
    """
    rng = np.random.default_rng(seed)
    logits = np.full((num_frames, NUM_CLASSES), NEVER, np.float32)
    shown = [SYMBOLS.index(symbol) for symbol in symbols]
    logits[:, shown] = rng.normal(0.0, spread, (num_frames, len(shown)))
    return logits


def every_label(logits: np.ndarray, *, symbols: str) -> dict[str, float]:
    """The probability of every label that the symbols can write, summed over all paths one by one."""
    probs = softmax(logits)
    paths, labels = every_path(len(probs), symbols)
    masses: dict[str, float] = dict.fromkeys(labels, 0.0)
    for label, prob in zip(labels, probs[np.arange(len(probs)), paths].prod(axis=1).tolist(), strict=True):
        masses[label] += prob
    return masses


@cache
def every_path(num_frames: int, symbols: str) -> tuple[np.ndarray, list[str]]:
    """All paths, as classes int64 (num_paths, num_frames), and the label that each of them writes."""
    paths = list(itertools.product(symbols, repeat=num_frames))
    labels = ["".join(symbol for symbol, _ in itertools.groupby(path)).replace("_", "") for path in paths]
    return np.array([[SYMBOLS.index(symbol) for symbol in path] for path in paths]), labels
