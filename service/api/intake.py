"""Bodies on their way in: how long each may take, and how much memory all of them may hold.

Sizes of single uploads are judged where they are parsed. Here are the limits that protect the others: a
thousand uploads of an allowed size at once, and senders of a byte a second.
"""

import asyncio
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.recognition.errors import RequestError, Unavailable
from service.runtime.alarms import Alarms


class BodyTimeout(RequestError):
    """The body did not arrive within `DIGITS_BODY_TIMEOUT_MS`."""


class BodyMemoryFull(Unavailable):
    """The uploads in progress hold as much memory as `DIGITS_MAX_BODY_MEMORY_MB` allows."""


class BodyMemory:
    """Counts the bytes of all bodies that are held in memory.

    Bytes are counted as they arrive, not as they are announced: else a few senders that announce much and
    send nothing would lock all others out.
    """

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self.num_bytes = 0

    def take(self, num_bytes: int, *, held: int) -> None:
        """Count more bytes of a body that holds some already.

        Raises:
            BodyMemoryFull: they are too many, and others hold some of them.
        """
        # A body that is alone is never refused here, or a small limit would shut the largest pictures out for good.
        is_alone = self.num_bytes == held
        if self.num_bytes + num_bytes > self._limit_bytes and not is_alone:
            raise BodyMemoryFull(
                f"Uploads hold {self.num_bytes} bytes of memory, and {self._limit_bytes} is the limit. "
                "Try again a little later."
            )
        self.num_bytes += num_bytes

    def give_back(self, num_bytes: int) -> None:
        """Forget the bytes of a request that has been answered."""
        self.num_bytes -= num_bytes


class BodyLimits:
    """Watches over what a request sends, from its headers to its answer."""

    def __init__(self, app: ASGIApp, *, memory: BodyMemory, timeout_s: float) -> None:
        self._app = app
        self._memory = memory
        self._alarms = Alarms(timeout_s)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count and time every part of the body as the app asks for it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = _Body(receive, self._memory, self._alarms)
        try:
            await self._app(scope, body.receive, send)
        finally:
            body.end()


class _Body:
    def __init__(self, receive: Receive, memory: BodyMemory, alarms: Alarms) -> None:
        self._receive = receive
        self._memory = memory
        self._alarms = alarms
        self._alarm: object | None = None  # set when the body is first asked for, until it is whole
        self._waiting: asyncio.Task[Any] | None = None
        self._is_late = False
        self._is_whole = False
        self._num_bytes = 0

    async def receive(self) -> Message:
        if self._is_whole:  # what is waited for now is the goodbye, and that may take its time
            return await self._receive()
        if self._alarm is None:
            self._alarm = self._alarms.set(self._ring)
        message = await self._receive_in_time()
        num_bytes = len(message.get("body", b""))
        self._memory.take(num_bytes, held=self._num_bytes)
        self._num_bytes += num_bytes
        if not message.get("more_body", False):
            self._is_whole = True
            self._alarms.unset(self._alarm)
        return message

    def end(self) -> None:
        """The request has been answered."""
        if self._alarm is not None:
            self._alarms.unset(self._alarm)
        self._memory.give_back(self._num_bytes)

    async def _receive_in_time(self) -> Message:
        self._waiting = asyncio.current_task()
        try:
            if not self._is_late:
                return await self._receive()
        except asyncio.CancelledError:
            if not self._is_late or self._waiting is None or self._waiting.uncancel():
                raise
        finally:
            self._waiting = None
        raise BodyTimeout(
            f"The body did not arrive within {self._alarms.delay_s * 1e3:.0f} ms. Send it faster, or a smaller picture."
        )

    def _ring(self) -> None:
        self._is_late = True
        if self._waiting is not None:
            self._waiting.cancel()
