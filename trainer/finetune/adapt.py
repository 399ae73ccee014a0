"""Teaching a digit network a person's own digits without its forgetting the others.

Half of every batch are own digits, bent otherwise each time, half are canvases to rehearse: digits of the kind that the
network was trained on and, where it has a gate, what is no digit. What it is to say about those is what it has said
about them before, doubts included.

Source: rehearsal, Robins 1995, "Catastrophic Forgetting, Rehearsal and Pseudorehearsal"; with the former answers as
targets, Li and Hoiem 2016, "Learning without Forgetting", arXiv 1606.09282; going half of the way in the end, Wortsman
et al. 2022, "Robust fine-tuning of zero-shot models", arXiv 2109.01903.
"""

from dataclasses import dataclass

import keras
import numpy as np
from numpy.typing import NDArray

from service.recognition.probability import softmax
from trainer.augment import augment
from trainer.config import Augmentation
from trainer.data.digits import Digits
from trainer.finetune.networks import DigitNetworks, freeze_statistics
from trainer.finetune.pictures import require_pictures

_BATCH_SIZE = 500  # of the answers before
# For configs that bend nothing: about what one person's writing varies by.
_USUAL_BENDING = Augmentation(rotation_deg=10, zoom=0.1, shift=0.05, shear=0.1, thickness_chance=0.2)


@dataclass(frozen=True, slots=True)
class AdaptOptions:
    """How long, and how carefully.

    Attributes:
        num_epochs: how often each own picture is seen.
        learning_rate: at the start; down to zero along a cosine.
        batch_size: own pictures in a batch; as many rehearsed canvases stand beside them.
        share_of_way: how far, from the weights of before to those that were learned, the weights are put in the end; 0
            to 1. Half of the way kept all that was gained on optdigits, and forgot none of what three quarters forgot
            of MNIST's calibration writers.
        seed: where chance starts.
    """

    num_epochs: int = 30
    learning_rate: float = 3e-4
    batch_size: int = 64
    share_of_way: float = 0.5
    seed: int = 3


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """Canvases of what the network knows, and what it says about them before anything is changed.

    Attributes:
        canvases: uint8 (n, 28, 28, 1).
        answers: for each of `DigitNetworks.opinions`, by its name, probabilities float32 (n, num_classes).
    """

    canvases: NDArray[np.uint8]
    answers: dict[str, NDArray[np.float32]]

    @classmethod
    def of(cls, networks: DigitNetworks, canvases: NDArray[np.uint8]) -> "Rehearsal":
        """Ask the network, without its dropout."""
        opinions = networks.opinions
        starts = range(0, len(canvases), _BATCH_SIZE)
        batches = [opinions(canvases[start : start + _BATCH_SIZE], training=False) for start in starts]
        logits = {name: np.concatenate([np.asarray(batch[name]) for batch in batches]) for name in batches[0]}
        return cls(canvases, {name: softmax(one).astype(np.float32) for name, one in logits.items()})


def adapt(
    networks: DigitNetworks,
    own: Digits,
    rehearsal: Rehearsal,
    *,
    bending: Augmentation | None,
    options: AdaptOptions,
) -> list[float]:
    """Train the networks in place.

    All weights learn but for batch normalization's. A body and its gate are taught side by side: which digit it is
    and whether it is one, for the gate sees the body's features and has to follow them.

    Args:
        networks: see `DigitNetworks`.
        own: a person's digits.
        rehearsal: from the same networks.
        bending: how own digits are bent, at half strength; the usual way where None.
        options: how long, and how carefully.

    Returns:
        Mean loss of each epoch, at the weights that were learned.

    Raises:
        TrainerError: there are too few own digits.
    """
    require_pictures(len(own))
    learner = networks.opinions
    networks.body.trainable = True
    freeze_statistics(networks.body.layers)
    if networks.gate is not None:
        freeze_statistics(networks.gate.trunk.layers)
    before = [keras.ops.copy(variable.value) for variable in learner.trainable_variables]
    keras.utils.set_random_seed(options.seed)
    num_batches = -(-len(own) // options.batch_size)
    learner.compile(
        optimizer=keras.optimizers.AdamW(
            keras.optimizers.schedules.CosineDecay(options.learning_rate, options.num_epochs * num_batches),
            weight_decay=1e-4,
        ),
        loss={name: keras.losses.CategoricalCrossentropy(from_logits=True) for name in rehearsal.answers},
        jit_compile=False,
    )
    rng = np.random.default_rng(options.seed)
    order = _Deck(len(rehearsal.canvases), rng)
    losses = []
    for _ in range(options.num_epochs):
        learner.reset_metrics()  # or the loss would be the mean since the beginning
        loss = 0.0
        for rows in np.array_split(rng.permutation(len(own)), num_batches):
            bent = augment(own.canvases[rows], bending or _USUAL_BENDING, rng, strength=0.5)
            rehearsed = order.draw(len(rows))
            targets = {
                name: _targets(own.labels[rows], answers[rehearsed]) for name, answers in rehearsal.answers.items()
            }
            canvases = np.concatenate([bent, rehearsal.canvases[rehearsed]])
            loss = learner.train_on_batch(canvases, targets, return_dict=True)["loss"]
        losses.append(float(loss))
    for variable, was in zip(learner.trainable_variables, before, strict=True):
        variable.assign(was + options.share_of_way * (variable.value - was))
    return losses


class _Deck:
    """Deals rows in random order, each once before any comes again."""

    def __init__(self, num_rows: int, rng: np.random.Generator) -> None:
        self._num_rows = num_rows
        self._rng = rng
        self._rows = np.zeros(0, dtype=np.int64)

    def draw(self, num_drawn: int) -> NDArray[np.int64]:
        while len(self._rows) < num_drawn:
            self._rows = np.concatenate([self._rows, self._rng.permutation(self._num_rows)])
        drawn, self._rows = self._rows[:num_drawn], self._rows[num_drawn:]
        return drawn


def _targets(labels: NDArray[np.int64], answers: NDArray[np.float32]) -> NDArray[np.float32]:
    """What is to be said: of own digits their labels, then of what is rehearsed the former answers."""
    return np.concatenate([np.eye(answers.shape[1], dtype=np.float32)[labels], answers])
