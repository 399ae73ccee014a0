import asyncio

import pytest
import uvicorn
from uvicorn.server import ServerState

from service.head import MAX_HEAD_BYTES, ShortHeadProtocol
from tests.service.wire import Wire

pytestmark = pytest.mark.anyio

PIECE = 16 * 1024
CHUNKED = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def never_answers(scope, receive, send) -> None:
    await asyncio.Event().wait()


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
async def protocol(wire):
    config = uvicorn.Config(never_answers, http=ShortHeadProtocol, interface="asgi3", log_config=None)
    config.load()
    state = ServerState()
    made = ShortHeadProtocol(config=config, server_state=state, app_state={})
    made.connection_made(wire)
    yield made
    for task in state.tasks:
        task.cancel()


def send(protocol: ShortHeadProtocol, wire: Wire, start: bytes, piece: bytes) -> int:
    """Send pieces until the connection is closed, at most a megabyte; how many bytes it was."""
    protocol.data_received(start)
    num_bytes = len(start)
    while not wire.is_closed and num_bytes < 1_000_000:
        protocol.data_received(piece)
        num_bytes += len(piece)
    return num_bytes


@pytest.mark.parametrize(
    ("start", "piece"),
    [
        (b"GET /", b"a" * PIECE),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX-A: ", b"a" * PIECE),
        (b"GET / HTTP/1.1\r\nHost: a\r\n", b"X-A: a\r\n" * (PIECE // 8)),
    ],
    ids=["line", "header", "headers"],
)
async def test_a_head_without_end_is_refused(protocol, wire, start, piece):
    assert send(protocol, wire, start, piece) <= MAX_HEAD_BYTES + PIECE + len(start)
    assert wire.sent.startswith(b"HTTP/1.1 431 ")
    head, body = wire.sent.split(b"\r\n\r\n", 1)
    assert b"content-length: %d" % len(body) in head


@pytest.mark.parametrize(
    ("start", "piece"),
    [(CHUNKED + b"0\r\n", b"X-A: a\r\n" * (PIECE // 8)), (CHUNKED + b"5;a=", b"a" * PIECE)],
    ids=["trailers", "chunk extensions"],
)
async def test_nor_does_what_follows_it_go_on_without_end(protocol, wire, start, piece):
    assert send(protocol, wire, start, piece) <= MAX_HEAD_BYTES + PIECE + len(start)
    assert wire.sent == b""  # it could be taken for a part of the answer


async def test_a_body_in_tiny_chunks_may_be_long(protocol, wire):
    assert send(protocol, wire, CHUNKED, b"1\r\na\r\n" * 1000) >= 1_000_000
    assert not wire.is_closed


async def test_one_request_after_the_other_may_be_long_together(protocol, wire):
    assert send(protocol, wire, b"", b"GET / HTTP/1.1\r\nHost: a\r\nX-A: %s\r\n\r\n" % (b"a" * 1000)) >= 1_000_000
    assert not wire.is_closed
