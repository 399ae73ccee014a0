import http.client
import json

import pytest

from service.commands import online
from service.commands.errors import ServiceFailed, WrongUsage
from service.commands.online import Service, read_online, service_address, windows
from service.stacks.entries import SentFile

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.mark.parametrize(
    ("sizes", "groups"),
    [
        ([], []),
        ([5, 5, 5], [[5, 5], [5]]),
        ([1] * 7, [[1] * 3, [1] * 3, [1]]),
        ([100, 1, 100], [[100], [1], [100]]),  # one that is too large for a window has its own
    ],
)
def test_windows_hold_so_many_files_and_bytes(monkeypatch, sizes, groups):
    monkeypatch.setattr(online, "WINDOW_FILES", 3)
    monkeypatch.setattr(online, "WINDOW_BYTES", 10)
    files = (SentFile(index, None, bytes(size)) for index, size in enumerate(sizes))

    assert [[len(file.data) for file in window] for window in windows(files)] == groups


class Answers:
    """Takes the place of the connection: gives out prepared answers, and notes the pauses between and what is told."""

    def __init__(self, *answers: tuple[int, str | None, object] | Exception) -> None:
        self.answers = list(answers)
        self.paused: list[float] = []
        self.told: list[str] = []

    async def pause(self, seconds: float) -> None:
        self.paused.append(seconds)

    def post(self, service: Service, window: object) -> tuple[int, http.client.HTTPMessage, bytes]:
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        status, retry_after, document = answer
        headers = http.client.HTTPMessage()
        if retry_after is not None:
            headers["Retry-After"] = retry_after
        return status, headers, json.dumps(document).encode()


@pytest.fixture
def ask(monkeypatch):
    async def ask(answers: Answers) -> list[dict]:
        monkeypatch.setattr(online, "_post", answers.post)
        address = service_address("http://service")
        service = Service(address, {}, [], tell=answers.told.append, pause=answers.pause)
        return [document async for document in read_online(iter([SentFile(4, "a.png", b"x")]), service)]

    return ask


ENTRY = {"index": 0, "filename": "0", "status": "ok", "result": {}}


async def test_busy_service_is_asked_again_after_as_long_as_it_says(ask):
    answers = Answers((429, "7", {}), (503, None, {}), (429, "1000", {}), (200, None, ENTRY))

    assert await ask(answers) == [{**ENTRY, "index": 4, "filename": "a.png"}]
    assert answers.paused == [7.0, 2.0, 60.0]


async def test_service_that_is_out_of_reach_is_told_once_and_tried_again(ask):
    refused = ConnectionRefusedError(111, "Connection refused")
    answers = Answers(refused, http.client.RemoteDisconnected(), (200, None, ENTRY))

    assert len(await ask(answers)) == 1
    assert answers.paused == [1.0, 2.0]
    assert answers.told == ["http://service cannot be reached (Connection refused); trying again in 1 s."]


async def test_service_that_is_merely_busy_is_not_told(ask):
    answers = Answers((429, "7", {}), (200, None, ENTRY))
    await ask(answers)
    assert answers.told == []


async def test_patience_ends(ask):
    answers = Answers(*[(429, "1", {"detail": "too busy"})] * 100)
    with pytest.raises(ServiceFailed, match="status 429: too busy"):
        await ask(answers)
    assert len(answers.paused) == online.NUM_TRIES - 1


@pytest.mark.parametrize("status", [400, 401, 404, 413, 422, 500])
async def test_refusal_is_not_asked_again(ask, status):
    answers = Answers((status, None, {"detail": "because"}), (200, None, ENTRY))
    with pytest.raises(ServiceFailed, match=f"status {status}: because"):
        await ask(answers)
    assert answers.paused == []


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8000", "https://digits.example/behind/a/proxy/", "http://[::1]:8000"]
)
def test_address_of_a_service_is_accepted(url):
    assert service_address(url).geturl() == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "127.0.0.1:8311",  # no scheme
        "localhost:8311",
        "ftp://x",
        "http://",
        "http://:8000",
        "http://127.0.0.1:abc",
        "http://127.0.0.1:99999",
        "http://[::1",
        "http://a b",
        "http://clerk:secret@host",  # would be left out without a word, as would the two below
        "http://host/?key=secret",
        "http://host/#top",
    ],
)
def test_what_is_no_address_is_told_with_what_would_be_accepted(url):
    with pytest.raises(WrongUsage) as error:
        service_address(url)
    assert f"--url is {url!r}; it must be http:// or https://" in str(error.value)
    assert "as in http://127.0.0.1:8000" in str(error.value)
