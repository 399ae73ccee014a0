"""How much of the service stacks may take, all of them together, so that single readings find room beside them.

A stack that sent all its pictures at once would fill the queue by itself: the rest of it, and everyone else, would
be answered with 429. So its pictures wait here, where waiting costs nobody anything, and go on as others of
this and other stacks come back, oldest first.
"""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from service.recognition.errors import DeadlineExceeded, QueueFull

Result = TypeVar("Result")

MAX_STACKS = 32  # that are read side by side; more would only make all of them later
MAX_BROUGHT_PAGES = 100  # of templates that requests have brought along; each page holds some 10 MB
MAX_SMALL = 128  # two full batches: one is computed while the next one gathers
SHORTEST_PAUSE_S, LONGEST_PAUSE_S = 0.01, 0.25


@dataclass(frozen=True, slots=True)
class Deadline:
    """When a stack has to be done.

    Attributes:
        timeout_s: how long it was given.
        ends_at: on the clock `time.monotonic`.
    """

    timeout_s: float
    ends_at: float

    @classmethod
    def after(cls, timeout_s: float) -> "Deadline":
        """The deadline of a stack that begins now."""
        return cls(timeout_s, time.monotonic() + timeout_s)

    def remaining_s(self) -> float:
        """The seconds that are left.

        Raises:
            DeadlineExceeded: none are.
        """
        left_s = self.ends_at - time.monotonic()
        if left_s <= 0:
            raise DeadlineExceeded(
                f"The stack took longer than {self.timeout_s * 1e3:.0f} ms, and this file's turn had not come. Send "
                "it again, in a smaller stack."
            )
        return left_s


class StackTurns:
    """Bounds the readings of all stacks that are on their way at a time.

    Args:
        queue_limit: of the service's queues; stacks take at most half of it.
        num_threads: that decode pictures. Stacks send no more large pictures than these at a time, for a single
            reading would have to wait for all of those before it.
    """

    def __init__(self, *, queue_limit: int, num_threads: int) -> None:
        self._small = asyncio.Semaphore(max(1, min(MAX_SMALL, queue_limit // 2)))
        self._large = asyncio.Semaphore(max(1, num_threads))
        self._num_stacks = 0
        self._num_brought_pages = 0

    def refuse_if_full(self) -> None:
        """Say no to a stack that would have to wait for many others.

        Raises:
            QueueFull: as many as may be are being read.
        """
        if self._num_stacks >= MAX_STACKS:
            raise QueueFull(f"{self._num_stacks} stacks are being read, which is the limit. Try again a little later.")

    @contextmanager
    def stack(self) -> Iterator[None]:
        """While one stack is being read; raises `QueueFull` as `refuse_if_full` does."""
        self.refuse_if_full()
        self._num_stacks += 1
        try:
            yield
        finally:
            self._num_stacks -= 1

    @contextmanager
    def brought(self, num_pages: int) -> Iterator[None]:
        """While a template that a request has brought along is held.

        Raises:
            QueueFull: with its pages there would be more than may be.
        """
        if self._num_brought_pages + num_pages > MAX_BROUGHT_PAGES:
            raise QueueFull(
                f"{self._num_brought_pages} pages of templates that requests have brought along are in use, and "
                f"{MAX_BROUGHT_PAGES} are the limit. Try again a little later, or store the template."
            )
        self._num_brought_pages += num_pages
        try:
            yield
        finally:
            self._num_brought_pages -= num_pages

    async def run(
        self, read: Callable[[float], Awaitable[Result]], deadline: Deadline, *, is_small: bool, patience_s: float
    ) -> Result:
        """Read when there is room, and try again where others have filled the queue meanwhile.

        Args:
            read: is given the seconds that the stack has left.
            deadline: of the stack.
            is_small: whether the picture takes next to no time.
            patience_s: how long to try, from when the turn has come.

        Raises:
            DeadlineExceeded: the stack's time is over.
            QueueFull: others have filled the queue for as long as `patience_s`.
        """
        async with self._small if is_small else self._large:
            gives_up_at = time.monotonic() + patience_s
            while True:
                try:
                    return await read(deadline.remaining_s())
                except QueueFull as full:
                    pause_s = min(LONGEST_PAUSE_S, max(SHORTEST_PAUSE_S, full.retry_after_s))
                    if time.monotonic() + pause_s > gives_up_at:
                        raise
                await asyncio.sleep(pause_s)


NO_DEADLINE = Deadline(math.inf, math.inf)
