import asyncio

import pytest
import uvicorn
from uvicorn.server import ServerState

from service.prompt import PromptProtocol
from tests.service.wire import Wire

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class App:
    """Answers 200, after something has happened where there is a future."""

    def __init__(self, waits_for: asyncio.Future[None] | None = None) -> None:
        self._waits_for = waits_for
        self.was_cancelled = False

    async def __call__(self, scope, receive, send) -> None:
        if self._waits_for is not None:
            try:
                await self._waits_for
            except asyncio.CancelledError:
                self.was_cancelled = True
                raise
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})


def ask(app: App, path: str) -> tuple[Wire, ServerState]:
    config = uvicorn.Config(app, http=PromptProtocol, interface="asgi3", log_config=None)
    config.load()
    state, wire = ServerState(), Wire()
    protocol = PromptProtocol(config=config, server_state=state, app_state={})
    protocol.connection_made(wire)
    protocol.data_received(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
    return wire, state


async def turn_of_the_loop() -> None:
    await asyncio.sleep(0)


@pytest.mark.parametrize("path", ["/health/live", "/health/ready"])
async def test_a_probe_is_answered_before_the_loop_turns_to_what_came_before_it(path):
    wire, state = ask(App(), path)
    assert wire.sent.startswith(b"HTTP/1.1 200 OK\r\n")
    assert not state.tasks


async def test_others_wait_for_their_turn():
    wire, _ = ask(App(), "/predict")
    assert wire.sent == b""
    await turn_of_the_loop()
    assert wire.sent.startswith(b"HTTP/1.1 200 OK\r\n")


async def test_a_probe_that_has_to_wait_goes_on_as_a_task():
    happens = asyncio.get_running_loop().create_future()
    wire, state = ask(App(happens), "/health/live")
    assert wire.sent == b""
    assert len(state.tasks) == 1  # for which the server waits when it stops

    happens.set_result(None)
    await asyncio.gather(*state.tasks)
    assert wire.sent.startswith(b"HTTP/1.1 200 OK\r\n")
    await turn_of_the_loop()
    assert not state.tasks


@pytest.mark.parametrize("has_begun", [False, True])
async def test_a_probe_that_waits_can_be_cancelled(has_begun):
    app = App(asyncio.get_running_loop().create_future())
    _, state = ask(app, "/health/live")
    (task,) = state.tasks
    if has_begun:
        await turn_of_the_loop()
    task.cancel()
    await asyncio.wait([task])
    assert app.was_cancelled
