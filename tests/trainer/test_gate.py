"""The gate: a small network on a frozen one, trained on a tiny exposure, pooled and exported."""

import json
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest

from service.recognition.manifest import load_manifest
from service.recognition.prediction import GATED_DIGITS
from service.recognition.probability import softmax
from service.runtime.loading import load_model
from tests.trainer.tiny_mnist import drawn_digits
from trainer.architectures.gate import Pool, build_gate, build_gated, folded
from trainer.calibrate_digits import Opinions, pool_scores
from trainer.config import Config
from trainer.configs import cnn
from trainer.data.digits import Digits
from trainer.data.exposure import NOT_A_DIGIT, SEVERAL_DIGITS, Amounts, Exposure, draw_exposure, load_exposure, made_up
from trainer.data.mnist import load_mnist
from trainer.data.not_digits import TRAINED_LETTERS, TRAINED_SYMBOLS, UNSEEN_LETTERS, judged_families, trained_pictures
from trainer.data.sources import TrainingData
from trainer.errors import TrainerError
from trainer.export import export
from trainer.gate import FRESH, load_gate, train_gate
from trainer.golden import golden_canvases
from trainer.runs import Run

# Keras 3.15 makes arrays of TensorFlow 2.21's variables in a way that NumPy 2 warns about.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

FEW = Amounts(
    redrawn_digits=20,
    photographed_digits=20,
    digits_on_printed_paper=20,
    marks=40,
    crossed_out=20,
    cut_or_turned=20,
    several=40,
    copies_of_letters=1,
    characters=30,
    glyphs=20,
    segment_digits=20,
    several_photographed=10,
)
TINY = replace(FRESH, num_views=1, view_size=150, passes_per_view=1, batch_size=64, precision="float32")


@pytest.fixture(scope="module")
def exposed_dir(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny MNIST with letters and symbols beside it: crosses and bars, drawn here."""
    folder = tmp_path_factory.mktemp("exposed")
    (folder / "mnist").symlink_to(data_dir / "mnist")
    images, labels = drawn_digits(100)
    mark = np.zeros((28, 28), np.uint8)
    mark[4:24, 12:15] = mark[12:15, 4:24] = 255
    (folder / "not_digits").mkdir()
    names = np.repeat([*TRAINED_LETTERS, *UNSEEN_LETTERS], 10)
    np.savez(folder / "not_digits" / "letters.npz", images=np.stack([mark] * len(names)), labels=names)
    symbols = np.repeat([*TRAINED_SYMBOLS], 10)
    np.savez(
        folder / "bhmsds.npz",
        images=255 - np.concatenate([images, np.stack([mark] * len(symbols))]),
        labels=np.concatenate([labels.astype(str), symbols]),
    )
    return folder


@pytest.fixture(scope="module")
def finished_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run of `cnn` that has delivered random weights."""
    config: Config = replace(cnn.CONFIG, data=("mnist",), precision="float32")
    run = Run(tmp_path_factory.mktemp("runs"), config)
    run.open()
    keras.utils.set_random_seed(3)
    run.deliver(build_gate(config.architecture).body)
    return run


def test_gate_needs_a_network_with_a_feature_map():
    with pytest.raises(TrainerError, match="strided_cnn"):
        build_gate("dnn")


def test_pooled_scores_are_the_gates_and_the_networks_log_probabilities():
    keras.utils.set_random_seed(4)
    networks = build_gate("strided_cnn")
    canvases = golden_canvases()
    opinions = Opinions(networks).logits(canvases)
    assert opinions.shape == (25, 22)
    pool = Pool(trust=0.5, rejection_shift=-2.0)
    pooled = np.asarray(build_gated(networks, pool)(canvases))
    log_probs = np.log(softmax(opinions[:, 12:]))
    expected = pool_scores(opinions[:, :12], log_probs, log_probs.argmax(axis=1), pool)
    np.testing.assert_allclose(pooled, expected, atol=1e-4)
    np.testing.assert_allclose(expected[:, 10:], opinions[:, 10:12] - 2.0, atol=1e-5)


def test_digit_network_has_the_last_word_about_the_digit_and_the_gate_may_doubt_it():
    gate = np.array([[0.0, 9.0, *[0.0] * 10], [5.0, 2.0, *[0.0] * 10]])
    log_probs = np.log(softmax(np.array([[4.0, *[0.0] * 9]] * 2, np.float32)))
    pooled = pool_scores(gate, log_probs, log_probs.argmax(axis=1), Pool(0.0, 0.0))
    assert pooled.argmax(axis=1).tolist() == [0, 0]
    doubted, agreed = softmax(pooled.astype(np.float32))[:, 0]
    assert doubted < 0.2
    assert agreed > 0.8


def test_folding_the_trunk_changes_no_score():
    keras.utils.set_random_seed(5)
    trunk = build_gate("strided_cnn").trunk
    rng = np.random.default_rng(0)
    for layer in trunk.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.set_weights([rng.uniform(0.5, 2, weights.shape) for weights in layer.get_weights()])
    inputs = [rng.normal(size=(3, *tensor.shape[1:])).astype(np.float32) for tensor in trunk.input]
    folded_scores = np.asarray(folded(trunk)(inputs))
    np.testing.assert_allclose(folded_scores, np.asarray(trunk(inputs, training=False)), rtol=1e-4, atol=1e-3)


def test_digit_network_under_a_gate_cannot_be_trained():
    networks = build_gate("strided_cnn")
    bodies = {id(variable) for variable in networks.body.variables}
    assert networks.gate.trainable_variables
    assert not bodies & {id(variable) for variable in networks.gate.trainable_variables}


def test_exposure_shows_digits_marks_and_several_digits(exposed_dir: Path):
    mnist = load_mnist(exposed_dir)
    exposure = draw_exposure(mnist, exposed_dir, seed=1, amounts=FEW)
    counts = np.bincount(exposure.labels, minlength=12)
    assert (counts[:10] > 20).all()
    assert counts[NOT_A_DIGIT] > 80
    assert counts[SEVERAL_DIGITS] > 20
    again = draw_exposure(mnist, exposed_dir, seed=1, amounts=FEW)
    for part in ("known", "made_up"):
        canvases = getattr(exposure, part).canvases
        assert canvases.any(axis=(1, 2, 3)).all()
        np.testing.assert_array_equal(canvases, getattr(again, part).canvases)
    assert len(load_exposure(mnist, exposed_dir, seed=1, amounts=FEW)) == len(exposure)


def test_a_view_holds_the_share_of_what_is_made_up_that_was_asked_for():
    def marked(level: int, number: int) -> Digits:
        return Digits(np.full((number, 28, 28, 1), level, np.uint8), np.arange(number) % 10)

    exposure = Exposure(marked(1, 90), marked(2, 30))
    levels = [
        exposure.sample(amount, np.random.default_rng(0), made_up_share=share).canvases[:, 0, 0, 0]
        for amount, share in ((40, 0.5), (120, None), (40, 0.0))
    ]
    assert [np.bincount(level, minlength=3).tolist() for level in levels] == [[0, 20, 20], [0, 90, 30], [0, 40, 0]]


def test_segment_digits_are_learned_as_digits_and_made_up_characters_as_none(exposed_dir: Path):
    mnist = load_mnist(exposed_dir)
    none = replace(FEW, characters=0, glyphs=0, segment_digits=0, several_photographed=0)
    labels = {}
    for kind in ("characters", "glyphs", "segment_digits", "several_photographed"):
        labels[kind] = set(made_up(mnist.train, seed=1, amounts=replace(none, **{kind: 30})).labels.tolist())
    assert labels == {
        "characters": {NOT_A_DIGIT},
        "glyphs": {NOT_A_DIGIT},
        "segment_digits": set(range(10)),
        "several_photographed": {SEVERAL_DIGITS},
    }


def test_pictures_that_are_judged_by_are_not_learned_from(exposed_dir: Path):
    fit, calibration = (trained_pictures(exposed_dir, part) for part in ("fit", "calibration"))
    assert [len(one) for one in fit] == [32, 24]
    assert [len(one) for one in calibration] == [8, 6]
    families = {family.name: family for family in judged_families(exposed_dir)}
    assert len(families["letters_unseen"].pictures) == 30
    assert families["letters_unseen"].role == "unseen"
    assert "omniglot" not in families


def test_missing_letters_are_said(data_dir: Path, finished_run: Run):
    with pytest.raises(TrainerError, match="does not exist"):
        train_gate(finished_run, load_mnist(data_dir), data_dir, amounts=FEW)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_trained_gate_leaves_the_digit_network_alone_and_is_exported_with_it(
    exposed_dir: Path, finished_run: Run, tmp_path: Path
):
    mnist = load_mnist(exposed_dir)
    with pytest.raises(TrainerError, match="no gate to go on from"):
        train_gate(finished_run, mnist, exposed_dir, settings=replace(TINY, goes_on=True), amounts=FEW)
    assert train_gate(finished_run, mnist, exposed_dir, settings=TINY, amounts=FEW) == finished_run.gate_path
    networks = load_gate(finished_run)
    first = networks.trunk.get_weights()
    going_on = replace(TINY, goes_on=True, schedule=replace(TINY.schedule, learning_rate=1e-9))
    train_gate(finished_run, mnist, exposed_dir, settings=going_on, amounts=FEW)
    networks = load_gate(finished_run)
    # With no rate to speak of, going on leaves the weights where they were; fresh ones would lie elsewhere.
    np.testing.assert_allclose(networks.trunk.get_weights()[0], first[0], atol=1e-4)
    far = replace(going_on, schedule=replace(TINY.schedule, learning_rate=0.1), kept_share=1.0)
    train_gate(finished_run, mnist, exposed_dir, settings=far, amounts=FEW)
    networks = load_gate(finished_run)
    # However far it went, all of what was there is kept.
    np.testing.assert_allclose(networks.trunk.get_weights()[0], first[0], atol=2e-4)
    record = json.loads((finished_run.folder / "gate.json").read_text())
    assert record["went_on_from"]["went_on_from"]["settings"]["goes_on"] is False
    assert len(record["went_on_from"]["weights_sha256"]) == 64
    with np.load(finished_run.golden_path) as golden:
        np.testing.assert_allclose(np.asarray(networks.body(golden["canvases"])), golden["logits"], atol=1e-5)

    data = TrainingData(fit=mnist.train, validation=None, sources=[], mnist=mnist)
    folder = export(finished_run, data, exposed_dir, models_dir=tmp_path, model_version=2)
    manifest = load_manifest(folder)
    assert manifest.alphabet == GATED_DIGITS
    assert manifest.clean_calibration is not None
    assert manifest.provenance["gate"]["num_several_digits"] > 0
    loaded = load_model(folder)
    assert loaded.network.logits(golden_canvases()).shape == (25, 12)
    assert manifest.num_parameters == networks.gate.count_params() + 10 * (128 + 1)
    assert json.loads((folder / "manifest.json").read_text())["clean_calibration"]["rows"]
