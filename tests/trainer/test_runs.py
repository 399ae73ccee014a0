"""The whole way of a tiny network: train, be stopped, go on, evaluate, export."""

import json
from dataclasses import replace

import keras
import numpy as np
import pytest

from service.recognition.manifest import load_manifest, verify_files
from service.runtime.litert_network import LiteRtNetwork
from service.runtime.saved_model import SavedModel
from trainer import digit_model
from trainer import train as train_module
from trainer.__main__ import main
from trainer.architectures.registry import build_model
from trainer.averaging import measure_batch_statistics
from trainer.calibrate import THRESHOLDS
from trainer.data.batches import TrainingBatches
from trainer.data.digits import Digits
from trainer.data.sources import load_training_data
from trainer.errors import TrainerError
from trainer.graphs import exported_graph
from trainer.runs import Run, read_sittings
from trainer.train import train

# Keras 3.15 makes arrays of TensorFlow 2.21's variables in a way that NumPy 2 warns about.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture(scope="module")
def finished(tmp_path_factory, data_dir, tiny_config):
    """A finished run."""
    run = Run(tmp_path_factory.mktemp("runs"), tiny_config)
    train(tiny_config, load_training_data(tiny_config, data_dir), run)
    return run


def weights_of(run):
    model = build_model(run.config.architecture)
    model.load_weights(run.weights_path)
    return model.get_weights()


class PowerCut(Exception):
    """Stands in for a killed process."""


def test_stopped_run_goes_on_and_ends_as_if_never_stopped(
    finished, tmp_path, data_dir, tiny_config, monkeypatch, capsys
):
    data = load_training_data(tiny_config, data_dir)
    run = Run(tmp_path, tiny_config)
    commit = Run.commit_checkpoint

    def commit_and_die(*arguments):
        commit(*arguments)
        raise PowerCut

    monkeypatch.setattr(Run, "commit_checkpoint", commit_and_die)
    with pytest.raises(PowerCut):
        train(tiny_config, data, run)
    monkeypatch.undo()
    assert not run.weights_path.exists()
    assert [path.name for path in run.folder.glob("epoch-*")] == ["epoch-0001"]

    train(tiny_config, data, run)
    assert "Going on after epoch 1 of 2" in capsys.readouterr().out
    history = json.loads((run.folder / "history.json").read_text())
    assert [row["epoch"] for row in history] == [1, 2]
    for value, expected in zip(weights_of(run), weights_of(finished), strict=True):
        np.testing.assert_allclose(value, expected, atol=1e-5)


def test_half_written_checkpoint_is_not_picked_up(finished, tmp_path, tiny_config):
    run = Run(tmp_path, tiny_config)
    run.open()
    (run.new_checkpoint_folder() / "state.weights.h5").write_bytes(b"half of it")
    assert run.latest_checkpoint() is None


def test_run_says_what_it_was_trained_with(finished, data_dir, tiny_config):
    (sitting,) = read_sittings(finished.folder)
    assert (sitting["first_epoch"], sitting["backend"]) == (1, keras.backend.backend())
    assert sitting["splits"]["sha256"] == load_training_data(tiny_config, data_dir).mnist.splits.sha256


def test_finished_run_is_left_alone(finished, data_dir, tiny_config, capsys):
    before = finished.weights_path.read_bytes()
    train(tiny_config, load_training_data(tiny_config, data_dir), finished)
    assert "is finished" in capsys.readouterr().out
    assert finished.weights_path.read_bytes() == before


def test_changed_config_does_not_go_on_with_the_old_run(finished, data_dir, tiny_config):
    changed = replace(tiny_config, batch_size=64)
    with pytest.raises(TrainerError, match="batch_size changed"):
        train(changed, load_training_data(changed, data_dir), Run(finished.folder.parent, changed))


def test_stalled_training_stops_early_with_the_best_weights(tmp_path, data_dir, tiny_config, monkeypatch):
    config = replace(tiny_config, num_epochs=9, early_stopping_patience=2, ema_momentum=None, name="stalled")
    losses = [0.9, 0.5, 0.7, 0.6, 0.5, 0.5, 0.5, 0.5, 0.5]  # the second epoch is the best
    monkeypatch.setattr(train_module, "_losses", lambda history: losses[: len(history)])
    learned = []

    class Noted(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            learned.append(self.model.get_weights())

    run = Run(tmp_path, config)
    train(config, load_training_data(config, data_dir), run, watchers=[Noted()])
    assert len(json.loads((run.folder / "history.json").read_text())) == len(learned) == 4
    delivered = build_model(config.architecture)
    delivered.load_weights(run.weights_path)
    is_that_of = [
        all(np.array_equal(found, kept) for found, kept in zip(delivered.get_weights(), weights, strict=True))
        for weights in learned
    ]
    assert is_that_of == [False, True, False, False]


@pytest.mark.parametrize("kind", ["one_cycle", "two_cycles", "exponential", "on_plateau"])
def test_every_schedule_trains(tmp_path, data_dir, tiny_config, kind):
    schedule = replace(tiny_config.schedule, kind=kind, decay=0.5, patience=1, warmup_share=0.5)
    config = replace(tiny_config, name=kind, num_epochs=schedule.num_cycles, schedule=schedule)
    assert train(config, load_training_data(config, data_dir), Run(tmp_path, config)).exists()


def test_cycles_are_of_one_length(tiny_config):
    with pytest.raises(ValueError, match="3 epochs, which 2 cycles"):
        replace(tiny_config, num_epochs=3, schedule=replace(tiny_config.schedule, kind="two_cycles"))


def test_choosing_on_writers_that_are_fitted_on_is_refused(tiny_config):
    with pytest.raises(ValueError, match="nothing may be chosen"):
        replace(tiny_config, ema_momentum=None, fit_on=("train", "validation"), early_stopping_patience=3)


def test_average_over_the_weights_is_not_stopped_early(tiny_config):
    with pytest.raises(ValueError, match="cannot stop early"):
        replace(tiny_config, ema_momentum=0.9, early_stopping_patience=3)


def test_batch_statistics_become_those_of_the_training_batches():
    model = keras.Sequential([keras.Input((28, 28, 1), dtype="uint8"), keras.layers.BatchNormalization()])
    canvases = np.random.default_rng(0).integers(0, 256, (40, 28, 28, 1), dtype=np.uint8)
    batches = TrainingBatches(
        Digits(canvases, np.zeros(40, dtype=np.int64)),
        batch_size=10, augmentation=None, epochs_per_cycle=1, first_epoch=0, seed=0,
    )  # fmt: skip
    measure_batch_statistics(model, batches)
    (layer,) = model.layers
    assert float(layer.moving_mean[0]) == pytest.approx(canvases.mean(), rel=1e-4)
    assert float(layer.moving_variance[0]) == pytest.approx(canvases.var(), rel=1e-2)


def test_fit_never_sees_calibration_or_test_digits(data_dir, tiny_config):
    data = load_training_data(tiny_config, data_dir)
    assert len(data.fit) == len(data.mnist.splits.train)
    everything = load_training_data(replace(tiny_config, fit_on=("train", "validation")), data_dir)
    assert len(everything.fit) == 300 - len(data.mnist.splits.calibration)
    assert everything.validation is None


@pytest.fixture
def command(finished, data_dir, tiny_config, monkeypatch):
    """Runs a command of the trainer on the finished run."""
    monkeypatch.setattr("trainer.commands.arguments.load_config", lambda _: tiny_config)

    def run(name, *options):
        return main([name, "dnn", "--data", str(data_dir), "--output", str(finished.folder.parent), *options])

    return run


def test_evaluate_prints_and_writes_scores(command, finished, capsys):
    assert command("evaluate") == 0
    printed = capsys.readouterr().out
    assert "mnist_test" in printed
    assert "macro precision" in printed
    scores = {item["dataset"]: item for item in json.loads((finished.folder / "evaluation.json").read_text())}
    assert scores.keys() == {"mnist_test", "mnist_validation"}
    assert scores["mnist_test"]["num_samples"] == 60
    assert scores["mnist_test"]["accuracy"] > 0.2  # chance is 0.1


def test_exported_folder_describes_itself_and_repeats_its_golden_logits(command, finished, tmp_path):
    assert command("export", "--models", str(tmp_path), "--version", "3") == 0
    folder = tmp_path / "dnn" / "3"
    assert [path.name for path in folder.parent.iterdir()] == ["3"]  # nothing unfinished is left
    manifest = load_manifest(folder)
    verify_files(folder, manifest)
    assert manifest.num_parameters == 109_386
    assert manifest.temperature > 0
    for table in (manifest.calibration, manifest.clean_calibration):
        assert table is not None
        assert tuple(row.threshold for row in table.rows) == THRESHOLDS
    assert manifest.alphabet == "0123456789"  # there is no gate, so nothing can be rejected
    assert {metric.dataset for metric in manifest.metrics} == {"mnist_test", "mnist_validation"}
    assert manifest.provenance["splits"]["unit"] == "writer"
    assert manifest.provenance["training"] == read_sittings(finished.folder)
    assert manifest.provenance["config"]["num_epochs"] == 2
    assert "dnn, version 3" in (folder / "card.md").read_text()
    golden = np.load(folder / "golden.npz")
    logits = SavedModel(folder, input_shape=(28, 28, 1)).logits(golden["canvases"])
    np.testing.assert_allclose(logits, golden["logits"], atol=1e-5)
    in_int8 = LiteRtNetwork(folder / "int8.tflite", input_shape=(28, 28, 1)).logits(golden["canvases"])
    np.testing.assert_array_equal(in_int8, golden["logits_int8"])
    assert manifest.provenance["int8"]["is_written"]
    assert np.abs(in_int8 - logits).mean() < 0.1 * logits.std()


def test_exported_version_is_never_overwritten(command, tmp_path, capsys):
    (tmp_path / "dnn" / "1").mkdir(parents=True)
    assert command("export", "--models", str(tmp_path)) == 1
    assert "a version never changes" in capsys.readouterr().err


def test_export_that_fails_half_way_leaves_no_model(command, tmp_path, monkeypatch, capsys):
    def full_disk(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(digit_model, "digit_card", full_disk)
    assert command("export", "--models", str(tmp_path)) == 1
    assert "the disk is full" in capsys.readouterr().err
    assert not (tmp_path / "dnn" / "1").exists()


def test_same_canvas_gives_the_same_logits_alone_and_in_a_crowd(finished):
    canvases = np.load(finished.golden_path)["canvases"]
    with exported_graph(finished) as folder:
        model = SavedModel(folder, input_shape=(28, 28, 1))
        alone = np.concatenate([model.logits(canvas[np.newaxis]) for canvas in canvases])
        np.testing.assert_allclose(model.logits(canvases), alone, atol=1e-5)


def test_weights_that_are_not_those_of_the_training_are_not_exported(finished, tmp_path, tiny_config):
    run = Run(tmp_path, tiny_config)
    run.open()
    build_model(tiny_config.architecture).save_weights(run.weights_path)
    run.golden_path.write_bytes(finished.golden_path.read_bytes())
    with pytest.raises(TrainerError, match="logits differ"), exported_graph(run):
        pass


def test_export_runs_on_tensorflow_only(finished, monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    with pytest.raises(TrainerError, match="KERAS_BACKEND=tensorflow"), exported_graph(finished):
        pass


def test_unfinished_run_is_not_exported(tmp_path, tiny_config):
    with pytest.raises(TrainerError, match="Finish the training first"), exported_graph(Run(tmp_path, tiny_config)):
        pass


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "resnet"], "There is no config 'resnet'. Choose one of: auto, cnn, "),
        (["train", "dnn", "--data", "/no/such/folder"], "is not a folder"),
    ],
)
def test_mistakes_are_answered_with_a_sentence(arguments, message, capsys):
    assert main(arguments) == 1
    error = capsys.readouterr().err
    assert error.startswith("trainer: ")
    assert message in error
    assert "Traceback" not in error
