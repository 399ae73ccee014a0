"""From the runs of members to a folder that is served, and from two folders to a cascade."""

import asyncio
import shutil
from dataclasses import replace

import numpy as np
import pytest
from prometheus_client import CollectorRegistry

from service.recognition.manifest import DIGIT_CASCADE, load_manifest, verify_files
from service.recognition.prediction import GATED_DIGITS
from service.runtime.litert_network import LiteRtNetwork
from service.runtime.loading import load_cascade, load_model
from service.runtime.metrics import Metrics
from service.runtime.registry import Registry, RuntimeOptions
from service.runtime.saved_model import SavedModel
from tests.pictures import draw_seven, png
from trainer.architectures.registry import CANVAS_SHAPE
from trainer.ensemble.cascade import export_cascade, load_cascade_pair, measure_cascade
from trainer.ensemble.config import CascadeConfig
from trainer.ensemble.export import EnsembleData, export_ensemble, measure_ensemble
from trainer.ensemble.pair import Pair
from trainer.ensemble.train import member_runs
from trainer.errors import TrainerError
from trainer.export import export
from trainer.golden import golden_canvases
from trainer.readings import see

# Keras 3.15 makes arrays of TensorFlow 2.21's variables in a way that NumPy 2 warns about.
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
]

AUTO = CascadeConfig(name="auto", small="cnn", large="ensemble", work_budget=1.4)


@pytest.fixture(scope="module")
def data(gated_ensemble, data_dir):
    """For both ensembles, since they learn from the same."""
    return EnsembleData.load(gated_ensemble, data_dir)


@pytest.fixture(scope="module")
def models_dir(gated_ensemble, gated_runs, data, data_dir, tmp_path_factory):
    """`cnn/1`, `ensemble/1` and the cascade `auto/1` of them."""
    folder = tmp_path_factory.mktemp("models")
    lead = member_runs(gated_ensemble, gated_runs)[0]
    export(lead, data.training, data_dir, models_dir=folder, model_version=1)
    export_ensemble(gated_ensemble, data, gated_runs, models_dir=folder, version=1)
    export_cascade(AUTO, data.training.mnist, data_dir, data.sets, models_dir=folder, version=1)
    return folder


@pytest.fixture(scope="module")
def ungated(tiny_ensemble, finished_runs, data, tmp_path_factory):
    """The folder of an ensemble without a gate, `ensemble/3`."""
    return export_ensemble(tiny_ensemble, data, finished_runs, models_dir=tmp_path_factory.mktemp("ungated"), version=3)


def test_ensemble_is_one_graph_that_the_service_loads(models_dir, gated_ensemble):
    model = load_model(models_dir / "ensemble" / "1")
    manifest = model.manifest

    assert model.network.logits(golden_canvases()).shape == (25, 12)
    assert manifest.alphabet == GATED_DIGITS
    assert [member["name"] for member in manifest.provenance["members"]] == ["cnn", "dnn-1", "mlp-2", "dnn-3", "mlp-4"]
    assert all(len(member["weights_sha256"]) == 64 for member in manifest.provenance["members"])
    assert all(member["temperature"] > 0 for member in manifest.provenance["members"])
    assert manifest.num_parameters > sum(member["num_parameters"] for member in manifest.provenance["members"])
    assert manifest.provenance["config"]["name"] == "ensemble"
    assert manifest.clean_calibration is not None


def test_each_weight_is_stored_once(models_dir):
    folder = models_dir / "ensemble" / "1"
    stored = sum(path.stat().st_size for path in (folder / "variables").iterdir())
    assert stored < 4.2 * load_manifest(folder).num_parameters  # float32, and an index


def test_ensemble_without_a_gate_answers_with_ten_digits(ungated, tiny_ensemble, finished_runs, data):
    model = load_model(ungated)
    scores = measure_ensemble(tiny_ensemble, data, finished_runs)

    assert model.network.logits(golden_canvases()).shape == (25, 10)
    assert model.manifest.alphabet == GATED_DIGITS[:10]
    assert [metric.dataset for metric in model.manifest.metrics] == [score.dataset for score in scores]
    assert all(score.num_samples == len(data.sets[score.dataset]) for score in scores)


def test_version_is_written_once(ungated, tiny_ensemble, finished_runs, data):
    with pytest.raises(TrainerError, match="a version never changes"):
        export_ensemble(tiny_ensemble, data, finished_runs, models_dir=ungated.parent.parent, version=3)


def test_ensemble_that_lacks_a_member_is_not_exported(tiny_ensemble, data, tmp_path):
    with pytest.raises(TrainerError, match=r"model\.weights\.h5 does not exist"):
        export_ensemble(tiny_ensemble, data, tmp_path, models_dir=tmp_path / "models", version=1)
    assert not (tmp_path / "models" / "ensemble" / "1").exists()


def test_cascade_names_its_members_and_what_they_cost(models_dir):
    folder = models_dir / "auto" / "1"
    manifest = load_manifest(folder)
    verify_files(folder, manifest)

    assert manifest.kind == DIGIT_CASCADE
    assert (manifest.cascade.small.name, manifest.cascade.large.name) == ("cnn", "ensemble")
    work = manifest.provenance["work"]
    assert work["large"] > 1
    for kind in ("calibration_clean", "calibration_other"):
        assert work["per_picture"][kind]["work"] <= AUTO.work_budget
    assert [(metric.name, metric.dataset) for metric in manifest.metrics[:2]] == [
        ("accuracy", "mnist_test"),
        ("passed_on", "mnist_test"),
    ]
    assert "work per picture" in (folder / "card.md").read_text()
    assert load_cascade(folder, [load_model(models_dir / name / "1") for name in ("cnn", "ensemble")]) is not None


def test_cascade_is_measured_again_as_it_was_exported(models_dir, data):
    pair, thresholds = load_cascade_pair(AUTO, models_dir)
    measured = measure_cascade(pair, thresholds, "mnist_test", data.sets["mnist_test"])
    accuracy, passed_on = load_manifest(models_dir / "auto" / "1").metrics[:2]

    assert measured.score.accuracy == accuracy.value
    assert measured.share_passed_on == passed_on.value


def test_service_answers_as_the_trainer_measured(models_dir):
    """The same picture through the registry and through `ScoredPair`: who answers, and with which confidence."""

    async def served(pictures):
        options = RuntimeOptions(
            models_dir=models_dir,
            device="cpu",
            intra_op_threads=0,
            max_image_pixels=1_000_000,
            queue_limit=64,
            timeout_s=60.0,
            num_picture_threads=1,
        )
        registry = Registry(options, Metrics(CollectorRegistry()))
        await registry.load()
        auto = registry.digit_recognizer("auto")
        readings = [await auto.read(png(picture), max_error=0.5, top_k=1) for picture in pictures]
        await registry.close()
        return readings

    pictures = [draw_seven(size) for size in (30, 60, 90)] + [canvas[..., 0] for canvas in golden_canvases()[:20:5]]
    pair, thresholds = load_cascade_pair(AUTO, models_dir)
    scored = pair.score(see(pictures))
    for reading, is_passed_on in zip(asyncio.run(served(pictures)), scored.is_passed_on(thresholds), strict=True):
        assert reading.model == ("ensemble" if is_passed_on else "cnn")


def test_cascade_of_models_that_are_not_there_says_which_to_export(tmp_path, models_dir):
    with pytest.raises(TrainerError, match=r"no model 'ensemble_b', which 'auto' is made of"):
        Pair.load(replace(AUTO, large="ensemble_b"), models_dir)
    with pytest.raises(TrainerError, match="DIGITS_MODELS_DIR"):
        Pair.load(AUTO, tmp_path)


def test_cascade_of_two_alphabets_is_refused(models_dir, ungated, tmp_path):
    for folder in (models_dir / "cnn" / "1", ungated):
        (tmp_path / folder.parent.name).symlink_to(folder.parent)
    with pytest.raises(TrainerError, match="a cascade needs one alphabet"):
        Pair.load(AUTO, tmp_path)


def test_cascade_is_out_of_date_when_a_member_has_a_newer_version(models_dir, tmp_path):
    shutil.copytree(models_dir, tmp_path, dirs_exist_ok=True)
    newer = tmp_path / "ensemble" / "2"
    shutil.copytree(tmp_path / "ensemble" / "1", newer)
    manifest = replace(load_manifest(tmp_path / "ensemble" / "1"), version=2)
    (newer / "manifest.json").write_text(manifest.to_json())
    with pytest.raises(TrainerError, match="export auto --version 2"):
        load_cascade_pair(AUTO, tmp_path)


def test_golden_logits_of_the_ensemble_are_those_of_its_graph_and_of_its_form_in_eight_bits(models_dir):
    folder = models_dir / "ensemble" / "1"
    graph, served = SavedModel(folder, input_shape=CANVAS_SHAPE), load_model(folder).network
    assert isinstance(served, LiteRtNetwork)
    with np.load(folder / "golden.npz") as golden:
        np.testing.assert_allclose(graph.logits(golden["canvases"]), golden["logits"], atol=1e-4)
        np.testing.assert_allclose(served.logits(golden["canvases"]), golden["logits_int8"], atol=1e-4)


def test_weights_of_the_ensemble_are_stored_once(models_dir):
    stored = (models_dir / "ensemble" / "1" / "variables").glob("variables.data-*")
    graph = models_dir / "ensemble" / "1" / "saved_model.pb"
    assert sum(file.stat().st_size for file in stored) < 0.01 * graph.stat().st_size
