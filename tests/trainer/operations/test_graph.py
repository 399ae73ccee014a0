"""Networks as lists of plain operations."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from service.runtime.saved_model import SavedModel
from trainer.architectures.registry import BUILDERS, build_model
from trainer.errors import TrainerError
from trainer.golden import golden_canvases
from trainer.graphs import save_graph
from trainer.operations.folding import folded
from trainer.operations.graph import read_graph
from trainer.operations.in_tensorflow import serving_function

# Keras 3.15 makes arrays of TensorFlow 2.21's variables in a way that NumPy 2 warns about.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def test_graph_that_is_read_answers_as_the_network(gated):
    answers = serving_function(gated.graph)(gated.canvases).numpy()
    np.testing.assert_allclose(answers, gated.logits, atol=1e-4)


def test_folding_changes_no_answer(gated):
    answers = serving_function(gated.folded)(gated.canvases).numpy()
    np.testing.assert_allclose(answers, gated.logits, atol=1e-3)


def test_folding_leaves_one_normalization_which_no_convolution_follows(gated):
    ops = [node.op for node in gated.folded.nodes if node.output not in gated.folded.head]
    assert ops.count("mul") == 1
    assert [node.op for node in gated.graph.nodes].count("mul") > 7


def test_network_is_exported_folded_and_keeps_the_weights_that_were_trained(gated):
    plain, exported = (
        sum(node.op == "mul" for node in graph.nodes) for graph in (gated.graph, read_graph(gated.folder))
    )
    assert exported == sum(node.op == "mul" for node in gated.folded.nodes) < plain
    stored = tf.train.load_checkpoint(str(gated.folder / "variables" / "variables"))
    names = [name for name in stored.get_variable_to_shape_map() if name.startswith("weights/")]
    assert len(names) == gated.num_variables


@pytest.mark.parametrize("architecture", ["lenet5", "cnn_four"])  # both kinds of pools, tanh, normalization after two
def test_other_architectures_are_read_and_folded(architecture, tmp_path):
    keras.utils.set_random_seed(2)
    model = build_model(architecture)
    save_graph(model, tmp_path)
    canvases = golden_canvases()
    answers = serving_function(folded(read_graph(tmp_path)))(canvases).numpy()
    np.testing.assert_allclose(answers, np.asarray(model(canvases)), atol=1e-4)
    assert architecture in BUILDERS


def test_head_is_what_no_further_layer_looks_at(gated):
    head = [node.op for node in gated.folded.nodes if node.output in gated.folded.head]
    assert head.count("dense") == 2  # the digits' scores and the gate's; its hidden layer is not among them
    assert "conv" not in head
    assert gated.folded.output in gated.folded.head


def test_digit_is_decided_by_scores_within_the_network(gated):
    (name,) = gated.folded.decided_by
    assert gated.folded.shapes[name] == (-1, 10)


def test_operation_that_others_do_not_have_is_named(tmp_path):
    canvases = keras.Input((28, 28, 1), dtype="uint8")
    scores = keras.layers.Dense(10)(keras.layers.Flatten()(keras.ops.cos(keras.ops.cast(canvases, "float32"))))
    model = keras.Model(canvases, scores)
    save_graph(model, tmp_path)
    with pytest.raises(TrainerError, match="contains Cos"):
        read_graph(tmp_path)
    unfolded = SavedModel(tmp_path, input_shape=(28, 28, 1)).logits(golden_canvases())
    np.testing.assert_allclose(unfolded, np.asarray(model(golden_canvases())), atol=1e-4)
