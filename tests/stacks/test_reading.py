"""A stack is read with the models and within the limits of its process; no server is needed for it."""

from collections.abc import AsyncIterator

import pytest
from prometheus_client import CollectorRegistry

from service.alerts.alerts import Alerts
from service.recognition.errors import InvalidParameter, ModelNotFound, TooLarge
from service.runtime.metrics import Metrics
from service.stacks import reading as reading_module
from service.stacks.entries import Entry, SentFile
from service.stacks.forms import FormLimits
from service.stacks.parameters import BatchKind, BatchParameters
from service.stacks.pictures import EmptyFile
from service.stacks.reading import StackOptions, StackReading
from service.stacks.turns import NO_DEADLINE

LIMITS = FormLimits(max_image_bytes=10, max_image_pixels=1000, max_pages=2, timeout_s=5.0)
OPTIONS = StackOptions(templates_dir=None, queue_limit=8, timeout_s=60.0, max_error=0.02, limits=LIMITS)


class FakeReader:
    """Answers with what it was asked."""

    def __init__(self, name: str) -> None:
        self.name = name

    async def read(self, data: bytes, **asked: object) -> tuple[object, ...]:
        del asked["timeout_s"]
        return self.name, data, asked


class FakeReaders:
    """Knows a reader by the names of the defaults, and none by other names."""

    def digit_recognizer(self, name: str) -> FakeReader:
        return self._known(name, "auto")

    def sequence_recognizer(self, name: str) -> FakeReader:
        return self._known(name, "crnn")

    def _known(self, name: str, known: str) -> FakeReader:
        if name != known:
            raise ModelNotFound(name)
        return FakeReader(name)


@pytest.fixture
async def reading() -> AsyncIterator[StackReading]:
    reading = StackReading(
        FakeReaders(), OPTIONS, lists={}, metrics=Metrics(CollectorRegistry()), alerts=Alerts(shows_readings=False)
    )
    yield reading
    reading.close()


async def entries_of(
    reading: StackReading, kind: BatchKind, *contents: bytes, max_error: float | None = None
) -> list[Entry[object]]:
    files = [SentFile(index, None, data) for index, data in enumerate(contents)]
    parameters = BatchParameters(kind, None, 3, max_error)
    return [entry async for entry in reading.open(files, kind, parameters, [], NO_DEADLINE, look_ahead=4)]


async def test_digits_are_read_by_the_default_model_with_what_the_operator_bears(reading):
    (entry,) = await entries_of(reading, BatchKind.DIGIT, b"a")

    assert entry.outcome == ("auto", b"a", {"max_error": 0.02, "top_k": 3})


async def test_numbers_are_read_by_the_default_reader_with_what_the_request_bears(reading):
    (entry,) = await entries_of(reading, BatchKind.SEQUENCE, b"a", max_error=0.5)

    assert entry.outcome == ("crnn", b"a", {"max_error": 0.5, "top_k": 3, "constraint": None})


async def test_files_keep_their_order_and_let_none_fail_another(reading):
    entries = await entries_of(reading, BatchKind.DIGIT, b"a", b"", b"x" * 11, b"b")

    assert [entry.file for entry in entries] == [0, 1, 2, 3]
    assert [type(entry.outcome) for entry in entries] == [tuple, EmptyFile, TooLarge, tuple]


async def test_model_that_is_not_there_is_told_before_anything_is_read(reading):
    parameters = BatchParameters(BatchKind.SEQUENCE, "cnn", 3, None)
    with pytest.raises(ModelNotFound):
        reading.open([], BatchKind.SEQUENCE, parameters, [], NO_DEADLINE, look_ahead=4)


@pytest.mark.parametrize(
    ("kind", "sent", "pages", "told"),
    [
        (BatchKind.DIGIT, [b"tally"], [], "`template` and `page` are for forms"),
        (BatchKind.SEQUENCE, [], [b"page"], "`template` and `page` are for forms"),
        (BatchKind.FORM, [], [], "`template` is missing"),
        (BatchKind.FORM, [b"{}", b"{}"], [], "`template` is there several times"),
        (BatchKind.FORM, [b"tally"], [b"page"], "the template is a stored one, which has its own"),
    ],
)
async def test_templates_that_do_not_go_with_the_rest_are_refused(reading, kind, sent, pages, told):
    with pytest.raises(InvalidParameter, match=told):
        async with reading.templates_of(kind, sent, pages, NO_DEADLINE):
            pass


@pytest.mark.parametrize(("asked_s", "timeout_s"), [(5.0, 5.0), (600.0, 60.0)])
async def test_stack_has_the_time_that_was_asked_for_and_no_more_than_the_operator_gives(reading, asked_s, timeout_s):
    assert reading.deadline_of(BatchParameters(None, None, 3, None, asked_s)).timeout_s == timeout_s


async def test_pages_have_as_many_threads_as_there_are_cores_that_may_be_used(monkeypatch):
    made = []
    monkeypatch.setattr(reading_module, "num_threads_here", lambda: 3)
    monkeypatch.setattr(reading_module, "PictureThreads", lambda **options: made.append(options))

    StackReading(FakeReaders(), OPTIONS, lists={}, metrics=Metrics(CollectorRegistry()), alerts=Alerts())

    assert made == [{"num_threads": 3, "queue_limit": 8}]
