from dataclasses import replace

import numpy as np

from trainer.configs import cnn
from trainer.data.batches import TrainingBatches
from trainer.data.digits import Digits
from trainer.golden import draw_digit

DIGITS = Digits(np.stack([draw_digit(digit, stroke_px=2) for digit in range(10)]), np.arange(10))


def batches(first_epoch, augmentation=cnn.CONFIG.augmentation):
    return TrainingBatches(
        DIGITS, batch_size=4, augmentation=augmentation, epochs_per_cycle=20, first_epoch=first_epoch, seed=1
    )


def test_every_digit_comes_once_in_an_epoch():
    epoch = batches(0, augmentation=None)
    labels = np.concatenate([epoch[index][1] for index in range(len(epoch))])
    assert sorted(labels) == [*range(10)]


def test_epochs_differ():
    epoch = batches(0)
    first = epoch[0][0]
    epoch.on_epoch_end()
    assert not np.array_equal(first, epoch[0][0])


def test_resumed_run_sees_what_it_would_have_seen():
    going, resumed = batches(0), batches(1)
    going.on_epoch_end()
    for index in range(len(going)):
        np.testing.assert_array_equal(going[index][0], resumed[index][0])
        np.testing.assert_array_equal(going[index][1], resumed[index][1])


def test_every_cycle_ends_calmly(monkeypatch):
    strengths = []
    monkeypatch.setattr(
        "trainer.data.batches.augment",
        lambda canvases, augmentation, rng, *, strength: strengths.append(strength) or canvases,
    )
    augmentation = replace(cnn.CONFIG.augmentation, calm_epochs=2)
    epoch = TrainingBatches(DIGITS, batch_size=16, augmentation=augmentation, epochs_per_cycle=3, first_epoch=0, seed=1)
    for _ in range(6):
        epoch[0]
        epoch.on_epoch_end()
    assert strengths == [1.0, 0.5, 0.5] * 2
