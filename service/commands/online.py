"""Reading files with a service that runs elsewhere."""

import asyncio
import http.client
import json
import secrets
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from service.api.access import API_KEY_HEADER
from service.api.batch_answers import Document
from service.api.batch_formats import BatchFormat
from service.commands.errors import ServiceFailed
from service.commands.files import NamedFile, loaded
from service.commands.offline import template_part
from service.stacks.entries import SentFile

WINDOW_FILES = 128
WINDOW_BYTES = 32_000_000  # half of what a service takes unless it is told otherwise
TIMEOUT_S = 900.0
NUM_TRIES = 12
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 60.0
TRY_AGAIN = frozenset({429, 503})


@dataclass(frozen=True, slots=True)
class Service:
    """Where a service is, and what every request to it says.

    Attributes:
        url: of its root, such as `http://127.0.0.1:8000`.
        parameters: of `/batch`, for the query.
        parts: names and contents of the parts beside the files.
        key: its API key, or None.
        pause: waits for so many seconds.
    """

    url: str
    parameters: Mapping[str, str]
    parts: Sequence[tuple[str, bytes]]
    key: str | None = None
    pause: Callable[[float], None] = time.sleep


def parts_of(kind: str, templates: Sequence[str], pages: Sequence[Path]) -> list[tuple[str, bytes]]:
    """What goes with the files: their kind, and for forms the templates and blank pages."""
    named = [("template", template_part(name)) for name in templates]
    return [("kind", kind.encode()), *named, *[("page", page.read_bytes()) for page in pages]]


async def read_online(files: Sequence[NamedFile], service: Service) -> AsyncIterator[Document]:
    """What the service says about each file, or page, in order.

    Files are sent in windows that a service takes by default. While it is busy (429) or not ready (503), and while it
    cannot be reached, the same window is sent again, after as long as it asks for.

    Raises:
        ServiceFailed: it refuses, or has been out of reach for too long.
    """
    for window in windows(loaded(files)):
        for document in await asyncio.to_thread(_ask, service, window):
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


def _ask(service: Service, window: Sequence[SentFile]) -> list[Document]:
    pause_s = FIRST_PAUSE_S
    for last_try in (*[False] * (NUM_TRIES - 1), True):
        try:
            status, headers, body = _post(service, window)
        except (OSError, http.client.HTTPException) as error:
            if last_try:
                raise ServiceFailed(f"{service.url} cannot be reached: {error}.") from error
            wait_s = pause_s
        else:
            if status == 200:
                return [json.loads(line) for line in body.splitlines()]
            if last_try or status not in TRY_AGAIN:
                raise ServiceFailed(f"{service.url} answers with status {status}: {_detail(body)}")
            asked = headers.get("Retry-After", "")
            wait_s = min(LONGEST_PAUSE_S, float(asked)) if asked.isdecimal() else pause_s
        service.pause(wait_s)
        pause_s = min(LONGEST_PAUSE_S, 2 * pause_s)
    raise AssertionError("the last try returns or raises")


def _post(service: Service, window: Sequence[SentFile]) -> tuple[int, http.client.HTTPMessage, bytes]:
    address = urlsplit(service.url)
    kind = http.client.HTTPSConnection if address.scheme == "https" else http.client.HTTPConnection
    connection = kind(address.hostname or "", address.port, timeout=TIMEOUT_S)
    boundary = secrets.token_hex(16)
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}", "Accept": BatchFormat.NDJSON.value}
    if service.key is not None:
        headers[API_KEY_HEADER] = service.key
    path = f"{address.path.rstrip('/')}/batch?{urlencode(service.parameters)}"
    try:
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
