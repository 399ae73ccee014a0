"""No work for a client that has gone."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from starlette.requests import ClientDisconnect, Request

from service.runtime.alarms import Alarms

Result = TypeVar("Result")

PATIENCE_S = 0.02  # most readings are done by then; watching costs a task, and is for those that wait in a queue


async def unless_client_leaves(request: Request, work: Coroutine[Any, Any, Result], *, patience: Alarms) -> Result:
    """Do the work, but give it up when the client closes the connection.

    Args:
        request: its body has been read to the end, so the next thing to be received is the goodbye.
        work: takes itself out of the queues when it is cancelled.
        patience: rings when the goodbye is to be listened for.

    Raises:
        ClientDisconnect: the client has gone, and the work has been cancelled.
    """
    watch = _Watch(request, patience)
    try:
        return await work
    except asyncio.CancelledError:
        if not watch.has_cancelled:
            raise
        watch.take_back()
        raise ClientDisconnect from None
    finally:
        watch.end()


class _Watch:
    """Cancels the task that makes it when the client leaves, unless it is ended before."""

    def __init__(self, request: Request, patience: Alarms) -> None:
        self._request = request
        self._patience = patience
        self._task = asyncio.current_task()
        self._goodbye: asyncio.Task[None] | None = None
        self.has_cancelled = False
        self._is_over = False
        self._alarm = patience.set(self._begin)

    def take_back(self) -> None:
        """Let the task go on after it was cancelled here."""
        if self._task is not None:
            self._task.uncancel()

    def end(self) -> None:
        self._is_over = True
        self._patience.unset(self._alarm)
        if self._goodbye is not None:
            self._goodbye.cancel()

    def _begin(self) -> None:
        self._goodbye = asyncio.ensure_future(_goodbye(self._request))
        self._goodbye.add_done_callback(self._leave)

    def _leave(self, goodbye: asyncio.Task[None]) -> None:
        if self._is_over or goodbye.cancelled() or self._task is None:
            return
        self.has_cancelled = True
        self._task.cancel()


async def _goodbye(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
