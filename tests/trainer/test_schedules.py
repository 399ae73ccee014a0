from dataclasses import replace

import pytest

from trainer.config import Schedule
from trainer.schedules import epochs_since_best, learning_rate, plateau_rate


@pytest.mark.parametrize(
    ("losses", "rate"),
    [
        ([], 1.0),
        ([3, 2, 1], 1.0),  # still falling
        ([3, 2, 2.5], 1.0),  # one epoch of patience left
        ([3, 2, 2.5, 2], 0.1),  # as good is not better
        ([3, 2, 2.5, 2, 2.1, 2.2], 0.01),  # waits anew after each step
        ([3, 2, 2.5, 2, 1], 0.1),  # never rises again
    ],
)
def test_plateau(losses, rate):
    assert plateau_rate(Schedule("on_plateau", 1.0, decay=0.1, patience=2), losses) == pytest.approx(rate)


@pytest.mark.parametrize(("losses", "num_epochs"), [([], 0), ([1], 0), ([2, 1], 0), ([1, 2, 3], 2), ([1, 1], 1)])
def test_epochs_since_best(losses, num_epochs):
    assert epochs_since_best(losses) == num_epochs


def test_one_cycle_rises_to_its_peak_and_falls_to_zero():
    rate = learning_rate(Schedule("one_cycle", 0.5, warmup_share=0.25), num_epochs=10, steps_per_epoch=10)
    values = [float(rate(step)) for step in range(101)]
    assert values.index(max(values)) == 25
    assert max(values) == pytest.approx(0.5)
    assert values[100] == pytest.approx(0, abs=1e-6)
    assert values[0] < 0.01


def test_second_cycle_is_the_first_once_more():
    schedule = Schedule("two_cycles", 0.5, warmup_share=0.25)
    rate = learning_rate(schedule, num_epochs=10, steps_per_epoch=10)
    values = [float(rate(step)) for step in range(100)]
    assert values[50:] == values[:50]
    half = learning_rate(replace(schedule, kind="one_cycle"), num_epochs=5, steps_per_epoch=10)
    assert values[:50] == [float(half(step)) for step in range(50)]


def test_exponential_falls_once_an_epoch():
    rate = learning_rate(Schedule("exponential", 1.0, decay=0.5), num_epochs=3, steps_per_epoch=10)
    assert [float(rate(step)) for step in (0, 9, 10, 20)] == [1.0, 1.0, 0.5, 0.25]
