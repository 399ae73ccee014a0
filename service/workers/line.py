"""A worker's end of the line to its parent; to the app it is the crew that shares the port."""

import asyncio
import os
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection

from service.recognition.errors import NotReady
from service.runtime.metric_sums import Snapshot
from service.workers.messages import AllCanRead, CanRead, Collect, Collected, Failed, Own, Tell, ToWorker, say_if_heard

COLLECTED_LIMIT_S = 2.0  # the parent gives the others one second


class Line:
    """Says what this worker can do, and hears what all can do.

    Args:
        parent: the end that the worker was given.
    """

    def __init__(self, parent: Connection) -> None:
        self._parent = parent
        self._snapshot: Callable[[], Snapshot] = tuple
        self._on_hang_up: Callable[[], None] = lambda: None
        self._all_can_read = False
        self._collecting: asyncio.Task[bytes] | None = None
        self._collected: asyncio.Future[bytes] | None = None

    def open(self, snapshot: Callable[[], Snapshot], *, on_hang_up: Callable[[], None]) -> None:
        """Listen from now on, in the event loop that runs.

        Args:
            snapshot: makes the metrics of this worker.
            on_hang_up: is called when the parent has gone.
        """
        self._snapshot = snapshot
        self._on_hang_up = on_hang_up
        asyncio.get_running_loop().add_reader(self._parent.fileno(), self._hear)
        # uvloop has just made it one that does not wait. A long message comes in parts, and one that is read between
        # two of them, or written where there is room for a part alone, would look like a parent that has gone.
        os.set_blocking(self._parent.fileno(), True)

    def say_can_read(self, can_read: bool) -> None:
        """Tell the parent, when that is another answer than before; at first it is no."""
        # May not get lost. It does not wait either: metrics leave most of the line's room free.
        with suppress(OSError):
            self._parent.send(CanRead(can_read))

    def say_failed(self, why: str) -> None:
        """Tell the parent what keeps this worker from starting."""
        with suppress(OSError):
            self._parent.send(Failed(why))

    def refuse_if_not_ready(self) -> None:
        """Pass where all workers can read.

        Raises:
            NotReady: one of them cannot, or the parent has not said yet.
        """
        if not self._all_can_read:
            raise NotReady("One of the service's workers cannot read now. Try again in a few seconds.", retry_after_s=2)

    async def exposition(self) -> bytes:
        """The metrics of all workers, added up by the parent. Scrapes that meet here share one answer.

        Raises:
            NotReady: the parent has not answered in time. The metrics of this worker alone would look like a service
                that has forgotten most of what it has done.
        """
        if self._collecting is None or self._collecting.done():
            self._collecting = asyncio.create_task(self._collect())
        return await asyncio.shield(self._collecting)

    async def _collect(self) -> bytes:
        self._collected = asyncio.get_running_loop().create_future()
        try:
            if not say_if_heard(self._parent, Collect(self._snapshot())):
                raise TimeoutError
            async with asyncio.timeout(COLLECTED_LIMIT_S):
                return await self._collected
        except TimeoutError as error:
            raise NotReady("The metrics of all workers could not be collected in time. Try again.") from error

    def _hear(self) -> None:
        is_asked = False
        try:
            while self._parent.poll():
                message: ToWorker = self._parent.recv()
                match message:
                    case AllCanRead(is_so):
                        self._all_can_read = is_so
                    case Tell():
                        is_asked = True
                    case Collected(exposition):
                        self._end_collecting(exposition)
        except (EOFError, OSError):
            asyncio.get_running_loop().remove_reader(self._parent.fileno())
            self._on_hang_up()
        else:
            if is_asked:  # maybe several times, by a parent that has heard nothing for a while
                say_if_heard(self._parent, Own(self._snapshot()))

    def _end_collecting(self, exposition: bytes) -> None:
        if self._collected is not None and not self._collected.done():
            self._collected.set_result(exposition)
