from dataclasses import replace

import numpy as np
import pytest

from trainer.config import Augmentation
from trainer.configs import cnn
from trainer.data.mnist import load_mnist
from trainer.errors import TrainerError
from trainer.finetune.rehearsal import canvases_to_rehearse


def test_digits_of_the_training_writers_are_rehearsed(data_dir, tiny_config):
    mnist = load_mnist(data_dir)
    straight = replace(tiny_config, augmentation=None)
    canvases = canvases_to_rehearse(straight, mnist, data_dir, has_gate=False, seed=1)
    train = {canvas.tobytes() for canvas in mnist.train.take(mnist.splits.train).canvases}
    assert len(canvases) == len(mnist.splits.train)
    assert {canvas.tobytes() for canvas in canvases} == train


def test_they_are_bent_where_the_training_bends(data_dir, tiny_config):
    mnist = load_mnist(data_dir)
    bending = replace(tiny_config, augmentation=Augmentation(rotation_deg=20))
    straight, bent = (
        canvases_to_rehearse(config, mnist, data_dir, has_gate=False, seed=1)
        for config in (replace(tiny_config, augmentation=None), bending)
    )
    assert not np.array_equal(straight, bent)


@pytest.mark.parametrize(("has_gate", "config"), [(False, cnn.CONFIG), (True, None)], ids=["bhmsds", "gate"])
def test_what_is_not_downloaded_is_asked_for(data_dir, tiny_config, has_gate, config):
    mnist = load_mnist(data_dir)
    with pytest.raises(TrainerError, match="--data"):
        canvases_to_rehearse(config or tiny_config, mnist, None, has_gate=has_gate, seed=1)
