"""What a digit network rehearses while it learns a person's own digits: a little of everything that it knows."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.augment import augment
from trainer.config import Augmentation, Config
from trainer.data.bhmsds import load_bhmsds
from trainer.data.digits import Digits, join
from trainer.data.exposure import NOT_A_DIGIT, Amounts, load_exposure
from trainer.data.mnist import Mnist
from trainer.data.printed import load_printed
from trainer.errors import TrainerError

NUM_DIGITS_REHEARSED, NUM_OTHERS_REHEARSED = 8_000, 4_000
# One canvas is drawn and photographed for so many that the gate was trained on: a minute's work.
_SHARE_OF_EXPOSURE = 40
_BATCH_SIZE = 500


def canvases_to_rehearse(
    config: Config, mnist: Mnist, data_dir: Path | None, *, has_gate: bool, seed: int
) -> NDArray[np.uint8]:
    """Canvases that need no labels: what is to be said about them is what was said before.

    Of MNIST these are digits of the training writers, so that those of the validation writers show what was forgotten.

    Args:
        config: of the network; its other sources of digits are rehearsed too.
        mnist: see above.
        data_dir: holds what the sources need.
        has_gate: whether marks, letters and several digits are to be rehearsed.
        seed: where chance starts.

    Returns:
        uint8 (n, 28, 28, 1), bent as in the training, at half strength.

    Raises:
        TrainerError: a source is missing or damaged.
    """
    rng = np.random.default_rng(seed)
    if has_gate:
        few: dict[str, Any] = {name: _few(amount) for name, amount in asdict(Amounts()).items()}
        folder = _required(data_dir, "what the gate was trained on")
        exposure = load_exposure(mnist, folder, seed=seed, amounts=Amounts(**few))
        is_digit = exposure.labels < NOT_A_DIGIT
        known = [
            _some(exposure.take(np.flatnonzero(is_digit)), NUM_DIGITS_REHEARSED, rng),
            _some(exposure.take(np.flatnonzero(~is_digit)), NUM_OTHERS_REHEARSED, rng),
        ]
    else:
        known = [_some(_digits(config, mnist, data_dir), NUM_DIGITS_REHEARSED, rng)]
    canvases = np.concatenate([digits.canvases for digits in known])
    return canvases if config.augmentation is None else _bent(canvases, config.augmentation, rng)


def _digits(config: Config, mnist: Mnist, data_dir: Path | None) -> Digits:
    parts = [mnist.train.take(mnist.splits.train)]
    if "bhmsds" in config.data:
        parts.append(load_bhmsds(_required(data_dir, "bhmsds.npz"), "train"))
    if "printed" in config.data:
        parts.append(load_printed())
    return join(parts)


def _few(amount: float) -> float:
    """Of a count, its share; a share as it is."""
    return amount // _SHARE_OF_EXPOSURE if isinstance(amount, int) else amount


def _some(digits: Digits, num_digits: int, rng: np.random.Generator) -> Digits:
    return digits.take(rng.permutation(len(digits))[:num_digits])


def _bent(canvases: NDArray[np.uint8], bending: Augmentation, rng: np.random.Generator) -> NDArray[np.uint8]:
    starts = range(0, len(canvases), _BATCH_SIZE)
    return np.concatenate(
        [augment(canvases[start : start + _BATCH_SIZE], bending, rng, strength=0.5) for start in starts]
    )


def _required(data_dir: Path | None, what: str) -> Path:
    if data_dir is None:
        raise TrainerError(f"This model rehearses {what}, which is not downloaded. Pass its folder with --data.")
    return data_dir
