"""Low-confidence readings on their way to where somebody waits for them.

Readings are never slowed: telling the webhook puts a record into a bounded queue and returns. A thread of its own
posts what has gathered, tries again where that fails, gives up after a while, and counts what became of each.
"""

import logging
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Protocol

import orjson

from service.alerts.receiver import PostFailed
from service.logs import EXTRA_FIELD
from service.version import VERSION

QUEUE_LIMIT = 10_000  # readings, of some 300 bytes each: what a receiver may miss while it is restarted
MAX_BATCH = 500  # readings in one post

Facts = Mapping[str, Any]
"""What is told about one reading; see `Alerts`."""

logger = logging.getLogger(__name__)


class Outcome(StrEnum):
    """What became of a reading that the webhook was told."""

    DELIVERED = "delivered"  # the receiver has said that it has it
    FAILED = "failed"  # given up after the last try
    DROPPED = "dropped"  # the queue was full


@dataclass(frozen=True, slots=True)
class Patience:
    """How often and how long the webhook tries.

    Attributes:
        num_tries: of each post.
        first_pause_s: before the second try; doubled before each later one.
        post_timeout_s: see `Receiver.post`.
        gather_s: between the beginnings of two posts, unless `MAX_BATCH` readings wait: a post costs the processor a
            third of a millisecond, more with TLS, however few readings it holds.
        close_s: for what is left when the service stops.
    """

    num_tries: int = 5
    first_pause_s: float = 0.5
    post_timeout_s: float = 5.0
    gather_s: float = 1.0
    close_s: float = 1.0


class Post(Protocol):
    """Posts to the receiver; `Receiver.post` does."""

    def __call__(self, body: bytes, headers: Mapping[str, str], *, timeout_s: float) -> None:
        """See `Receiver.post`."""


class Webhook:
    """Posts records of readings, as JSON `{"delivery": "…", "readings": [{…}]}`, from a thread of its own.

    A delivery keeps its id over all tries. Where an answer was lost, the receiver gets it twice and can tell by that.

    Args:
        post: one try.
        count: is told what became of how many readings.
        patience: how often and how long to try.
        queue_limit: readings that may wait.
    """

    def __init__(
        self,
        post: Post,
        *,
        count: Callable[[Outcome, int], None] = lambda _outcome, _num: None,
        patience: Patience = Patience(),
        queue_limit: int = QUEUE_LIMIT,
    ) -> None:
        self._post = post
        self._count = count
        self._patience = patience
        self._queue_limit = queue_limit
        self._waiting: deque[tuple[float, Facts]] = deque()
        self._num_posting = 0
        self._changed = threading.Condition()
        self._closing = threading.Event()
        # A daemon: a process that ends does not wait for a receiver that hangs.
        self._thread = threading.Thread(target=self._run, name="webhook", daemon=True)
        self._thread.start()

    @property
    def num_waiting(self) -> int:
        """Readings that the receiver does not have yet."""
        return len(self._waiting) + self._num_posting

    def tell(self, facts: Facts) -> None:
        """Have a reading posted soon; where too many wait, it is dropped and counted. Takes microseconds."""
        with self._changed:
            has_room = len(self._waiting) < self._queue_limit and not self._closing.is_set()
            if has_room:
                self._waiting.append((time.time(), facts))
                if len(self._waiting) in (1, MAX_BATCH):  # the thread waits for nothing in between
                    self._changed.notify()
        if not has_room:
            self._count(Outcome.DROPPED, 1)

    def close(self) -> None:
        """Try to post what waits, once and for no longer than `close_s`; what is left then is lost, and logged."""
        with self._changed:
            self._closing.set()
            self._changed.notify()
        self._thread.join(self._patience.close_s)
        if self.num_waiting:
            logger.warning("webhook stopped", extra={EXTRA_FIELD: {"num_readings": self.num_waiting}})

    def _run(self) -> None:
        gathers_until = 0.0
        while batch := self._next_batch(gathers_until):
            gathers_until = time.monotonic() + self._patience.gather_s
            self._deliver(batch)
            self._num_posting = 0

    def _next_batch(self, gathers_until: float) -> list[tuple[float, Facts]]:
        """Wait for readings and take them; none where the webhook is closed and all are posted."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closing.is_set())
            self._changed.wait_for(
                lambda: len(self._waiting) >= MAX_BATCH or self._closing.is_set(),
                timeout=max(0.0, gathers_until - time.monotonic()),
            )
            batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), MAX_BATCH))]
            self._num_posting = len(batch)
        return batch

    def _deliver(self, batch: list[tuple[float, Facts]]) -> None:
        delivery = str(uuid.uuid4())
        readings = [{"time": _utc(seconds), **facts} for seconds, facts in batch]
        body = orjson.dumps({"delivery": delivery, "readings": readings})
        headers = {"Content-Type": "application/json", "User-Agent": f"digit-recognition-service/{VERSION}"}
        pause_s = self._patience.first_pause_s
        for tries_left in reversed(range(self._patience.num_tries)):
            is_last = not tries_left or self._closing.is_set()
            try:
                self._post(body, headers, timeout_s=self._patience.post_timeout_s)
            except PostFailed as failure:
                if is_last or not failure.can_retry:
                    self._give_up(str(failure), len(batch))
                    return
            else:
                self._count(Outcome.DELIVERED, len(batch))
                return
            self._closing.wait(pause_s)
            pause_s *= 2

    def _give_up(self, fault: str, num_readings: int) -> None:
        self._count(Outcome.FAILED, num_readings)
        logger.warning("webhook failed", extra={EXTRA_FIELD: {"fault": fault, "num_readings": num_readings}})


def _utc(seconds: float) -> str:
    """A time as the log writes it: UTC, milliseconds."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
