import json
import logging
import sys

from service.logs import EXTRA_FIELD, JsonLines, configure_logs


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


def test_odd_pictures_are_no_errors_in_the_log(monkeypatch):
    for logger in (
        logging.root,
        logging.getLogger("service"),
        logging.getLogger("PIL"),
        logging.getLogger("python_multipart"),
    ):
        monkeypatch.setattr(logger, "level", logger.level)  # to be put back
    monkeypatch.setattr(logging.root, "handlers", [])

    configure_logs("info")

    assert not logging.getLogger("PIL.TiffImagePlugin").isEnabledFor(logging.ERROR)
    assert not logging.getLogger("python_multipart.multipart").isEnabledFor(logging.WARNING)
    assert logging.getLogger("service.access").isEnabledFor(logging.INFO)
