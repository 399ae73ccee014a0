"""Many requests, one network: canvases that wait together are computed together.

Nobody waits for company. A canvas that finds the network idle starts at once, alone; while a batch is
being computed, newcomers gather, and the next batch takes the oldest of them. So batches grow with the
load, and one request alone is as fast as without batching.

The canvases of a batch are of one shape. Where a network takes several, the canvas that has waited longest
decides which is next, so none waits for a batch that never comes. What a canvas is answered never depends on
the others: they are neither cut nor padded to each other's size.

Networks have a thread, but for what is done sooner than a thread is woken and Python's lock has changed hands: of a
light network small batches are computed on the event loop itself (see `service.runtime.light`).

The thread that has computed a batch takes the next one itself. The event loop, busy with other requests' pictures,
may come round to it only much later, and the network would stand idle meanwhile; for eight clients that was half of the
time. So what waits is shared by two threads, under a lock; everything else happens on the event loop.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from itertools import islice
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from service.recognition.errors import NotReady, QueueFull
from service.recognition.probability import Logits
from service.runtime.buckets import bucket_for, buckets_for
from service.runtime.network import Canvases

Canvas: TypeAlias = NDArray[np.uint8]
"""uint8 (height, width, channels): of a digit or of a line."""

_Batch: TypeAlias = "list[tuple[asyncio.Future[Scored], _Waiting]]"

_SMOOTHING = 0.2  # weight of the newest batch in the running mean of the time per canvas


@dataclass(frozen=True, slots=True)
class Scored:
    """What the network says about one canvas.

    Attributes:
        logits: float32 (num_classes,) or, of a sequence reader, (num_frames, num_classes); raw scores.
        queue_ms: from submission to the start of its batch.
        model_ms: that the batch took.
    """

    logits: Logits
    queue_ms: float
    model_ms: float


@dataclass(frozen=True, slots=True)
class _Waiting:
    canvas: Canvas
    since: float


class MicroBatcher:
    """Collects canvases into batches for one network.

    Args:
        run_batch: uint8 (bucket, height, width, channels) to float32 (bucket, ..., num_classes); one call at a time, on
            `executor` or the event loop.
        executor: has a single thread, shared by all networks of the process.
        queue_limit: canvases that may wait; those in the running batch do not count.
        num_light: canvases in the largest batch that is computed on the event loop itself; 0 where none may be.
        on_batch: is told the number of canvases in each batch that was run.
    """

    def __init__(
        self,
        run_batch: Callable[[Canvases], Logits],
        *,
        executor: Executor,
        queue_limit: int,
        num_light: int = 0,
        on_batch: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._run_batch = run_batch
        self._executor = executor
        self._queue_limit = queue_limit
        self._num_light = num_light
        self._on_batch = on_batch
        self._lock = threading.Lock()
        # Oldest first; a future that is answered, cancelled or out of time leaves by its key.
        self._waiting: dict[asyncio.Future[Scored], _Waiting] = {}
        self._num_running = 0  # canvases in the batch that is being computed; without one, 0
        self._num_undelivered = 0  # batches that were taken and whose askers have no answer yet
        self._all_delivered = asyncio.Event()
        self._all_delivered.set()
        self._canvas_s = 0.0  # that a canvas takes in a batch of the sizes that there are lately
        self._is_closed = False

    @property
    def num_waiting(self) -> int:
        """Canvases that wait for a batch."""
        return len(self._waiting)

    def refuse_if_full(self, num_waiting_elsewhere: int = 0) -> None:
        """Say no before any work is done for a request that would find the queue full.

        Args:
            num_waiting_elsewhere: readings on their way to this queue.

        Raises:
            QueueFull: too many wait already; says when trying again makes sense.
        """
        num_waiting = len(self._waiting) + num_waiting_elsewhere
        if num_waiting >= self._queue_limit:
            raise QueueFull(
                f"{num_waiting} readings wait already, which is the limit. Try again a little later.",
                retry_after_s=(num_waiting + self._num_running) * self._canvas_s,
            )

    async def submit(self, canvas: Canvas, *, has_place: bool = False) -> Scored:
        """Have one canvas scored. Cancelling this call takes the canvas out of the queue.

        Args:
            canvas: uint8 (height, width, channels), as the network takes it.
            has_place: in the queue, however full it is: a probe has, as a busy device is not a broken one.

        Raises:
            QueueFull: too many wait already; says when trying again makes sense.
            NotReady: the service is shutting down.
        """
        if self._is_closed:
            raise NotReady("The service is shutting down. Try again with another instance.")
        if not has_place:
            self.refuse_if_full()
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Scored] = loop.create_future()
        with self._lock:
            self._waiting[future] = _Waiting(canvas, time.monotonic())
            batch = None if self._num_running else self._take_batch()
        if batch:
            self._all_delivered.clear()
            self._start(batch, loop)
        try:
            return await future
        finally:
            with self._lock:
                self._waiting.pop(future, None)

    async def submit_all(self, canvases: Sequence[Canvas], *, is_admitted: bool = False) -> list[Scored]:
        """Have many canvases of one caller scored, in their order.

        No more than a quarter of the queue is taken at a time: so a page full of digits is not refused for its own
        size, and leaves room for others.

        Args:
            canvases: uint8 (height, width, channels) each, as the network takes them.
            is_admitted: they are a further step of readings that another queue has let in, and find a place here
                however full it is: what is read may not depend on how busy the service is.

        Raises:
            QueueFull: others have filled the queue.
            NotReady: the service is shutting down.
        """
        window = max(1, self._queue_limit // 4)
        scored: list[Scored] = []
        for start in range(0, len(canvases), window):
            tasks = [
                asyncio.ensure_future(self.submit(canvas, has_place=is_admitted))
                for canvas in canvases[start : start + window]
            ]
            try:
                scored += await asyncio.gather(*tasks)
            finally:
                for task in tasks:  # where one was refused, nobody waits for the others
                    task.cancel()
        return scored

    async def close(self) -> None:
        """Refuse what waits, let the running batch finish."""
        self._is_closed = True
        with self._lock:
            waiting, self._waiting = self._waiting, {}
        for future in waiting:
            _fail(future, NotReady("The service is shutting down. Try again with another instance."))
        await self._all_delivered.wait()

    def _take_batch(self) -> _Batch:
        """The oldest canvas and those of its shape, oldest first; none where none waits. The lock is held."""
        batch: _Batch = []
        if self._waiting:
            shape = next(iter(self._waiting.values())).canvas.shape
            alike = (item for item in self._waiting.items() if item[1].canvas.shape == shape)
            batch = list(islice(alike, buckets_for(shape)[-1]))
            self._num_undelivered += 1
        for future, _ in batch:
            del self._waiting[future]
        self._num_running = len(batch)
        return batch

    def _start(self, batch: _Batch, loop: asyncio.AbstractEventLoop) -> None:
        """Have a batch computed. Runs on the event loop."""
        if len(batch) <= self._num_light:
            loop.call_soon(self._run_here, batch, loop)
        else:
            self._executor.submit(self._run, batch, loop)

    def _run_here(self, batch: _Batch, loop: asyncio.AbstractEventLoop) -> None:
        """Compute a batch on the event loop; the next one has to wait until the loop has looked at its sockets."""
        outcome, started, seconds = self._compute(batch)
        with self._lock:
            following = self._take_batch()
        if following:
            self._start(following, loop)
        self._deliver(batch, outcome, started, seconds)

    def _run(self, batch: _Batch, loop: asyncio.AbstractEventLoop) -> None:
        """Compute a batch, and see to it that the next one is. Runs on the executor's thread."""
        outcome, started, seconds = self._compute(batch)
        with self._lock:
            following = self._take_batch()
        if len(following) > self._num_light:
            # Behind what other networks have to compute, for the thread is theirs as well.
            self._executor.submit(self._run, following, loop)
        elif following:
            loop.call_soon_threadsafe(self._start, following, loop)
        loop.call_soon_threadsafe(self._deliver, batch, outcome, started, seconds)

    def _compute(self, batch: _Batch) -> tuple[Logits | Exception, float, float]:
        """What the network says, when it was asked, and how many seconds that took."""
        started = time.monotonic()
        outcome: Logits | Exception
        try:
            outcome = self._score([waiting.canvas for _, waiting in batch])
        # Whatever went wrong is the answer to each request of the batch, and the next batch gets its chance.
        except Exception as error:
            outcome = error
        return outcome, started, time.monotonic() - started

    def _deliver(self, batch: _Batch, outcome: Logits | Exception, started: float, seconds: float) -> None:
        """Give each request its answer."""
        if isinstance(outcome, Exception):
            for future, _ in batch:
                _fail(future, outcome)
        else:
            canvas_s = seconds / len(batch)
            self._canvas_s += _SMOOTHING * (canvas_s - self._canvas_s) if self._canvas_s else canvas_s
            self._on_batch(len(batch))
            for (future, waiting), row in zip(batch, outcome, strict=True):
                if not future.done():
                    future.set_result(Scored(row, (started - waiting.since) * 1e3, seconds * 1e3))
        with self._lock:
            self._num_undelivered -= 1
            if not self._num_undelivered:
                self._all_delivered.set()

    def _score(self, canvases: list[Canvas]) -> Logits:
        """Fill up to the next bucket, run, and leave the filling out again."""
        shape = canvases[0].shape
        padded = np.zeros((bucket_for(len(canvases), shape), *shape), dtype=np.uint8)
        np.stack(canvases, out=padded[: len(canvases)])
        return self._run_batch(padded)[: len(canvases)]


def _fail(future: asyncio.Future[Scored], error: Exception) -> None:
    if not future.done():
        future.set_exception(error)
