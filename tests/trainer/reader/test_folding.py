"""A reader whose normalizations have been worked into its convolutions."""

import keras
import numpy as np
import pytest

from tests.trainer.reader.random_reader import random_reader
from trainer.data.lines.golden import golden_lines
from trainer.operations.graph import UnknownOperation
from trainer.operations.in_tensorflow import serving_function
from trainer.reader.folding import folded_reader

# Keras 3.15 makes arrays of TensorFlow 2.21's variables in a way that NumPy 2 warns about.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture(scope="module")
def reader():
    return random_reader()


@pytest.fixture(scope="module")
def graph(reader):
    return folded_reader(reader)


@pytest.mark.parametrize("width", ["64", "160", "1024"])
def test_folding_changes_no_answer_at_any_width(reader, graph, width):
    """Nor at the edges of the map, where a shift is not what padding puts there."""
    canvases = golden_lines()[width]
    answers = serving_function(graph)(canvases).numpy()
    expected = np.asarray(reader(canvases, training=False)["convolutional"])
    assert answers.shape == expected.shape
    np.testing.assert_allclose(answers, expected, atol=1e-4 * np.abs(expected).max())


def test_nothing_is_left_of_the_normalizations(reader, graph):
    ops = [node.op for node in graph.nodes]
    num_convolutions = sum(
        isinstance(layer, keras.layers.Conv2D | keras.layers.Conv1D | keras.layers.Dense) for layer in reader.layers
    )
    assert ops.count("conv") == num_convolutions
    assert set(ops) == {"cast", "conv", "relu", "max_pool", "add", "reshape"}


def test_last_layer_is_the_head(graph):
    assert [node.op for node in graph.nodes if node.output in graph.head] == ["conv", "reshape"]


def test_channel_that_is_turned_around_cannot_be_folded():
    reader = random_reader()
    layer = next(layer for layer in reader.layers if isinstance(layer, keras.layers.BatchNormalization))
    layer.gamma.assign(-layer.gamma)
    with pytest.raises(UnknownOperation, match="turns a channel around"):
        folded_reader(reader)


def test_recurrent_layer_cannot_be_folded():
    with pytest.raises(UnknownOperation, match=r"A Bidirectional .* cannot be written in eight bits"):
        folded_reader(random_reader("recurrent"))
