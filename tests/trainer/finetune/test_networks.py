"""An exported network comes back as it was, and can be trained."""

from dataclasses import replace

import keras
import numpy as np
import pytest

from service.recognition.manifest import DIGIT_CLASSIFIER, SEQUENCE_READER, Manifest
from service.recognition.policy import CalibrationTable
from trainer.architectures.gate import Pool, build_gate, build_gated
from trainer.architectures.registry import build_model
from trainer.configs import cnn, dnn
from trainer.errors import TrainerError
from trainer.finetune.networks import config_of, networks_from
from trainer.golden import golden_canvases
from trainer.graphs import save_graph

# Keras 3.15 makes arrays of TensorFlow 2.21's variables in a way that NumPy 2 warns about.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

POOL = Pool(trust=0.3, rejection_shift=-2.0)


def manifest(config_name, *, kind=DIGIT_CLASSIFIER, gate=None):
    return Manifest(
        name="own",
        version=1,
        kind=kind,
        input_shape=(28, 28, 1),
        preprocessing_id="",
        alphabet="0123456789",
        num_parameters=0,
        temperature=1.0,
        calibration=CalibrationTable(()),
        metrics=(),
        provenance={"config": {"name": config_name}, **({} if gate is None else {"gate": gate})},
        files={},
    )


def exported(model, folder):
    save_graph(model, folder)
    canvases = golden_canvases()
    np.savez(folder / "golden.npz", canvases=canvases, logits=np.asarray(model(canvases)))
    return folder


@pytest.fixture(scope="module")
def gated(tmp_path_factory):
    """A network with a gate and weights at random, batch normalization's statistics too; and its export."""
    keras.utils.set_random_seed(3)
    networks = build_gate("strided_cnn")
    rng = np.random.default_rng(0)
    for layer in [*networks.body.layers, *networks.trunk.layers]:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.set_weights([rng.uniform(0.5, 1.5, weights.shape) for weights in layer.get_weights()])
    return networks, exported(build_gated(networks, POOL), tmp_path_factory.mktemp("gated") / "1")


def test_a_network_without_a_gate_comes_back(tmp_path):
    model = build_model("dnn")
    networks = networks_from(exported(model, tmp_path / "1"), manifest("dnn"), dnn.CONFIG)
    assert networks.gate is None
    canvases = golden_canvases()
    np.testing.assert_allclose(networks.body(canvases), model(canvases), atol=1e-5)
    assert networks.opinions(canvases).keys() == {"body"}


def test_a_network_comes_back_with_its_gate(gated):
    original, folder = gated
    record = {"trust": POOL.trust, "rejection_shift": POOL.rejection_shift}
    networks = networks_from(folder, manifest("cnn", gate=record), cnn.CONFIG)
    canvases = golden_canvases()
    opinions = networks.opinions(canvases, training=False)
    np.testing.assert_allclose(opinions["body"], original.body(canvases), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(opinions["gate"], original.gate(canvases, training=False), rtol=1e-3, atol=1e-3)
    again = build_gated(networks.gate, POOL)(canvases)
    np.testing.assert_allclose(again, build_gated(original, POOL)(canvases), rtol=1e-3, atol=1e-3)


def test_weights_of_another_architecture_are_refused(tmp_path):
    folder = exported(build_model("dnn"), tmp_path / "1")
    with pytest.raises(TrainerError, match="does not hold the weights of the architecture"):
        networks_from(folder, manifest("mlp"), replace(dnn.CONFIG, architecture="mlp"))


def test_a_network_that_answers_otherwise_than_its_golden_logits_is_refused(tmp_path):
    folder = exported(build_model("dnn"), tmp_path / "1")
    with np.load(folder / "golden.npz") as golden:
        canvases, logits = golden["canvases"], golden["logits"] + 1
    np.savez(folder / "golden.npz", canvases=canvases, logits=logits)
    with pytest.raises(TrainerError, match=r"answers the golden canvases .* otherwise"):
        networks_from(folder, manifest("dnn"), dnn.CONFIG)


def test_a_folder_without_weights_is_refused(tmp_path):
    with pytest.raises(TrainerError, match="holds no weights that can be read"):
        networks_from(tmp_path, manifest("dnn"), dnn.CONFIG)


@pytest.mark.parametrize(
    ("record", "complaint"),
    [
        (manifest("crnn", kind=SEQUENCE_READER), "is a sequence_reader"),
        (manifest("crnn"), "which is no single network"),
        (manifest("resnet"), "There is no config 'resnet'"),
        (manifest("emnist_digits"), "was trained on EMNIST"),
    ],
    ids=["reader", "config of a reader", "config that is gone", "EMNIST"],
)
def test_what_is_not_one_digit_network_is_refused(tmp_path, record, complaint):
    with pytest.raises(TrainerError, match=complaint):
        config_of(tmp_path, record)
