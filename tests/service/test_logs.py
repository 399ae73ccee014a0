import io
import json
import logging
import os
import sys
import warnings

import pytest
from PIL import Image, TiffImagePlugin

from service import logs
from service.logs import EXTRA_FIELD, HeardLines, JsonLines, configure_logs


def record_of(message: str, **more: object) -> logging.LogRecord:
    record = logging.LogRecord("service.x", logging.INFO, __file__, 1, message, None, None)
    record.created, record.msecs = 1_700_000_000.25, 250.0
    vars(record).update(more)
    return record


def test_record_is_one_line_of_json_with_its_fields():
    line = JsonLines().format(record_of("request", **{EXTRA_FIELD: {"path": "/a\nb"}}))

    assert "\n" not in line
    assert json.loads(line) == {
        "time": "2023-11-14T22:13:20.250Z",
        "level": "info",
        "logger": "service.x",
        "message": "request",
        "path": "/a\nb",
    }


def test_traceback_stays_inside_the_line():
    try:
        raise RuntimeError("boom")
    except RuntimeError:
        line = JsonLines().format(record_of("failed", exc_info=sys.exc_info()))

    assert "\n" not in line
    assert "RuntimeError: boom" in json.loads(line)["traceback"]


@pytest.fixture
def pipe():
    """The end that is read, and a handler that writes to the other one."""
    reader, writer = os.pipe()
    with os.fdopen(reader, "rb", buffering=0) as read, os.fdopen(writer, "w") as written:
        handler = HeardLines(written)
        handler.setFormatter(JsonLines())
        yield read, handler


def test_reader_of_the_log_that_stands_still_stops_nobody_and_is_told_what_it_has_lost(pipe, monkeypatch):
    monkeypatch.setattr(logs, "PATIENCE_S", 0.01)
    reader, handler = pipe
    for number in range(3000):  # of 100 bytes at least; a pipe holds 65,536
        handler.emit(record_of(str(number)))
    heard = reader.read(2**20).splitlines()
    handler.emit(record_of("after"))
    handler.emit(record_of("and on"))
    lost, after, and_on = map(json.loads, reader.read(2**20).splitlines())

    assert [json.loads(line)["message"] for line in heard] == [str(number) for number in range(len(heard))]
    assert 0 < len(heard) < 3000
    assert (lost["level"], lost["logger"], lost["message"]) == ("warning", "service.logs", "log lines lost")
    assert lost["num_lines"] == 3000 - len(heard)
    assert (after["message"], and_on["message"]) == ("after", "and on")


def test_long_lines_stop_nobody_either(pipe, monkeypatch):
    monkeypatch.setattr(logs, "PATIENCE_S", 0.01)
    reader, handler = pipe
    for _ in range(20):
        handler.emit(record_of("x" * 10_000))
    heard = reader.read(2**20).splitlines()
    handler.emit(record_of("y" * 10_000))
    rest, lost, after = reader.read(2**20).splitlines()

    assert all(json.loads(line)["message"] == "x" * 10_000 for line in heard[:-1])
    assert rest == b""  # which ends the last one, that was cut short
    assert json.loads(lost)["num_lines"] == 20 - len(heard[:-1])
    assert json.loads(after)["message"] == "y" * 10_000


def test_reader_of_the_log_is_waited_for_once(pipe, monkeypatch):
    waits: list[float] = []
    monkeypatch.setattr(logs.select, "select", lambda _, outs, __, wait_s: waits.append(wait_s) or ([], [], []))
    for _ in range(3):
        pipe[1].emit(record_of("a"))

    assert waits == [logs.PATIENCE_S, 0.0, 0.0]


def test_log_goes_to_what_cannot_be_asked_whether_it_has_room():
    stream = io.StringIO()
    handler = HeardLines(stream)
    handler.setFormatter(JsonLines())
    handler.emit(record_of("a"))

    assert json.loads(stream.getvalue())["message"] == "a"


@pytest.fixture
def configured(monkeypatch):
    """Logs as the service has them, for the time of a test."""
    for logger in map(logging.getLogger, ("root", "service", "PIL", "python_multipart")):
        monkeypatch.setattr(logger, "level", logger.level)  # to be put back
    monkeypatch.setattr(logging.root, "handlers", [])
    with warnings.catch_warnings():
        configure_logs("info")
        yield


def test_odd_tags_of_a_tiff_are_told_to_nobody(configured):
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    for tag in range(40_000, 40_020):
        tags.tagtype[tag] = 2
        tags[tag] = "a long text"
    file = io.BytesIO()
    Image.new("L", (4, 4)).save(file, "TIFF", tiffinfo=tags)
    damaged = file.getvalue()[:-150]  # which is where the texts are
    with Image.open(io.BytesIO(damaged)) as picture:
        assert 0 < len(picture.tag_v2) < 20  # read, and without a warning: in tests they are errors


def test_what_pillow_says_of_far_too_large_pictures_is_still_a_warning(configured, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 12)
    file = io.BytesIO()
    Image.new("L", (4, 4)).save(file, "PNG")
    with pytest.raises(Image.DecompressionBombWarning):
        Image.open(file)


def test_odd_pictures_are_no_errors_in_the_log(configured):
    assert not logging.getLogger("PIL.TiffImagePlugin").isEnabledFor(logging.ERROR)
    assert not logging.getLogger("python_multipart.multipart").isEnabledFor(logging.WARNING)
    assert logging.getLogger("service.access").isEnabledFor(logging.INFO)
