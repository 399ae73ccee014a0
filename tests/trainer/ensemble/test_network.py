"""The graph of an ensemble against plain numpy."""

import keras
import numpy as np
import pytest

from service.recognition.probability import softmax
from trainer.architectures.gate import Pool, build_gate, build_gated
from trainer.architectures.registry import build_model
from trainer.ensemble.network import Member, gated_mean, mean_network
from trainer.golden import golden_canvases

# Keras 3.15 makes arrays of TensorFlow 2.21's variables in a way that NumPy 2 warns about.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

TEMPERATURES = (0.5, 1.0, 2.0)


@pytest.fixture(scope="module")
def members() -> list[Member]:
    keras.utils.set_random_seed(1)
    networks = [build_model(name) for name in ("strided_cnn", "dnn", "dnn")]
    return [Member(network, temperature) for network, temperature in zip(networks, TEMPERATURES, strict=True)]


def mean_log_probs(members: list[Member], canvases: np.ndarray) -> np.ndarray:
    logits = [np.asarray(member.network(canvases, training=False)) for member in members]
    return np.mean(
        [np.log(softmax(one, temperature=member.temperature)) for one, member in zip(logits, members, strict=True)],
        axis=0,
    )


def test_ensemble_says_the_mean_of_its_members_calibrated_log_probabilities(members):
    canvases = golden_canvases()
    expected = mean_log_probs(members, canvases)
    np.testing.assert_allclose(np.asarray(mean_network(members)(canvases)), expected, atol=1e-4)
    # A member's temperature matters: without them the mean would be another.
    hot = [Member(member.network, 1.0) for member in members]
    assert np.abs(mean_log_probs(hot, canvases) - expected).max() > 1e-3


def test_gate_stays_as_it_is_before_the_mean_of_all(members):
    canvases = golden_canvases()
    keras.utils.set_random_seed(2)
    lead = build_gate("strided_cnn")
    lead.body.set_weights(members[0].network.get_weights())
    networks = gated_mean(lead, [Member(lead.body, TEMPERATURES[0]), *members[1:]])

    *before, _ = lead.taps(canvases, training=False)
    *after, mean = networks.taps(canvases, training=False)
    for one, other in zip(before, after, strict=True):
        np.testing.assert_allclose(np.asarray(one), np.asarray(other), atol=1e-5)
    np.testing.assert_allclose(np.asarray(mean), mean_log_probs(members, canvases), atol=1e-4)


def test_digit_is_the_ensembles_and_refusals_are_the_gates(members):
    canvases = golden_canvases()
    keras.utils.set_random_seed(2)
    lead = build_gate("strided_cnn")
    networks = gated_mean(lead, [Member(lead.body, 1.0), *members[1:]])
    logits = np.asarray(build_gated(networks, Pool(trust=0.5, rejection_shift=-2.0))(canvases))
    alone = np.asarray(build_gated(lead, Pool(trust=0.5, rejection_shift=-2.0))(canvases))

    expected = mean_log_probs([Member(lead.body, 1.0), *members[1:]], canvases)
    np.testing.assert_array_equal(logits[:, :10].argmax(axis=1), expected.argmax(axis=1))
    np.testing.assert_allclose(logits[:, 10:], alone[:, 10:], atol=1e-4)
