"""A tiny student learns from a tiny exported network."""

import json
from dataclasses import replace

import keras
import numpy as np
import pytest

from service.recognition.manifest import manifest_sha256
from service.recognition.probability import softmax
from service.runtime.saved_model import SavedModel
from trainer.architectures.registry import CANVAS_SHAPE, build_model
from trainer.data.batches import TrainingBatches
from trainer.data.mnist import load_mnist
from trainer.data.sources import load_training_data
from trainer.distil.commands import Duel, compare, evaluate, train, unseen_digits
from trainer.distil.lesson import DistillationLoss, TeacherLesson
from trainer.distil.teacher import load_teacher, opinion, read_record, remember_teacher
from trainer.errors import TrainerError
from trainer.operations.folding import folded
from trainer.operations.graph import read_graph
from trainer.operations.in_tensorflow import run_graph
from trainer.runs import Run
from trainer.train import train as train_run

# Keras 3.15 makes arrays of TensorFlow 2.21's variables in a way that NumPy 2 warns about.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture(scope="module")
def teacher(config, models_dir, data_dir):
    canvases = load_training_data(config, data_dir).fit.canvases[:50]
    return load_teacher(models_dir / "wise" / "1", canvases)


def test_loss_is_divergence_and_cross_entropy():
    rng = np.random.default_rng(0)
    teacher, student, labels = rng.normal(size=(6, 10)), rng.normal(size=(6, 10)), rng.integers(0, 10, 6)
    targets = np.concatenate([np.log(softmax(teacher)), labels[:, np.newaxis]], axis=1).astype(np.float32)

    taught, learned = softmax(teacher, temperature=3.0), softmax(student, temperature=3.0)
    divergence = (taught * np.log(taught / learned)).sum(axis=1)
    cross_entropy = -np.log(softmax(student)[np.arange(6), labels])
    found = DistillationLoss(0.7, 3.0)(targets, student.astype(np.float32))

    assert float(found) == pytest.approx(np.mean(0.7 * 9 * divergence + 0.3 * cross_entropy), rel=1e-4)


def test_batches_are_those_of_the_labels_with_the_teachers_opinion_of_the_bent_canvases(config, teacher, data_dir):
    digits = load_training_data(config, data_dir).fit
    plain = TrainingBatches(
        digits, batch_size=32, augmentation=config.augmentation, epochs_per_cycle=2, first_epoch=0, seed=config.seed
    )
    taught = TeacherLesson(config, teacher.network).batches(plain)

    assert len(taught) == len(plain)
    for _ in range(2):
        canvases, targets = taught[1]
        np.testing.assert_array_equal(canvases, plain[1][0])
        np.testing.assert_array_equal(targets[:, 10], plain[1][1])
        np.testing.assert_array_equal(targets[:, :10], teacher.network.logits(canvases))
        taught.on_epoch_end()


def test_student_comes_to_think_as_its_teacher_and_a_stopped_training_goes_on(config, teacher, data_dir, tmp_path):
    data = load_training_data(config, data_dir)
    lesson = TeacherLesson(config, teacher.network)
    run = Run(tmp_path, config)

    class Stop(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_run(config, data, run, lesson=lesson, watchers=[Stop()])
    assert not run.weights_path.exists()
    train_run(config, data, run, lesson=lesson)
    history = json.loads((run.folder / "history.json").read_text())

    assert [row["epoch"] for row in history] == [1, 2, 3]
    assert history[-1]["loss"] < history[0]["loss"]
    assert {"accuracy", "val_accuracy"} <= set(history[0])


def test_student_is_trained_and_compared_by_commands(config, models_dir, data_dir, tmp_path, capsys):
    train(config, data_dir, tmp_path, models_dir=models_dir)
    scores = evaluate(config, data_dir, tmp_path, models_dir=models_dir)
    folder = tmp_path / "taught"
    duel = json.loads((folder / "duel.json").read_text())

    wise = models_dir / "wise" / "1"
    assert json.loads((folder / "teacher.json").read_text()) == {
        "name": "wise",
        "version": 1,
        "manifest_sha256": manifest_sha256(wise),
    }
    assert "mnist_test" in [score.dataset for score in scores]
    assert duel["num_digits"] == len(unseen_digits(load_mnist(data_dir)))
    told = capsys.readouterr().out
    assert f"taught reads {duel['num_right']}, dnn {duel['rival_num_right']}" in told
    better = "taught" if duel["num_right"] > duel["rival_num_right"] else "dnn"
    assert f"The better one is {better}; " in told


@pytest.mark.parametrize(("ours", "theirs", "chance"), [(0, 0, 1.0), (4, 3, 1.0), (3, 0, 0.25), (10, 0, 2 / 1024)])
def test_a_duel_says_how_much_chance_alone_would_give(ours, theirs, chance):
    duel = Duel(
        num_digits=100,
        num_right=80 + ours,
        rival_num_right=80 + theirs,
        num_only_right=ours,
        rival_num_only_right=theirs,
    )
    assert duel.chance == pytest.approx(chance)
    assert duel.is_won == (ours > theirs)


def test_training_does_not_go_on_with_another_teacher(config, put_model, data_dir, tmp_path):
    run = Run(tmp_path / "runs", config)
    run.open()
    canvases = load_training_data(config, data_dir).fit.canvases[:50]
    for version in (1, 2):
        folder = put_model(tmp_path / "models", "wise", version, build_model("mlp"))
        if version == 1:
            remember_teacher(run, load_teacher(folder, canvases))
    with pytest.raises(TrainerError, match="begun with wise 1 as its teacher; the newest one is now wise 2"):
        train(config, data_dir, tmp_path / "runs", models_dir=tmp_path / "models")
    assert read_record(run)["version"] == 1


def test_teacher_that_is_not_there_is_named_with_those_that_are(config, models_dir, data_dir, tmp_path):
    with pytest.raises(TrainerError, match="no model 'sage', but dnn, wise"):
        train(replace(config, teacher="sage"), data_dir, tmp_path, models_dir=models_dir)


def test_teacher_is_asked_before_its_gate(gated):
    """What its gate adds is how sure one may be, which no student of ten digits learns."""
    before = run_graph(opinion(gated.folded), gated.canvases)
    log_probs = np.asarray(before[opinion(gated.folded).output])

    assert log_probs.shape == (len(gated.canvases), 10)
    np.testing.assert_allclose(np.exp(log_probs).sum(axis=1), 1, atol=1e-5)
    np.testing.assert_array_equal(log_probs.argmax(axis=1), gated.logits[:, :10].argmax(axis=1))
    assert len(opinion(gated.folded).nodes) < len(gated.folded.nodes)


def test_network_without_a_gate_is_asked_as_it_is(models_dir):
    graph = folded(read_graph(models_dir / "wise" / "1"))
    assert opinion(graph) is graph


def test_teacher_in_eight_bits_thinks_as_in_float32(teacher, models_dir, config, data_dir):
    canvases = load_training_data(config, data_dir).fit.canvases
    whole = SavedModel(models_dir / "wise" / "1", input_shape=CANVAS_SHAPE).logits(canvases)
    np.testing.assert_allclose(softmax(teacher.network.logits(canvases)), softmax(whole), atol=0.02)


def test_run_and_model_are_compared_on_the_calibration_writers(config, put_model, data_dir, tmp_path):
    digits = unseen_digits(load_mnist(data_dir))
    keras.utils.set_random_seed(4)
    ours, theirs = build_model("dnn"), build_model("dnn")
    run = Run(tmp_path / "runs", config)
    run.open()
    run.deliver(ours)
    num_right = [
        int((np.asarray(one(digits.canvases)).argmax(axis=1) == digits.labels).sum()) for one in (ours, theirs)
    ]
    duel = compare(run, put_model(tmp_path, "dnn", 1, theirs), digits)

    assert [duel.num_right, duel.rival_num_right] == num_right
    assert duel.num_right - duel.num_only_right == duel.rival_num_right - duel.rival_num_only_right
    same = compare(run, put_model(tmp_path, "dnn", 2, ours), digits)
    assert (same.num_digits, same.num_only_right, same.rival_num_only_right, same.is_won) == (len(digits), 0, 0, False)


@pytest.mark.parametrize(("changes", "told"), [({"soft_share": 1.5}, "soft share"), ({"soften": 0.5}, "softens")])
def test_shares_and_divisors_that_make_no_sense_are_refused(config, changes, told):
    with pytest.raises(ValueError, match=told):
        replace(config, **changes)
