import tempfile

import numpy as np
import pytest

from service.recognition.errors import InvalidModel
from service.recognition.line_canvas import FRAME_PX
from service.runtime.device import CPU, Device
from service.runtime.saved_model import SavedModel

SHAPE = (28, 28, 1)
AS_A_GPU = Device("gpu:0", "/CPU:0")  # called as a network on a GPU is, and computed without one
WAYS = pytest.mark.parametrize("device", [CPU, AS_A_GPU], ids=["session", "function"], scope="module")


@pytest.fixture(scope="module")
def device():
    return CPU


@pytest.fixture(scope="module")
def network(tiny_model, device):
    return SavedModel(tiny_model, input_shape=SHAPE, device=device)


def test_loading_leaves_no_file(tiny_model, tmp_path, monkeypatch):
    """AutoGraph would write the function that is traced into the temporary folder."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    SavedModel(tiny_model, input_shape=SHAPE).logits(np.zeros((1, *SHAPE), np.uint8))

    assert list(tmp_path.iterdir()) == []


@WAYS
@pytest.mark.parametrize("num_canvases", [1, 2, 3, 17, 64])
def test_every_batch_size_runs_and_none_is_traced_again(network, num_canvases):
    logits = network.logits(np.zeros((num_canvases, *SHAPE), np.uint8))

    assert logits.shape == (num_canvases, 10)
    assert logits.dtype == np.float32
    assert network.num_traces == 1


@WAYS
def test_answer_does_not_depend_on_the_batch(network):
    canvases = np.random.default_rng(2).integers(0, 256, (64, *SHAPE), dtype=np.uint8)
    alone = np.concatenate([network.logits(canvases[i : i + 1]) for i in range(64)])

    np.testing.assert_allclose(network.logits(canvases), alone, atol=1e-5)


@WAYS
def test_scaling_is_inside_the_graph(network, tiny_model):
    with np.load(tiny_model / "golden.npz") as golden:
        np.testing.assert_allclose(network.logits(golden["canvases"]), golden["logits"], atol=1e-5)


@WAYS
def test_folder_that_tensorflow_cannot_load_is_an_invalid_model(tmp_path, device):
    (tmp_path / "saved_model.pb").write_bytes(b"not a graph")
    with pytest.raises(InvalidModel, match=r"saved_model\.pb"):
        SavedModel(tmp_path, input_shape=SHAPE, device=device)


@WAYS
def test_network_for_other_canvases_is_an_invalid_model(tiny_model, device):
    with pytest.raises(InvalidModel, match="32, 64, 1"):
        SavedModel(tiny_model, input_shape=(32, 64, 1), device=device)


def test_loading_says_nothing_in_the_log(tiny_model, caplog):
    """The older interface of TensorFlow would say that it is old."""
    SavedModel(tiny_model, input_shape=SHAPE)

    assert caplog.records == []


@pytest.fixture(scope="module")
def reader(tiny_reader, device):
    return SavedModel(tiny_reader, input_shape=(32, None, 1), device=device)


@WAYS
@pytest.mark.parametrize("width", [64, 128, 1024])
@pytest.mark.parametrize("num_canvases", [1, 3])
def test_reader_takes_canvases_of_any_width_and_none_is_traced_again(reader, num_canvases, width):
    logits = reader.logits(np.zeros((num_canvases, 32, width, 1), np.uint8))

    assert logits.shape == (num_canvases, width // FRAME_PX, 12)
    assert reader.num_traces == 1


def test_answer_of_a_reader_does_not_depend_on_the_batch(reader):
    canvases = np.random.default_rng(2).integers(0, 256, (8, 32, 192, 1), dtype=np.uint8)
    alone = np.concatenate([reader.logits(canvases[i : i + 1]) for i in range(8)])

    np.testing.assert_allclose(reader.logits(canvases), alone, atol=1e-5)
