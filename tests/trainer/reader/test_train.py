import re
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest

from service.recognition.manifest import manifest_sha256
from service.runtime.saved_model import SavedModel
from tests.trainer.lines.hands import drawn_hands
from trainer.configs import crnn_recurrent
from trainer.data.lines.generator import LineGenerator
from trainer.data.lines.style import LineStyle
from trainer.errors import TrainerError
from trainer.finetune.exported import newest_version
from trainer.reader import train as train_module
from trainer.reader.batches import _batched
from trainer.reader.commands import folds
from trainer.reader.finetune import FinetuneOptions, bent, finetune
from trainer.reader.first_weights import begin_with, read_first_weights
from trainer.reader.graph import INPUT_SHAPE, exported_reader
from trainer.reader.network import build_reader
from trainer.reader.own_pictures import OwnPictures
from trainer.reader.train import rate_at, train_reader
from trainer.reader.trained import reader_from
from trainer.runs import Run, read_sittings

# Keras 3.15 makes arrays of TensorFlow 2.21's variables in a way that NumPy 2 warns about.
pytestmark = [pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"), pytest.mark.slow]

MODELS = Path(__file__).parents[3] / "models"
CONFIG = replace(crnn_recurrent.CONFIG, num_epochs=2, precision="float32", columns_per_batch=512, warmup_share=0.0)


class DrawnBatches:
    """In place of `LineBatches`: a few numbers of drawn digits, composed at once."""

    def __init__(self, config, data_dir):
        self._seed = config.seed

    def epoch(self, epoch):
        style = LineStyle(max_length=3)
        generator = LineGenerator(drawn_hands(), [], style, seed=self._seed + epoch)
        return list(_batched(map(generator.example, range(48)), columns_per_batch=512))[:4]

    def splits(self):
        return {"of": "drawn digits", "unit": "hand", "sha256": "0", "fitted_on": ["train"]}

    def close(self):
        pass


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run that was stopped after its first epoch, and gone on with."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(train_module, "LineBatches", DrawnBatches)
        run = Run(tmp_path_factory.mktemp("runs"), CONFIG)

        def stop(history):
            raise KeyboardInterrupt

        with patch.context() as stopping:
            stopping.setattr(train_module, "report", stop)
            with pytest.raises(KeyboardInterrupt):
                train_reader(CONFIG, None, run)
        assert run.latest_checkpoint().num_epochs == 1
        assert not run.weights_path.exists()
        train_reader(CONFIG, None, run)
        return run


def test_a_training_notes_its_splits(run):
    assert [one["first_epoch"] for one in read_sittings(run.folder)] in ([1], [1, 2])  # two where the tree changed
    assert read_sittings(run.folder)[0]["splits"] == DrawnBatches(CONFIG, None).splits()


def test_a_stopped_training_goes_on(run):
    assert [row["epoch"] for row in run.latest_checkpoint().history] == [1, 2]
    assert all(np.isfinite(row["loss"]) for row in run.latest_checkpoint().history)
    assert run.weights_path.exists()


def test_a_training_may_start_with_the_layers_of_another(run, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(train_module, "LineBatches", DrawnBatches)
    config = replace(CONFIG, heads=("convolutional",), serves="convolutional", num_epochs=1, learning_rate=0.0)
    started, fresh = Run(tmp_path / "started", config), Run(tmp_path / "fresh", config)
    train_reader(config, None, started, first_weights=run.weights_path)
    num_taken, num_all = map(int, re.search(r"(\d+) of (\d+) arrays are taken over", capsys.readouterr().out).groups())
    assert 0 < num_taken <= num_all
    train_reader(config, None, fresh)
    stems = []
    for one in (run, started, fresh):
        model = build_reader(one.config.heads)
        model.load_weights(one.weights_path)
        stems.append(np.asarray(model.get_layer(index=2).kernel))
    assert np.allclose(stems[0], stems[1])
    assert not np.allclose(stems[0], stems[2])
    assert read_first_weights(started)["run"] == "crnn_recurrent"
    assert read_first_weights(fresh) is None
    assert train_reader(config, None, started, first_weights=run.weights_path) == started.weights_path
    with pytest.raises(TrainerError, match="began with other weights, of crnn_recurrent"):
        train_reader(config, None, started, first_weights=fresh.weights_path)
    with pytest.raises(TrainerError, match="began from chance"):
        train_reader(config, None, fresh, first_weights=run.weights_path)


def test_first_weights_that_are_none_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(train_module, "LineBatches", DrawnBatches)
    for name in ("missing.h5", "text.weights.h5"):
        path = tmp_path / name
        if name.startswith("text"):
            path.write_text("no weights", encoding="utf-8")
        with pytest.raises(TrainerError, match="cannot be started with"):
            train_reader(CONFIG, None, Run(tmp_path / "runs", CONFIG), first_weights=path)


def test_first_weights_of_which_nothing_fits_are_refused(tmp_path):
    other = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    path = tmp_path / "other.weights.h5"
    other.save_weights(path)
    run = Run(tmp_path / "runs", CONFIG)
    with pytest.raises(TrainerError, match="none of its arrays fits"):
        train_reader(CONFIG, None, run, first_weights=path)
    assert read_first_weights(run) is None


def test_a_training_may_begin_with_an_exported_reader(tmp_path):
    exported = newest_version(MODELS, "crnn")
    config = replace(CONFIG, heads=("convolutional",), serves="convolutional")
    run = Run(tmp_path, config)
    run.open()
    model = build_reader(config.heads)
    begin_with(model, exported, run)
    for found, wanted in zip(model.weights, reader_from(exported, "convolutional").weights, strict=True):
        assert np.array_equal(found, wanted)
    assert read_first_weights(run) == {"run": "/".join(exported.parts[-2:]), "sha256": manifest_sha256(exported)}


def test_a_training_does_not_begin_with_a_model_of_another_kind(tmp_path):
    with pytest.raises(TrainerError, match="digit_classifier"):
        begin_with(build_reader(("convolutional",)), newest_version(MODELS, "cnn"), Run(tmp_path, CONFIG))


def test_the_export_repeats_what_the_training_noted_at_every_width(run):
    with exported_reader(run, CONFIG) as graph:
        model = SavedModel(graph, input_shape=INPUT_SHAPE)
        with np.load(run.golden_path) as golden:
            for name in golden.files:
                if name.startswith("canvases_"):
                    found = model.logits(golden[name])
                    assert np.allclose(found, golden[name.replace("canvases", "logits")], atol=1e-4)


def test_an_export_that_answers_otherwise_is_refused(run, tmp_path):
    with np.load(run.golden_path) as golden:
        changed = {name: golden[name] + (1 if name == "logits_128" else 0) for name in golden.files}
    kept = run.golden_path.read_bytes()
    np.savez(run.golden_path, **changed)
    try:
        with pytest.raises(TrainerError, match="width 128"), exported_reader(run, CONFIG):
            pass
    finally:
        run.golden_path.write_bytes(kept)


def test_the_trainable_network_comes_back_from_its_export(run):
    with exported_reader(run, CONFIG) as graph:
        model = reader_from(graph, "recurrent")
        canvases = np.load(run.golden_path)["canvases_64"]
        exported = SavedModel(graph, input_shape=INPUT_SHAPE).logits(canvases)
        assert np.allclose(model(canvases, training=False)["recurrent"], exported, atol=1e-4)
        with pytest.raises(TrainerError, match="weights of the architecture"):
            reader_from(graph, "convolutional")


def test_finetuning_learns_the_pictures_and_leaves_the_statistics(run):
    generator = LineGenerator(drawn_hands(), [], LineStyle(), seed=5)
    texts = [f"{number:02d}" for number in range(12)]
    own = OwnPictures([np.pad(generator.picture(i, text=text)[0], 6) for i, text in enumerate(texts)], texts)
    with exported_reader(run, CONFIG) as graph:
        model = reader_from(graph, "recurrent")
    before = [np.array(variable) for variable in model.variables]
    with pytest.raises(TrainerError, match="at least 10"):
        finetune(model, own.take([0, 1]), [], FinetuneOptions(num_epochs=1))
    finetune(model, own, DrawnBatches(CONFIG, None).epoch(7), FinetuneOptions(num_epochs=1))
    for variable, was in zip(model.variables, before, strict=True):
        if "moving" in variable.path:
            assert np.array_equal(variable, was)
        elif "kernel" in variable.path:
            assert not np.array_equal(variable, was)


def test_a_bent_picture_keeps_its_ink_and_is_another_every_time():
    picture = np.full((40, 120), 230, np.uint8)
    picture[8:32, 10:110:12] = 20
    rng = np.random.default_rng(0)
    first, second = bent(picture, rng), bent(picture, rng)
    for one in (first, second):
        assert one.dtype == np.uint8
        assert 0.5 < np.count_nonzero(one < 125) / np.count_nonzero(picture < 125) < 1.8
    assert first.shape != second.shape or not np.array_equal(first, second)


def test_folds_deal_every_row_once():
    parts = folds([np.full((1, 1), row, np.uint8) for row in range(23)], 5)
    assert sorted(row for part in parts for row in part) == list(range(23))
    assert {len(part) for part in parts} == {4, 5}


def test_the_rate_goes_up_and_comes_down_to_nothing():
    config = replace(CONFIG, learning_rate=1.0, warmup_share=0.1)
    assert rate_at(config, 0.05) == pytest.approx(0.5)
    assert rate_at(config, 0.1) == pytest.approx(1.0)
    assert rate_at(config, 0.55) == pytest.approx(0.5)
    assert rate_at(config, 1.0) == pytest.approx(0.0)
