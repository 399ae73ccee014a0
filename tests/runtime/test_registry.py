import shutil
from dataclasses import replace

import pytest

from service.recognition.errors import DeviceNotFound, InvalidModel, ModelNotFound, NotReady
from service.runtime.registry import Registry, RuntimeOptions
from tests.pictures import draw_seven, png

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


async def test_nothing_is_to_be_had_before_loading_and_after_closing(options):
    registry = Registry(options)
    for state in ("new", "closed"):
        with pytest.raises(NotReady) as refused:
            registry.recognizer("cnn")
        assert refused.value.retry_after_s > 0, state
        with pytest.raises(NotReady):
            registry.manifests()
        with pytest.raises(NotReady):
            _ = registry.device
        if state == "new":
            await registry.load()
            await registry.close()


async def test_loaded_model_reads_pictures(options):
    registry = Registry(options)
    await registry.load()
    recognized = await registry.recognizer("auto").read(png(draw_seven()), max_error=0.01, top_k=3)
    await registry.close()

    assert (recognized.model, recognized.version) == ("cnn", 1)
    assert len(recognized.reading.alternatives) == 3
    assert list(recognized.stages_ms) == ["decode", "canvas", "queue", "model", "read"]


async def test_time_out_for_requests_does_not_hinder_the_start(options):
    registry = Registry(replace(options, timeout_s=1e-6))
    await registry.load()
    assert registry.device == "cpu"
    await registry.close()


async def test_unknown_model_is_answered_with_the_known_ones(options):
    registry = Registry(options)
    await registry.load()
    assert registry.device == "cpu"
    assert [manifest.name for manifest in registry.manifests()] == ["cnn"]
    with pytest.raises(ModelNotFound, match=r"no model 'vgg'. Loaded are: cnn"):
        registry.recognizer("vgg")
    await registry.close()


async def test_models_folder_without_the_default_model_does_not_start(options, tiny_model, tmp_path):
    shutil.copytree(tiny_model, tmp_path / "dnn" / "1")
    with pytest.raises(InvalidModel, match="cnn is missing"):
        await Registry(replace(options, models_dir=tmp_path)).load()


async def test_missing_gpu_does_not_start(options):
    with pytest.raises(DeviceNotFound, match="DIGITS_DEVICE is 'gpu:7'"):
        await Registry(replace(options, device="gpu:7")).load()
