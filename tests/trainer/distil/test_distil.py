"""A tiny student learns from a tiny ensemble."""

import json
from dataclasses import replace

import keras
import numpy as np
import pytest

from service.recognition.probability import softmax
from trainer.architectures.registry import build_model
from trainer.data.batches import TrainingBatches
from trainer.data.mnist import load_mnist
from trainer.data.sources import load_training_data
from trainer.distil.commands import compare, unseen_digits
from trainer.distil.config import DistilledConfig, distilled
from trainer.distil.lesson import DistillationLoss, EnsembleLesson, load_teacher
from trainer.ensemble.config import EnsembleConfig
from trainer.ensemble.train import member_runs
from trainer.errors import TrainerError
from trainer.runs import Run
from trainer.train import train

# Keras 3.15 makes arrays of TensorFlow 2.21's variables in a way that NumPy 2 warns about.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture(scope="module")
def config(tiny_config) -> DistilledConfig:
    """A `dnn` that learns from five random networks, and hardly from labels."""
    others = [
        replace(tiny_config, name=f"{architecture}-{seed}", architecture=architecture, seed=seed)
        for architecture, seed in (("dnn", 1), ("mlp", 2), ("dnn", 3), ("mlp", 4))
    ]
    return distilled(
        replace(tiny_config, num_epochs=3),
        name="taught",
        teacher=EnsembleConfig(name="ensemble", lead=tiny_config, others=tuple(others)),
        rival="dnn",
        soft_share=0.9,
        soften=2.0,
    )


@pytest.fixture(scope="module")
def output_dir(config, tmp_path_factory):
    """Runs of the teacher's members, with random weights."""
    folder = tmp_path_factory.mktemp("runs")
    keras.utils.set_random_seed(3)
    for run in member_runs(config.teacher, folder):
        run.open()
        run.deliver(build_model(run.config.architecture))
    return folder


def test_loss_is_divergence_and_cross_entropy():
    rng = np.random.default_rng(0)
    teacher, student, labels = rng.normal(size=(6, 10)), rng.normal(size=(6, 10)), rng.integers(0, 10, 6)
    targets = np.concatenate([np.log(softmax(teacher)), labels[:, np.newaxis]], axis=1).astype(np.float32)

    taught, learned = softmax(teacher, temperature=3.0), softmax(student, temperature=3.0)
    divergence = (taught * np.log(taught / learned)).sum(axis=1)
    cross_entropy = -np.log(softmax(student)[np.arange(6), labels])
    found = DistillationLoss(0.7, 3.0)(targets, student.astype(np.float32))

    assert float(found) == pytest.approx(np.mean(0.7 * 9 * divergence + 0.3 * cross_entropy), rel=1e-4)


def test_batches_are_those_of_the_labels_with_the_teachers_opinion_of_the_bent_canvases(config, output_dir, data_dir):
    teacher = load_teacher(config, Run(output_dir, config))
    digits = load_training_data(config, data_dir).fit
    plain = TrainingBatches(
        digits, batch_size=32, augmentation=config.augmentation, epochs_per_cycle=2, first_epoch=0, seed=config.seed
    )
    taught = EnsembleLesson(config, teacher).batches(plain)

    assert len(taught) == len(plain)
    for _ in range(2):
        canvases, targets = taught[1]
        np.testing.assert_array_equal(canvases, plain[1][0])
        np.testing.assert_array_equal(targets[:, 10], plain[1][1])
        np.testing.assert_allclose(targets[:, :10], np.asarray(teacher(canvases)), atol=1e-5)
        taught.on_epoch_end()


def test_student_comes_to_think_as_its_teacher_and_a_stopped_training_goes_on(config, output_dir, data_dir):
    data = load_training_data(config, data_dir)
    teacher = load_teacher(config, Run(output_dir, config))
    lesson = EnsembleLesson(config, teacher)
    run = Run(output_dir, config)

    class Stop(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(config, data, run, lesson=lesson, watchers=[Stop()])
    assert not run.weights_path.exists()
    train(config, data, run, lesson=lesson)
    history = json.loads((run.folder / "history.json").read_text())

    assert [row["epoch"] for row in history] == [1, 2, 3]
    assert history[-1]["loss"] < history[0]["loss"]
    assert {"accuracy", "val_accuracy"} <= set(history[0])
    assert json.loads((run.folder / "config.json").read_text())["teacher"]["name"] == "ensemble"


def test_teacher_that_is_not_finished_is_named(config, tmp_path):
    with pytest.raises(TrainerError, match=r"dnn/model\.weights\.h5 does not exist"):
        load_teacher(config, Run(tmp_path, config))


def test_two_networks_are_compared_on_the_calibration_writers(config, output_dir, data_dir):
    mnist = load_mnist(data_dir)
    digits = unseen_digits(mnist)
    assert len(digits) == len(mnist.splits.calibration)
    one, other = member_runs(config.teacher, output_dir)[:2]
    duel = compare(one, other, digits)

    assert duel.num_digits == len(digits)
    assert duel.num_right - duel.num_only_right == duel.rival_num_right - duel.rival_num_only_right
    same = compare(one, one, digits)
    assert (same.num_only_right, same.rival_num_only_right, same.is_won) == (0, 0, False)


@pytest.mark.parametrize(("changes", "told"), [({"soft_share": 1.5}, "soft share"), ({"soften": 0.5}, "softens")])
def test_shares_and_divisors_that_make_no_sense_are_refused(config, changes, told):
    with pytest.raises(ValueError, match=told):
        replace(config, **changes)
