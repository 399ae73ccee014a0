"""Where pictures are looked at and logits are made sense of, whatever it is that is read.

One for all recognizers of a process: threads and limits are the machine's, not a model's.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, TypeVar

from service.recognition.errors import DeadlineExceeded, NotReady
from service.recognition.image import GrayImage, decode_image
from service.recognition.paper import Polarity
from service.recognition.prediction import Box
from service.runtime.alarms import Alarms
from service.runtime.picture_size import SMALL_PIXELS, is_small
from service.runtime.threads import PictureThreads, submit
from service.runtime.turns import LoopTurns

Seen = TypeVar("Seen")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Picture:
    """What was found out about a picture; sizes and box in its pixels, after its EXIF turn."""

    width: int
    height: int
    polarity: Polarity
    box: Box | None


@dataclass(frozen=True, slots=True)
class Looked(Generic[Seen]):
    """What was seen in a picture, and how long that took.

    Attributes:
        stages_ms: milliseconds in `decode` and `canvas`, and under `queue` the wait for a thread or a turn.
    """

    seen: Seen
    stages_ms: dict[str, float]


class Workplace:
    """Threads, turns and limits that the recognizers of a process share.

    Args:
        threads: where pictures are looked at.
        turns: where small ones are, instead.
        max_pixels: largest picture, width times height.
        timeout_s: how long a reading may take.
    """

    def __init__(self, *, threads: PictureThreads, turns: LoopTurns, max_pixels: int, timeout_s: float) -> None:
        self.threads = threads
        self.turns = turns
        self._max_pixels = max_pixels
        self._alarms = Alarms(timeout_s)
        # Decoding a number is Python's own work, which does not get faster on several threads; on one of its own it
        # neither holds the event loop nor waits behind large pictures.
        self._reading_thread = ThreadPoolExecutor(1, thread_name_prefix="reading")
        self._num_unread = 0

    @property
    def num_waiting(self) -> int:
        """Pictures that wait to be looked at."""
        return self.turns.num_waiting + self.threads.num_waiting

    def refuse_if_late(self) -> None:
        """See `LoopTurns.refuse_if_late`; the threads wait for nothing but themselves."""
        self.turns.refuse_if_late()

    @property
    def num_unread(self) -> int:
        """Numbers whose logits are there and that wait to be made sense of, or just are."""
        return self._num_unread

    async def look(self, source: bytes | GrayImage, see: Callable[[GrayImage], Seen]) -> Looked[Seen]:
        """Decode a picture and look for something in it, off the event loop unless it is small.

        Args:
            source: a picture file, or uint8 (height, width) as `decode_image` would return it.
            see: what to do with the decoded picture.

        Raises:
            RequestError: the picture cannot be read; see `decode_image`.
            QueueFull: too many pictures wait.
        """
        arrived = time.monotonic()
        if isinstance(source, bytes):
            place = self.turns if is_small(source) else self.threads
        else:
            place = self.turns if source.size <= SMALL_PIXELS else self.threads
        seen, decode_ms, canvas_ms = await place.run(lambda: _timed_look(source, see, self._max_pixels))
        waited_ms = (time.monotonic() - arrived) * 1e3 - decode_ms - canvas_ms
        return Looked(seen, {"decode": decode_ms, "canvas": canvas_ms, "queue": waited_ms})

    async def make_sense(self, function: Callable[[], Result]) -> Result:
        """Call the function on the thread for decoding numbers. Cancelling this takes it out of the queue there.

        Raises:
            NotReady: the service is shutting down.
        """
        try:
            call = submit(self._reading_thread, function)
        except RuntimeError as error:
            raise NotReady("The service is shutting down. Try again with another instance.") from error
        self._num_unread += 1
        try:
            return await asyncio.wrap_future(call)
        finally:
            self._num_unread -= 1

    async def in_time(self, work: Awaitable[Result], timeout_s: float) -> Result:
        """Do the work within the time-out, or give it up.

        Args:
            work: takes itself out of the queues when it is cancelled.
            timeout_s: how long the caller waits, where that is less than the recognizers' own time-out.

        Raises:
            DeadlineExceeded: it takes longer.
        """
        # Few callers have a limit of their own; all others share theirs.
        alarms = Alarms(timeout_s) if timeout_s < self._alarms.delay_s else self._alarms
        try:
            return await alarms.within(work)
        except TimeoutError as error:
            raise DeadlineExceeded(
                f"The reading took longer than {alarms.delay_s * 1e3:.0f} ms. Try again when the service is less busy."
            ) from error

    def close(self) -> None:
        """Refuse what waits, let the running calls finish by themselves."""
        self.threads.close()
        self._reading_thread.shutdown(wait=False, cancel_futures=True)


def _timed_look(
    source: bytes | GrayImage, see: Callable[[GrayImage], Seen], max_pixels: int
) -> tuple[Seen, float, float]:
    began = time.monotonic()
    gray = decode_image(source, max_pixels=max_pixels) if isinstance(source, bytes) else source
    decoded = time.monotonic()
    seen = see(gray)
    return seen, (decoded - began) * 1e3, (time.monotonic() - decoded) * 1e3
