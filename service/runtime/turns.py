"""Short work on the event loop itself, a millisecond or two in a row at most.

A small picture is decoded faster than a thread is woken. But a hundred of them that arrive at once would
hold the loop for as long as they take together, and `/health/live` with it. So they take turns: when a slice
of time is used up, the rest waits until the loop has looked at its sockets again.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Any, TypeVar

from service.recognition.errors import QueueFull

Result = TypeVar("Result")

SLICE_S = 0.0015  # between two looks the loop also turns others away, and /health/live is to take 50 ms at most
LATE_S = 0.12  # half a second is what clients may wait in all, with a loop that others keep from its core
_SMOOTHING = 0.2  # weight of the newest turn in the running mean of the time per call


class LoopTurns:
    """Calls functions on the event loop, oldest first.

    Args:
        queue_limit: calls that may wait for their turn.
        slice_s: time for calls between two looks of the loop at its sockets; one call may exceed it.
        clock: in seconds.
    """

    def __init__(
        self, *, queue_limit: int, slice_s: float = SLICE_S, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self._limit = queue_limit
        self._slice_s = slice_s
        self._clock = clock
        self._waiting: dict[asyncio.Future[Any], Callable[[], Any]] = {}
        self._used_s = 0.0
        self._is_turn_open = False
        self._turn_began_s = 0.0
        self._num_called = 0  # in this turn
        self._call_s = 0.0  # from one call to the next, whatever the loop does in between

    @property
    def num_waiting(self) -> int:
        """Calls that wait for their turn."""
        return len(self._waiting)

    def refuse_if_late(self) -> None:
        """Say no to a call that would wait too long.

        A queue is served quickly while the loop has nothing else to do. When it has to turn many requests away as well,
        a queue of the same length takes seconds; so it is the time that counts, and not the length alone.

        Raises:
            QueueFull: those that wait will take longer than `LATE_S`, as things go lately.
        """
        wait_s = len(self._waiting) * self._call_s
        if wait_s > LATE_S:
            raise QueueFull(
                f"{len(self._waiting)} pictures wait, which takes {wait_s * 1e3:.0f} ms. Try again a little later.",
                retry_after_s=wait_s,
            )

    async def run(self, function: Callable[[], Result]) -> Result:
        """Call the function: at once where there is time left, else later. Cancelling takes it out of the queue.

        Raises:
            QueueFull: too many wait already.
        """
        if not self._waiting and self._used_s < self._slice_s:
            return self._timed(function)
        if len(self._waiting) >= self._limit:
            raise QueueFull(
                f"{len(self._waiting)} pictures wait already, which is the limit. Try again a little later."
            )
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting[future] = function
        try:
            return await future
        finally:
            self._waiting.pop(future, None)

    def _timed(self, function: Callable[[], Result]) -> Result:
        began = self._clock()
        if not self._is_turn_open:
            self._is_turn_open = True
            self._turn_began_s = began
            asyncio.get_running_loop().call_soon(self._next_turn)
        self._num_called += 1
        try:
            return function()
        finally:
            self._used_s += self._clock() - began

    def _next_turn(self) -> None:
        if self._waiting:
            call_s = (self._clock() - self._turn_began_s) / self._num_called
            self._call_s += _SMOOTHING * (call_s - self._call_s) if self._call_s else call_s
        self._num_called = 0
        self._used_s = 0.0
        self._is_turn_open = False
        while self._waiting and self._used_s < self._slice_s:
            future = next(iter(self._waiting))
            function = self._waiting.pop(future)
            if future.done():
                continue
            try:
                result = self._timed(function)
            # Of whatever kind: it is the answer to the one who asked.
            except Exception as error:
                future.set_exception(error)
            else:
                future.set_result(result)
