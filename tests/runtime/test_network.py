"""What every network refuses, whatever runs it."""

import numpy as np
import pytest

from service.runtime.litert_network import INT8_FILE, LiteRtNetwork
from service.runtime.saved_model import SavedModel

DIGIT, LINE = (28, 28, 1), (32, None, 1)


@pytest.fixture(scope="module")
def networks(tiny_int8, tiny_reader):
    """One of each kind, by name."""
    return {
        "SavedModel": SavedModel(tiny_int8, input_shape=DIGIT),
        "LiteRT": LiteRtNetwork(tiny_int8 / INT8_FILE, input_shape=DIGIT),
        "reader": SavedModel(tiny_reader, input_shape=LINE),
    }


@pytest.mark.parametrize("name", ["SavedModel", "LiteRT"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64, bool])
def test_other_dtypes_are_refused_rather_than_truncated(networks, name, dtype):
    with pytest.raises(TypeError, match="takes uint8"):
        networks[name].logits(np.zeros((1, *DIGIT), dtype))


@pytest.mark.parametrize("name", ["SavedModel", "LiteRT"])
@pytest.mark.parametrize("shape", [(28, 28, 1), (1, 28, 28), (1, 28, 28, 3), (1, 32, 28, 1), (1, 28, 32, 1)])
def test_other_shapes_are_refused(networks, name, shape):
    with pytest.raises(ValueError, match="the network takes"):
        networks[name].logits(np.zeros(shape, np.uint8))


@pytest.mark.parametrize("shape", [(32, 64, 1), (1, 28, 64, 1), (1, 32, 64, 3)])
def test_reader_refuses_other_heights_and_channels(networks, shape):
    with pytest.raises(ValueError, match="the network takes"):
        networks["reader"].logits(np.zeros(shape, np.uint8))
