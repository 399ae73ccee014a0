"""Short work on the event loop itself, a few milliseconds in a row at most.

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

SLICE_S = 0.005  # a tenth of what /health/live may take at its slowest


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

    @property
    def num_waiting(self) -> int:
        """Calls that wait for their turn."""
        return len(self._waiting)

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
        if not self._is_turn_open:
            self._is_turn_open = True
            asyncio.get_running_loop().call_soon(self._next_turn)
        began = self._clock()
        try:
            return function()
        finally:
            self._used_s += self._clock() - began

    def _next_turn(self) -> None:
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
