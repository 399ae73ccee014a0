import keras
import numpy as np
import pytest

from service.recognition.probability import softmax
from trainer.architectures.gate import build_gate
from trainer.architectures.registry import build_model
from trainer.data.digits import Digits
from trainer.errors import TrainerError
from trainer.finetune.adapt import AdaptOptions, Rehearsal, adapt
from trainer.finetune.networks import DigitNetworks
from trainer.golden import draw_digit

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def drawn(digits, label_of=lambda digit: digit):
    canvases = np.stack([draw_digit(digit, stroke_px=1 + row % 3) for row, digit in enumerate(digits)])
    return Digits(canvases, np.array([label_of(digit) for digit in digits], dtype=np.int64))


def test_own_digits_are_learned_and_the_others_kept():
    keras.utils.set_random_seed(1)
    body = build_model("dnn")
    body.compile(optimizer="adam", loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    known = drawn([0, 1, 2, 3, 4, 5, 6] * 12)
    body.fit(known.canvases, known.labels, epochs=12, verbose=0)
    networks = DigitNetworks(body, None)
    rehearsal = Rehearsal.of(networks, known.canvases)
    np.testing.assert_allclose(rehearsal.answers["body"], softmax(np.asarray(body(known.canvases))), atol=1e-5)
    own = drawn([7, 8] * 10)  # never seen before

    options = AdaptOptions(num_epochs=25, learning_rate=2e-3, share_of_way=1.0)
    losses = adapt(networks, own, rehearsal, bending=None, options=options)
    assert losses[-1] < losses[0]
    assert (np.asarray(body(own.canvases)).argmax(axis=1) == own.labels).mean() > 0.9
    assert (np.asarray(body(known.canvases)).argmax(axis=1) == known.labels).mean() > 0.9


def test_the_gate_learns_beside_its_network_and_statistics_stay():
    keras.utils.set_random_seed(1)
    gate = build_gate("strided_cnn")
    networks = DigitNetworks(gate.body, gate)
    own = drawn([3, 8] * 5)
    rehearsal = Rehearsal.of(networks, own.canvases[:4])
    assert {name: answers.shape for name, answers in rehearsal.answers.items()} == {"body": (4, 10), "gate": (4, 12)}
    before = {variable.path: np.array(variable) for variable in [*gate.body.variables, *gate.trunk.variables]}
    adapt(networks, own, rehearsal, bending=None, options=AdaptOptions(num_epochs=2))
    for variable in [*gate.body.variables, *gate.trunk.variables]:
        if "seed" in variable.path:
            continue
        changed = not np.array_equal(variable, before[variable.path])
        assert changed != ("normalization" in variable.path), variable.path


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_weights_are_put_on_the_way_to_what_was_learned(share):
    own = drawn([3, 8] * 5)
    kernels = {}
    for share_of_way in (0.0, share, 1.0):
        keras.utils.set_random_seed(1)
        networks = DigitNetworks(build_model("dnn"), None)
        first = np.array(networks.body.trainable_variables[0])
        options = AdaptOptions(num_epochs=3, share_of_way=share_of_way)
        adapt(networks, own, Rehearsal.of(networks, own.canvases), bending=None, options=options)
        kernels[share_of_way] = np.array(networks.body.trainable_variables[0])
    np.testing.assert_array_equal(kernels[0.0], first)
    assert not np.array_equal(kernels[1.0], first)
    np.testing.assert_allclose(kernels[share], first + share * (kernels[1.0] - first), atol=1e-5)


def test_a_handful_of_pictures_is_too_few():
    networks = DigitNetworks(build_model("dnn"), None)
    own = drawn([3, 8] * 4)
    with pytest.raises(TrainerError, match=r"8 pictures to learn from.*at least 10"):
        adapt(networks, own, Rehearsal.of(networks, own.canvases), bending=None, options=AdaptOptions())
