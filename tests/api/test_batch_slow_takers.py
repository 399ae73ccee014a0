"""Clients that ask for a stack line by line, and do not take the lines."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from service.api.routes import batch
from service.stacks.turns import Deadline

pytestmark = pytest.mark.anyio


async def lines():
    while True:
        yield b"a line\n"


async def nothing_comes() -> dict[str, str]:
    await asyncio.Event().wait()
    return {"type": "http.disconnect"}


async def never_sent(message: dict[str, object]) -> None:
    if message["type"] == "http.response.body":
        await asyncio.Event().wait()


@pytest.mark.parametrize("has_ended", [True, False])
async def test_client_that_takes_no_lines_is_let_go_of_after_the_end_of_its_stack(monkeypatch, has_ended):
    monkeypatch.setattr(batch, "TO_TAKE_LINES_S", 0.2)
    released = []
    held = AsyncExitStack()
    held.callback(lambda: released.append("turn"))
    deadline = Deadline.after(0.0 if has_ended else 30.0)
    answer = batch._Lines(lines(), "application/x-ndjson", deadline, held)
    answering = asyncio.create_task(
        answer({"type": "http", "asgi": {"spec_version": "2.3"}}, nothing_comes, never_sent)
    )
    done, _ = await asyncio.wait([answering], timeout=2.0)

    assert bool(done) is has_ended
    assert released == (["turn"] if has_ended else [])
    answering.cancel()
    await asyncio.gather(answering, return_exceptions=True)
    assert released == ["turn"]
