"""Reading files with a service that runs elsewhere."""

import asyncio
import http.client
import json
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import SplitResult, urlencode

from service.alerts.receiver import split_url
from service.api.access import API_KEY_HEADER
from service.api.batch_answers import Document
from service.api.batch_formats import BatchFormat
from service.commands.errors import ServiceFailed, WrongUsage, reason_of
from service.stacks.entries import SentFile

WINDOW_FILES = 128
WINDOW_BYTES = 32_000_000  # half of what a service takes unless it is told otherwise
CONNECT_TIMEOUT_S = 10.0
TIMEOUT_S = 900.0
NUM_TRIES = 12
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 60.0
TRY_AGAIN = frozenset({429, 503})


@dataclass(frozen=True, slots=True)
class Service:
    """Where a service is, and what every request to it says.

    Attributes:
        address: of its root, as `service_address` accepts it.
        parameters: of `/batch`, for the query.
        parts: names and contents of the parts beside the files.
        key: its API key, or None.
        tell: is given a line when it cannot be reached.
        pause: waits for so many seconds.
    """

    address: SplitResult
    parameters: Mapping[str, str]
    parts: Sequence[tuple[str, bytes]]
    key: str | None = None
    tell: Callable[[str], None] = lambda _line: None
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep

    @property
    def url(self) -> str:
        """Its address, for messages."""
        return self.address.geturl()


def service_address(url: str) -> SplitResult:
    """Take the address of a service apart; raises `WrongUsage` where it is none."""
    with suppress(ValueError):
        address = split_url(url)
        if not (address.query or address.fragment or "@" in address.netloc):
            return address
    raise WrongUsage(
        f"--url is {url!r}; it must be http:// or https:// with a host, a port where it is not the usual one, and at "
        "most a path, as in http://127.0.0.1:8000."
    )


async def read_online(files: Iterator[SentFile], service: Service) -> AsyncIterator[Document]:
    """What the service says about each file, or page, in order.

    Files are sent in windows that a service takes by default. While it is busy (429) or not ready (503), and while it
    cannot be reached, the same window is sent again, after as long as it asks for.

    Raises:
        ServiceFailed: it refuses, or has been out of reach for too long.
    """
    for window in windows(files):
        for document in await _ask(service, window):
            file = window[document["index"]]
            yield {**document, "index": file.index, "filename": file.name}


def windows(files: Iterator[SentFile]) -> Iterator[list[SentFile]]:
    """The files in groups, of which each is one request."""
    window: list[SentFile] = []
    num_bytes = 0
    for file in files:
        if window and (len(window) >= WINDOW_FILES or num_bytes + len(file.data) > WINDOW_BYTES):
            yield window
            window, num_bytes = [], 0
        window.append(file)
        num_bytes += len(file.data)
    if window:
        yield window


async def _ask(service: Service, window: Sequence[SentFile]) -> list[Document]:
    pause_s = FIRST_PAUSE_S
    is_told = False
    for last_try in (*[False] * (NUM_TRIES - 1), True):
        try:
            status, headers, body = await asyncio.to_thread(_post, service, window)
        except (OSError, http.client.HTTPException) as error:
            if last_try:
                raise ServiceFailed(f"{service.url} cannot be reached: {reason_of(error)}.") from error
            wait_s = pause_s
            if not is_told:
                is_told = True
                service.tell(f"{service.url} cannot be reached ({reason_of(error)}); trying again in {wait_s:.0f} s.")
        else:
            if status == 200:
                return [json.loads(line) for line in body.splitlines()]
            if last_try or status not in TRY_AGAIN:
                raise ServiceFailed(f"{service.url} answers with status {status}: {_detail(body)}")
            asked = headers.get("Retry-After", "")
            wait_s = min(LONGEST_PAUSE_S, float(asked)) if asked.isdecimal() else pause_s
        await service.pause(wait_s)
        pause_s = min(LONGEST_PAUSE_S, 2 * pause_s)
    raise AssertionError("the last try returns or raises")


def _post(service: Service, window: Sequence[SentFile]) -> tuple[int, http.client.HTTPMessage, bytes]:
    address = service.address
    kind = http.client.HTTPSConnection if address.scheme == "https" else http.client.HTTPConnection
    connection = kind(address.hostname or "", address.port, timeout=CONNECT_TIMEOUT_S)
    boundary = secrets.token_hex(16)
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}", "Accept": BatchFormat.NDJSON.value}
    if service.key is not None:
        headers[API_KEY_HEADER] = service.key
    path = f"{address.path.rstrip('/')}/batch?{urlencode(service.parameters)}"
    try:
        connection.connect()
        connection.sock.settimeout(TIMEOUT_S)
        connection.request("POST", path, _body(service, window, boundary.encode()), headers)
        response = connection.getresponse()
        return response.status, response.msg, response.read()
    finally:
        connection.close()


def _body(service: Service, window: Sequence[SentFile], boundary: bytes) -> bytes:
    # Files are named by their place: their own names may hold what a header cannot, and are nobody else's business.
    parts = [*service.parts, *[("files", file.data) for file in window]]
    pieces = [
        b'--%s\r\nContent-Disposition: form-data; name="%s"; filename="%d"\r\n\r\n%s\r\n'
        % (boundary, name.encode(), place, data)
        for place, (name, data) in enumerate(parts)
    ]
    return b"".join([*pieces, b"--%s--\r\n" % boundary])


def _detail(body: bytes) -> str:
    """What a problem document says; of anything else, its beginning."""
    try:
        return str(json.loads(body)["detail"])
    except (ValueError, KeyError, TypeError):
        return repr(body[:200].decode("utf-8", errors="replace"))
