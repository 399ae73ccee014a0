"""A reader in eight bits: written where it loses nothing, and left out where it does."""

import numpy as np
import pytest

from service.runtime.litert_network import INT8_FILE, LiteRtNetwork
from service.runtime.saved_model import SavedModel
from tests.trainer.lines.hands import drawn_hands
from tests.trainer.reader.random_reader import random_reader
from trainer.data.lines.golden import golden_lines
from trainer.reader import int8
from trainer.reader.calibrate import STYLES
from trainer.reader.export import _golden
from trainer.reader.graph import INPUT_SHAPE, export_graph

# Keras 3.15 makes arrays of TensorFlow 2.21's variables in a way that NumPy 2 warns about.
pytestmark = [pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"), pytest.mark.slow]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reader") / "graph"
    export_graph(random_reader(), "convolutional", folder)
    return folder


@pytest.fixture(scope="module")
def told(folder):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(int8, "_NUM_REPRESENTATIVE", 8)
        patch.setattr(int8, "_NUM_CHECKED", 4)
        return int8.write_int8(folder, "convolutional", drawn_hands())


@pytest.fixture(scope="module")
def network(told, folder):
    return LiteRtNetwork(folder / INT8_FILE, input_shape=INPUT_SHAPE)


def test_is_written_and_says_what_was_read(told, folder):
    assert told["is_written"]
    assert 3 * len(STYLES) < told["num_calibration_numbers"] <= 4 * len(STYLES)  # of a few nothing is left to read
    assert (folder / INT8_FILE).stat().st_size < 0.3 * sum(
        one.stat().st_size for one in (folder / "variables").iterdir()
    )


@pytest.mark.parametrize("width", ["64", "256", "96"])
def test_answers_nearly_as_in_float32_at_every_width(network, folder, width):
    canvases = golden_lines()[width]
    expected = SavedModel(folder, input_shape=INPUT_SHAPE).logits(canvases)
    found = network.logits(canvases)

    assert found.shape == expected.shape
    assert np.abs(found - expected).mean() < 0.1 * expected.std()


def test_answer_depends_neither_on_the_batch_nor_on_the_width_before(network):
    lines = golden_lines()
    first = network.logits(lines["128"])
    network.logits(lines["512"])
    again = [network.logits(line[np.newaxis]) for line in lines["128"]]
    network.logits(lines["64"][:1])

    np.testing.assert_array_equal(network.logits(lines["128"]), first)
    np.testing.assert_array_equal(np.concatenate(again), first)


def test_golden_outputs_are_noted_of_both_forms(network, folder):
    golden = _golden(folder)
    for width, canvases in golden_lines().items():
        np.testing.assert_array_equal(golden[f"canvases_{width}"], canvases)
        np.testing.assert_array_equal(golden[f"logits_int8_{width}"], network.logits(canvases))
        assert not np.array_equal(golden[f"logits_{width}"], golden[f"logits_int8_{width}"])


def test_is_left_out_where_it_reads_less(tmp_path, monkeypatch):
    export_graph(random_reader(), "convolutional", tmp_path / "graph")
    monkeypatch.setattr(int8, "to_litert", lambda _graph, representative: b"no network")
    monkeypatch.setattr(int8, "LiteRtNetwork", lambda _path, input_shape: "int8")
    monkeypatch.setattr(int8, "_num_right", lambda network, examples: len(examples) - 2 * (network == "int8"))
    monkeypatch.setattr(int8, "_NUM_CHECKED", 10)
    told = int8.write_int8(tmp_path / "graph", "convolutional", drawn_hands())

    assert not told["is_written"]
    assert told["num_right"] == told["num_right_in_float32"] - 2
    assert not (tmp_path / "graph" / INT8_FILE).exists()


def test_recurrent_reader_stays_as_it_is(tmp_path):
    export_graph(random_reader("recurrent"), "recurrent", tmp_path / "graph")
    told = int8.write_int8(tmp_path / "graph", "recurrent", drawn_hands())

    assert not told["is_written"]
    assert "Bidirectional" in told["reason"]
    assert not (tmp_path / "graph" / INT8_FILE).exists()
