"""What is there is measured, what is not is trained or left out."""

from dataclasses import replace

import numpy as np
import pytest

from trainer import compare as compare_module
from trainer.compare import ENTRIES, Entry, Row, compare, train_missing
from trainer.config import config_names
from trainer.data.mnist import load_mnist
from trainer.errors import TrainerError
from trainer.evaluate import score
from trainer.trained import Training

# Keras 3.15 makes arrays of TensorFlow 2.21's variables in a way that NumPy 2 warns about.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def test_every_entry_is_a_config_or_the_ensemble():
    assert {entry.name for entry in ENTRIES} - {"ensemble"} <= {*config_names()}


def test_finished_run_is_measured_and_missing_ones_are_left_out(tiny_run, data_dir, tmp_path, monkeypatch):
    monkeypatch.setattr("trainer.trained.load_config", lambda name: replace(tiny_run.config, name=name))
    speeds = []

    def measure_speed(graphs):
        speeds.append([*graphs])
        assert all((graph / "saved_model.pb").exists() for graph in graphs.values())
        return dict.fromkeys(graphs, 1234.0)

    comparison = compare(
        load_mnist(data_dir),
        data_dir,
        models_dir=tmp_path,
        runs_dir=tiny_run.folder.parent,
        entries=[Entry("mlp"), Entry("dnn", (0.01,)), Entry("no_such")],
        measure_speed=measure_speed,
    )
    (row,) = comparison.rows
    assert speeds == [["dnn"]]
    assert (row.entry.name, row.num_parameters, row.images_per_s, row.version) == ("dnn", 109_386, 1234.0, None)
    assert (row.mnist.dataset, row.mnist.num_samples) == ("mnist_test", 60)
    assert row.mnist.num_right > 12  # chance is 6
    assert row.bhmsds is None  # its file is not there
    assert row.reaches_published
    assert len(row.to_dict()["training"]["history"]) == 2
    assert {*comparison.left_out} == {"mlp", "no_such"}
    assert "cores" in comparison.machine


def test_comparison_of_nothing_is_refused(data_dir, tmp_path):
    with pytest.raises(TrainerError, match="Nothing is trained"):
        compare(load_mnist(data_dir), None, models_dir=tmp_path, runs_dir=tmp_path, entries=[Entry("no_such")])


def test_only_what_is_neither_trained_nor_exported_is_trained(tiny_run, data_dir, tmp_path, monkeypatch):
    trained = []
    monkeypatch.setattr(compare_module, "train", lambda config, data, run: trained.append((config.name, run.folder)))
    (tmp_path / "models" / "mlp").mkdir(parents=True)
    runs = tiny_run.folder.parent
    entries = [Entry(name) for name in ("dnn", "mlp", "lenet5", "crnn", "no_such")]
    train_missing(data_dir, models_dir=tmp_path / "models", runs_dir=runs, entries=entries)
    assert trained == [("lenet5", runs / "lenet5")]


@pytest.mark.parametrize(
    ("published", "reaches"),
    [
        ((), True),  # nothing to reach
        ((0.75,), True),
        ((0.76,), False),
        ((0.75, 0.9), True),  # the first one counts
    ],
)
def test_published_figure_is_reached_or_not(published, reaches):
    logits = np.eye(10, dtype=np.float32)[[0, 1, 2, 2]]
    four = score("mnist_test", logits, np.array([0, 1, 2, 3]))
    assert Row(Entry("dnn", published), None, 1, four, None, 1.0, Training()).reaches_published is reaches
