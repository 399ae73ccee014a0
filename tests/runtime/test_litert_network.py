import numpy as np
import pytest

from service.recognition.errors import InvalidModel
from service.runtime.device import CPU
from service.runtime.litert_network import INT8_FILE, LiteRtNetwork
from service.runtime.saved_model import SavedModel

SHAPE = (28, 28, 1)


@pytest.fixture(scope="module")
def network(tiny_int8):
    return LiteRtNetwork(tiny_int8 / INT8_FILE, input_shape=SHAPE)


@pytest.fixture(scope="module")
def canvases():
    return np.random.default_rng(2).integers(0, 256, (150, *SHAPE), dtype=np.uint8)


@pytest.mark.parametrize("num_canvases", [1, 2, 3, 17, 64, 65, 150])
def test_answer_does_not_depend_on_the_batch(network, canvases, num_canvases):
    alone = np.concatenate([network.logits(canvases[row : row + 1]) for row in range(num_canvases)])
    logits = network.logits(canvases[:num_canvases])

    assert logits.dtype == np.float32
    np.testing.assert_array_equal(logits, alone)


def test_answer_is_near_that_of_the_saved_model(network, canvases, tiny_int8):
    in_float32 = SavedModel(tiny_int8, input_shape=SHAPE).logits(canvases)

    assert np.abs(network.logits(canvases) - in_float32).mean() < 0.05 * in_float32.std()


def test_answer_stays_when_the_next_batch_is_computed(network, canvases):
    """LiteRT hands out its own memory where one does not ask for a copy."""
    first = network.logits(canvases[:4])
    kept = first.copy()
    network.logits(canvases[4:8])

    np.testing.assert_array_equal(first, kept)


def test_several_threads_compute_the_same(tiny_int8, network, canvases):
    on_two = LiteRtNetwork(tiny_int8 / INT8_FILE, input_shape=SHAPE, num_threads=2)

    np.testing.assert_array_equal(on_two.logits(canvases), network.logits(canvases))


def test_runs_on_the_processor_and_traces_nothing(network):
    assert (network.device, network.num_traces) == (CPU, 1)


@pytest.mark.parametrize("content", [b"", b"no network", b"\x1c\0\0\0TFL3" + bytes(200)])
def test_file_that_litert_cannot_load_is_an_invalid_model(tmp_path, content):
    path = tmp_path / INT8_FILE
    path.write_bytes(content)
    with pytest.raises(InvalidModel, match=r"int8\.tflite cannot be loaded"):
        LiteRtNetwork(path, input_shape=SHAPE)


def test_network_for_other_canvases_is_an_invalid_model(tiny_int8):
    with pytest.raises(InvalidModel, match="32, 64, 1"):
        LiteRtNetwork(tiny_int8 / INT8_FILE, input_shape=(32, 64, 1))


def test_loading_writes_nothing_to_standard_error(tiny_int8, capfd):
    """It is for what an operator has to read."""
    LiteRtNetwork(tiny_int8 / INT8_FILE, input_shape=SHAPE).logits(np.zeros((2, *SHAPE), np.uint8))

    assert capfd.readouterr().err == ""
