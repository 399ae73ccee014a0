"""Bodies on their way in: how long each may take, and how much memory all of them may hold.

Sizes of single uploads are judged where they are parsed. Here are the limits that protect the others: a
thousand uploads of an allowed size at once, and senders of a byte a second.
"""

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.recognition.errors import RequestError, Unavailable


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
        self._timeout_s = timeout_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count and time every part of the body as the app asks for it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = _Body(receive, self._memory, self._timeout_s)
        try:
            await self._app(scope, body.receive, send)
        finally:
            self._memory.give_back(body.num_bytes)


class _Body:
    def __init__(self, receive: Receive, memory: BodyMemory, timeout_s: float) -> None:
        self._receive = receive
        self._memory = memory
        self._timeout_s = timeout_s
        self._deadline: float | None = None  # of a body that did not come at once
        self._is_whole = False
        self.num_bytes = 0

    async def receive(self) -> Message:
        if self._is_whole:  # what is waited for now is the goodbye, and that may take its time
            return await self._receive()
        if self._deadline is None:
            self._deadline = asyncio.get_running_loop().time() + self._timeout_s
        try:
            async with asyncio.timeout_at(self._deadline):
                message = await self._receive()
        except TimeoutError as error:
            raise BodyTimeout(
                f"The body did not arrive within {self._timeout_s * 1e3:.0f} ms. Send it faster, or a smaller picture."
            ) from error
        num_bytes = len(message.get("body", b""))
        self._memory.take(num_bytes, held=self.num_bytes)
        self.num_bytes += num_bytes
        self._is_whole = not message.get("more_body", False)
        return message
