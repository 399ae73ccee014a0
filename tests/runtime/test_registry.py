import asyncio
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from prometheus_client import CollectorRegistry

from service.recognition.errors import DeviceNotFound, InvalidModel, ModelNotFound, NotReady
from service.recognition.manifest import SEQUENCE_READER, manifest_sha256
from service.recognition.members import Member, PeerRule, SecondLookRule
from service.runtime.metrics import Metrics
from service.runtime.registry import Registry, RuntimeOptions
from tests.pictures import draw_seven, draw_strokes, png
from tests.runtime.fakes import manifest_of
from tests.runtime.tiny_model import make_cascade, write_manifest

pytestmark = pytest.mark.anyio


@pytest.fixture
def options(tiny_model) -> RuntimeOptions:
    return RuntimeOptions(
        models_dir=tiny_model.parent.parent,
        device="cpu",
        intra_op_threads=0,  # as TensorFlow has been started by other tests
        max_image_pixels=1_000_000,
        queue_limit=8,
        timeout_s=30.0,
        num_picture_threads=1,
    )


def registry_for(options: RuntimeOptions) -> Registry:
    return Registry(options, Metrics(CollectorRegistry()))


async def test_nothing_is_to_be_had_before_loading_and_after_closing(options):
    registry = registry_for(options)
    for state in ("new", "closed"):
        with pytest.raises(NotReady) as refused:
            registry.digit_recognizer("cnn")
        assert refused.value.retry_after_s > 0, state
        with pytest.raises(NotReady):
            registry.manifests()
        with pytest.raises(NotReady):
            _ = registry.device
        if state == "new":
            await registry.load()
            await registry.close()


async def test_loaded_model_reads_pictures(options):
    registry = registry_for(options)
    await registry.load()
    recognized = await registry.digit_recognizer("auto").read(png(draw_seven()), max_error=0.01, top_k=3)
    await registry.close()

    assert (recognized.model, recognized.version) == ("cnn", 1)
    assert len(recognized.reading.alternatives) == 3
    assert list(recognized.stages_ms) == ["decode", "canvas", "queue", "model", "read"]


@pytest.fixture
def both(options, tiny_model, tiny_reader, tmp_path) -> RuntimeOptions:
    """Options whose folder holds a digit classifier, `cnn`, and a sequence reader, `crnn`."""
    shutil.copytree(tiny_model, tmp_path / "cnn" / "1")
    shutil.copytree(tiny_reader, tmp_path / "crnn" / "1")
    return replace(options, models_dir=tmp_path)


async def test_sequence_reader_reads_numbers_of_any_length_without_being_traced_again(both):
    metrics = Metrics(CollectorRegistry())
    registry = Registry(both, metrics)
    await registry.load()

    def value(name: str, **labels: str) -> float | None:
        return metrics.registry.get_sample_value(name, labels)

    num_to_warm_up = value("digits_batch_size_sum", model="crnn")
    crnn = registry.sequence_recognizer("crnn")
    lengths = [1, 30, 3, 12, 3, 1, 20]
    reads = (crnn.read(png(draw_strokes(length)), max_error=0.01, top_k=3) for length in lengths)
    recognized = await asyncio.gather(*reads)
    await registry.close()

    assert {(one.model, one.version) for one in recognized} == {("crnn", 1)}
    assert value("digits_traces_after_ready_total", model="crnn") == 0
    assert value("digits_model_info", model="crnn", version="1", device="cpu") == 1
    assert value("digits_batch_size_sum", model="crnn") == num_to_warm_up + len(lengths)
    decisions = ("accepted", "review", "rejected")
    assert sum(value("digits_decisions_total", model="crnn", decision=one) or 0 for one in decisions) == len(lengths)


@pytest.fixture
def with_ensemble(options, tiny_model, tmp_path) -> RuntimeOptions:
    """Options whose folder holds `cnn` and a copy of it called `ensemble`."""
    shutil.copytree(tiny_model, tmp_path / "cnn" / "1")
    write_manifest(Path(shutil.copytree(tiny_model, tmp_path / "ensemble" / "1")))
    return replace(options, models_dir=tmp_path)


@pytest.mark.parametrize(("sure_from", "who"), [(0.0, "cnn"), (1.0, "ensemble")])
async def test_cascade_answers_auto_with_the_member_that_is_sure(with_ensemble, sure_from, who):
    make_cascade(with_ensemble.models_dir, sure_from=sure_from)
    metrics = Metrics(CollectorRegistry())
    registry = Registry(with_ensemble, metrics)
    await registry.load()
    blank = png(np.full((40, 40), 255, np.uint8))
    read, blank_read = [
        await registry.digit_recognizer("auto").read(data, max_error=0.01, top_k=3)
        for data in (png(draw_seven()), blank)
    ]
    alone = await registry.digit_recognizer("cnn").read(png(draw_seven()), max_error=0.01, top_k=3)
    names = [manifest.name for manifest in registry.manifests()]
    await registry.close()

    def value(name: str, **labels: str) -> float | None:
        return metrics.registry.get_sample_value(name, labels)

    assert (read.model, read.version, alone.model) == (who, 1, "cnn")
    assert list(read.stages_ms) == ["decode", "canvas", "queue", "model", "read"]
    assert blank_read.model == "auto"  # no network was asked
    assert names == ["auto", "cnn", "ensemble"]
    assert value("digits_model_info", model="auto", version="1", device="cpu") == 1
    counts = {one: value("digits_cascade_answers_total", model="auto", member=one) for one in ("cnn", "ensemble")}
    assert counts == {"cnn": 0, "ensemble": 0} | {who: 1}  # the warm-up is no answer
    assert value("digits_traces_after_ready_total", model="ensemble") == 0


async def test_auto_is_the_small_network_where_the_cascade_lacks_a_member(with_ensemble):
    make_cascade(with_ensemble.models_dir, sure_from=1.0)
    shutil.rmtree(with_ensemble.models_dir / "ensemble")
    registry = registry_for(with_ensemble)
    await registry.load()
    recognized = await registry.digit_recognizer("auto").read(png(draw_seven()), max_error=0.01, top_k=3)
    assert recognized.model == "cnn"
    assert [manifest.name for manifest in registry.manifests()] == ["cnn"]
    await registry.close()


async def test_ensemble_without_a_cascade_answers_only_by_its_name(with_ensemble):
    registry = registry_for(with_ensemble)
    await registry.load()
    reads = {
        name: await registry.digit_recognizer(name).read(png(draw_seven()), max_error=0.01, top_k=3)
        for name in ("auto", "ensemble")
    }
    assert {name: one.model for name, one in reads.items()} == {"auto": "cnn", "ensemble": "ensemble"}
    await registry.close()


async def test_sequence_reader_asks_the_digit_classifier_that_its_manifest_names(both):
    models_dir = both.models_dir
    cnn = Member("cnn", 1, manifest_sha256(models_dir / "cnn" / "1"))
    rule = SecondLookRule(cnn, 1.0, 1.0, 1.0, manifest_of("crnn").calibration)
    write_manifest(models_dir / "crnn" / "1", kind=SEQUENCE_READER, second_look=rule)
    metrics = Metrics(CollectorRegistry())
    registry = Registry(both, metrics)
    await registry.load()
    for _ in range(3):
        await registry.sequence_recognizer("crnn").read(png(draw_strokes(5)), max_error=0.01, top_k=3)
    await registry.close()

    # More than the one canvas of cnn's own warm-up: whatever a reader of random weights sees, it asks about it.
    assert metrics.registry.get_sample_value("digits_batch_size_sum", {"model": "cnn"}) > 1
    assert metrics.registry.get_sample_value("digits_traces_after_ready_total", {"model": "cnn"}) == 0


async def test_sequence_reader_asks_the_peer_that_its_manifest_names(both):
    models_dir = both.models_dir
    shutil.copytree(models_dir / "crnn" / "1", models_dir / "crnn_peer" / "1")
    write_manifest(models_dir / "crnn_peer" / "1", kind=SEQUENCE_READER)
    cnn, peer = (Member(name, 1, manifest_sha256(models_dir / name / "1")) for name in ("cnn", "crnn_peer"))
    rule = SecondLookRule(cnn, 1.0, 1.0, 1.0, manifest_of("crnn").calibration)
    write_manifest(models_dir / "crnn" / "1", kind=SEQUENCE_READER, second_look=rule, peer=PeerRule(peer, 1.0))
    metrics = Metrics(CollectorRegistry())
    registry = Registry(both, metrics)
    await registry.load()
    num_before = metrics.registry.get_sample_value("digits_batch_size_sum", {"model": "crnn_peer"})
    await registry.sequence_recognizer("crnn").read(png(draw_strokes(5)), max_error=0.01, top_k=3)
    await registry.close()

    assert metrics.registry.get_sample_value("digits_batch_size_sum", {"model": "crnn_peer"}) == num_before + 1


async def test_digits_of_doubtful_pictures_are_counted_by_the_default_reader(both):
    metrics = Metrics(CollectorRegistry())
    registry = Registry(both, metrics)
    await registry.load()
    num_before = metrics.registry.get_sample_value("digits_batch_size_sum", {"model": "crnn"})
    for name in ("auto", "cnn"):  # of random weights: nothing that it says is sure
        await registry.digit_recognizer(name).read(png(draw_strokes(5)), max_error=0.01, top_k=3)
    await registry.close()

    assert metrics.registry.get_sample_value("digits_batch_size_sum", {"model": "crnn"}) == num_before + 2


async def test_each_model_reads_what_it_is_for(both):
    registry = registry_for(both)
    await registry.load()
    assert [manifest.name for manifest in registry.manifests()] == ["cnn", "crnn"]
    with pytest.raises(ModelNotFound, match=r"no model 'crnn' that reads single digits\. Loaded are: cnn\."):
        registry.digit_recognizer("crnn")
    with pytest.raises(ModelNotFound, match=r"no model 'cnn' that reads numbers\. Loaded are: crnn\."):
        registry.sequence_recognizer("cnn")
    await registry.close()


async def test_service_without_a_sequence_reader_says_so(options):
    registry = registry_for(options)
    await registry.load()
    with pytest.raises(ModelNotFound, match=r"no model 'crnn' that reads numbers\. None is loaded\."):
        registry.sequence_recognizer("crnn")
    await registry.close()


async def test_canary_asks_every_model(both):
    registry = registry_for(both)
    await registry.load()
    await registry._canary.check()
    assert registry._canary.fault is None
    probe = next(one for one in registry._canary._probes if one.model == "crnn")
    probe.logits[0, 0] += 1.0
    await registry._canary.check()
    assert registry._canary.fault.startswith("crnn is wrong")
    await registry.close()


async def test_canary_that_fails_closes_the_registry_until_it_recovers(options):
    told: list[bool] = []
    options = replace(options, canary_s=1e-3, canary_limit_s=5.0)
    registry = Registry(options, Metrics(CollectorRegistry()), on_change=told.append)
    await registry.load()
    registry.refuse_if_not_ready()
    golden = registry._canary._probes[0].logits
    golden += 1.0  # as if the device were wrong
    while registry._canary.fault is None:
        await asyncio.sleep(0)
    with pytest.raises(NotReady, match="did not repeat its golden output"):
        registry.refuse_if_not_ready()
    with pytest.raises(NotReady):
        registry.digit_recognizer("cnn")  # no reading is better than a wrong one
    assert [manifest.name for manifest in registry.manifests()] == ["cnn"]
    golden -= 1.0
    while registry._canary.fault is not None:
        await asyncio.sleep(0)
    assert registry.digit_recognizer("cnn")
    assert told == [False, True]
    await registry.close()


async def test_models_that_are_loaded_are_not_loaded_again(options):
    registry = registry_for(options)
    await registry.load()
    recognizer = registry.digit_recognizer("cnn")
    await registry.load()
    assert registry.digit_recognizer("cnn") is recognizer
    await registry.close()


async def test_metrics_show_the_models_and_that_nothing_is_traced_again(options):
    metrics = Metrics(CollectorRegistry())
    registry = Registry(options, metrics)

    def value(name: str, **labels: str) -> float | None:
        return metrics.registry.get_sample_value(name, labels)

    await registry.load()
    assert value("digits_model_info", model="cnn", version="1", device="cpu") == 1
    reads = (
        registry.digit_recognizer("cnn").read(png(draw_seven(size)), max_error=0.01, top_k=3) for size in range(30, 60)
    )
    await asyncio.gather(*reads, return_exceptions=True)
    assert value("digits_traces_after_ready_total", model="cnn") == 0
    num_readings = sum(
        value("digits_decisions_total", model="cnn", decision=one) or 0 for one in ("accepted", "review")
    )
    assert num_readings == value("digits_stage_seconds_count", stage="model") > 0
    assert value("digits_batch_size_sum", model="cnn") == num_readings + 1  # and the warm-up, which is no reading
    await registry.close()


async def test_time_out_for_requests_does_not_hinder_the_start(options):
    registry = registry_for(replace(options, timeout_s=1e-6))
    await registry.load()
    assert registry.device == "cpu"
    await registry.close()


async def test_unknown_model_is_answered_with_the_known_ones(options):
    registry = registry_for(options)
    await registry.load()
    assert registry.device == "cpu"
    assert [manifest.name for manifest in registry.manifests()] == ["cnn"]
    with pytest.raises(ModelNotFound, match=r"no model 'vgg' that reads single digits\. Loaded are: cnn"):
        registry.digit_recognizer("vgg")
    await registry.close()


async def test_models_folder_without_the_default_model_does_not_start(options, tiny_model, tmp_path):
    shutil.copytree(tiny_model, tmp_path / "dnn" / "1")
    with pytest.raises(InvalidModel, match="cnn is missing"):
        await registry_for(replace(options, models_dir=tmp_path)).load()


async def test_missing_gpu_does_not_start(options):
    with pytest.raises(DeviceNotFound, match="DIGITS_DEVICE is 'gpu:7'"):
        await registry_for(replace(options, device="gpu:7")).load()


async def test_models_of_folders_that_are_named_are_loaded_whatever_has_come_since(options, tiny_model, tmp_path):
    chosen = Path(shutil.copytree(tiny_model, tmp_path / "cnn" / "1"))
    write_manifest(Path(shutil.copytree(tiny_model, tmp_path / "cnn" / "2")))
    (tmp_path / "cnn" / "3").mkdir()  # is still being copied
    registry = registry_for(replace(options, models_dir=tmp_path, folders=(chosen,)))
    await registry.load()
    assert [(one.name, one.version) for one in registry.manifests()] == [("cnn", 1)]
    await registry.close()
