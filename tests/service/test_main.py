"""The parts of a process, put together."""

import asyncio
import io
import multiprocessing
import os
from collections.abc import Iterator

import pytest
from PIL import Image

from service import main
from service.main import container_for
from service.recognition.errors import StartupError, TooLarge
from service.recognition.image import decode_image
from service.settings import Settings
from service.workers.line import Line
from service.workers.messages import CanRead, make_line


async def test_worker_tells_its_parent_when_a_model_fails_and_when_it_has_recovered(tiny_models_dir):
    parent, end = make_line(multiprocessing.get_context("spawn"))
    line = Line(end)
    # 0: TensorFlow has been started by other tests, and takes no other number any more.
    settings = Settings(models_dir=tiny_models_dir, canary_s=1e-3, intra_op_threads=0)
    container = container_for(settings, on_ready=lambda: None, line=line)
    assert container.crew is line
    await container.models.load()
    golden = container.models._canary._probes[0].logits

    async def told() -> object:
        async with asyncio.timeout(30):
            while not parent.poll():
                await asyncio.sleep(0)
        return parent.recv()

    golden += 1.0  # as if the device were wrong
    assert await told() == CanRead(False)
    golden -= 1.0
    assert await told() == CanRead(True)
    await container.models.close()
    for one in (parent, end):
        one.close()


@pytest.mark.parametrize(
    ("workers", "num_cores", "has_spare_core"), [(1, 2.0, True), (1, 1.0, False), (2, 2.0, False), (4, 16.0, True)]
)
def test_networks_are_told_whether_event_loops_leave_them_a_core(monkeypatch, workers, num_cores, has_spare_core):
    monkeypatch.setattr(main, "num_cores_here", lambda: num_cores)

    assert main._runtime_options(Settings(workers=workers)).has_spare_core is has_spare_core


@pytest.mark.parametrize(("num_cores", "num_threads"), [(0.5, 1), (1.5, 1), (3.0, 3)])
def test_pictures_are_decoded_on_as_many_threads_as_a_container_has_cores(monkeypatch, num_cores, num_threads):
    monkeypatch.setattr(main, "num_cores_here", lambda: num_cores)

    assert main._runtime_options(Settings()).num_picture_threads == num_threads


def test_pictures_above_the_limit_of_pillow_are_read_where_the_operator_allows_them(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    file = io.BytesIO()
    Image.new("L", (30, 20), 255).save(file, "PNG")
    with pytest.raises(TooLarge, match="far larger"):
        decode_image(file.getvalue(), max_pixels=1000)

    container_for(Settings(max_image_pixels=1000), on_ready=lambda: None)

    assert decode_image(file.getvalue(), max_pixels=1000).shape == (20, 30)


def test_limit_of_pillow_is_never_made_lower(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    container_for(Settings(max_image_pixels=50), on_ready=lambda: None)

    assert Image.MAX_IMAGE_PIXELS == 100


def test_unknown_variables_are_told_in_the_log_without_their_values(caplog):
    main._tell_unknown({"DIGITS_LOG_FORMAT": "geheim", "DIGITS_PORT": "1", "DIGITS_DATA": "/data"})

    (record,) = caplog.records
    assert record.fields == {"variable": "DIGITS_LOG_FORMAT", "nearest": "DIGITS_LOG_READINGS"}


def test_folder_of_templates_is_made_and_may_be_read_only(tmp_path):
    folder = tmp_path / "forms" / "templates"
    main._check_templates_dir(folder)
    assert folder.is_dir()
    folder.chmod(0o555)
    main._check_templates_dir(folder)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("file", "which cannot be used: Not a directory."),
        ("file/templates", "which cannot be used: Not a directory."),
        ("x" * 300, "which cannot be used: File name too long."),
    ],
)
def test_what_can_be_no_folder_of_templates_is_refused(tmp_path, name, told):
    (tmp_path / "file").touch()
    with pytest.raises(StartupError, match=told) as error:
        main._check_templates_dir(tmp_path / name)
    assert str(error.value).startswith("DIGITS_TEMPLATES_DIR is '")
    assert len(str(error.value)) < 250


@pytest.mark.parametrize("call", ["mkdir", "scandir"])
def test_folder_of_templates_that_may_not_be_made_or_read_is_refused(tmp_path, monkeypatch, call):
    def refuse(path: object, *_: object) -> Iterator[None]:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, call, refuse)  # as whoever runs the tests may do all that
    with pytest.raises(StartupError, match="Permission denied"):
        main._check_templates_dir(tmp_path / "templates")


@pytest.mark.parametrize("host", ["a..b", "a" * 5000, ".example"])
def test_host_that_is_no_name_is_told_in_a_line(host):
    with pytest.raises(StartupError, match=r"^Cannot listen on [a-z.]{4,80} port 0: that is no host name\. Set"):
        main._listen(host, 0)
