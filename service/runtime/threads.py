"""Where pictures are decoded: a few threads beside the event loop, with a bounded queue in front of them.

Pillow and OpenCV let go of Python's lock while they work, so the event loop goes on. Pictures that are small
beyond doubt are decoded on the loop itself: see `turns`.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

from service.recognition.errors import NotReady, QueueFull

Result = TypeVar("Result")


def submit(executor: Executor, function: Callable[[], Result]) -> Future[Result]:
    """Have an executor call a function, and forget it when the call is cancelled.

    An executor keeps what was cancelled in its queue until its turn comes. Behind one picture that takes long, the
    bytes of all whose senders have given up meanwhile would stay in memory.
    """
    held = [function]
    call = executor.submit(lambda: held[0]())
    call.add_done_callback(lambda _: held.clear())
    return call


class PictureThreads:
    """Runs functions on a few threads.

    Args:
        num_threads: also the number of decoded pictures in memory at a time.
        queue_limit: calls that may wait for a thread.
    """

    def __init__(self, *, num_threads: int, queue_limit: int) -> None:
        self._executor = ThreadPoolExecutor(num_threads, thread_name_prefix="pictures")
        self._num_threads = num_threads
        self._limit = num_threads + queue_limit
        self._num_unfinished = 0

    @property
    def num_waiting(self) -> int:
        """Calls that wait for a thread."""
        return max(0, self._num_unfinished - self._num_threads)

    async def run(self, function: Callable[[], Result]) -> Result:
        """Call the function on a thread. Cancelling this takes a call that has not begun out of the queue.

        Raises:
            QueueFull: too many wait already.
            NotReady: the service is shutting down.
        """
        if self._num_unfinished >= self._limit:
            raise QueueFull(
                f"{self._num_unfinished} pictures wait already, which is the limit. Try again a little later."
            )
        try:
            call = submit(self._executor, function)
        except RuntimeError as error:
            raise NotReady("The service is shutting down. Try again with another instance.") from error
        self._num_unfinished += 1
        loop = asyncio.get_running_loop()

        def count_down(_: Future[Result]) -> None:
            with suppress(RuntimeError):  # the loop has ended, and nobody counts any more
                loop.call_soon_threadsafe(self._count_down)

        # Counted down when the thread is free again, which may be after the request has given up.
        call.add_done_callback(count_down)
        return await asyncio.wrap_future(call)

    def close(self) -> None:
        """Refuse what waits, let the running calls finish by themselves."""
        self._executor.shutdown(wait=False, cancel_futures=True)

    def _count_down(self) -> None:
        self._num_unfinished -= 1
