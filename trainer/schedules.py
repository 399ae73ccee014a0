"""Learning rates over a training.

Rates that follow from the step alone are Keras schedules; the optimizer counts the steps and is saved with its count.
What follows from the validation losses so far is a pure function of the history. So a resumed run goes on as
an uninterrupted one would have.
"""

from collections.abc import Sequence

from keras import KerasTensor
from keras.optimizers import schedules
from keras.optimizers.schedules import LearningRateSchedule

from trainer.config import Schedule


def learning_rate(schedule: Schedule, *, num_epochs: int, steps_per_epoch: int) -> float | LearningRateSchedule:
    """What the optimizer starts with: a rate, or a rate for every step."""
    if schedule.kind == "exponential":
        return schedules.ExponentialDecay(
            schedule.learning_rate, decay_steps=steps_per_epoch, decay_rate=schedule.decay, staircase=True
        )
    if schedule.kind in ("one_cycle", "two_cycles"):
        # Source: Smith and Topin 2018, "Super-Convergence", arXiv 1708.07120; down along a cosine.
        num_steps = num_epochs * steps_per_epoch // schedule.num_cycles
        num_warmup_steps = round(num_steps * schedule.warmup_share)
        cycle = schedules.CosineDecay(
            schedule.learning_rate / 100,
            warmup_target=schedule.learning_rate,
            warmup_steps=num_warmup_steps,
            decay_steps=num_steps - num_warmup_steps,
        )
        return Repeated(cycle, num_steps) if schedule.num_cycles > 1 else cycle
    return schedule.learning_rate


class Repeated(LearningRateSchedule):
    """A schedule that begins anew every `num_steps` steps.

    Source: Loshchilov and Hutter 2017, "SGDR: Stochastic Gradient Descent with Warm Restarts", arXiv 1608.03983.
    """

    def __init__(self, schedule: LearningRateSchedule, num_steps: int) -> None:
        self._schedule = schedule
        self._num_steps = num_steps

    def __call__(self, step: KerasTensor) -> KerasTensor:
        """The rate of a step, counted from 0."""
        return self._schedule(step % self._num_steps)


def plateau_rate(schedule: Schedule, losses: Sequence[float]) -> float:
    """The rate of the next epoch under `on_plateau`.

    Args:
        schedule: with its first rate, its decay and its patience.
        losses: validation loss of every epoch so far.
    """
    rate, best, num_waited = schedule.learning_rate, float("inf"), 0
    for loss in losses:
        num_waited = 0 if loss < best else num_waited + 1
        best = min(best, loss)
        if num_waited == schedule.patience:
            rate, num_waited = rate * schedule.decay, 0
    return rate


def epochs_since_best(losses: Sequence[float]) -> int:
    """Number of epochs after the one with the lowest loss; 0 for an empty history."""
    return len(losses) - 1 - losses.index(min(losses)) if losses else 0
