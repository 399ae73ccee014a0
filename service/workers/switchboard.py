"""The parent's end of all lines: what one worker has to know of the others goes through here.

Nothing in here waits for a worker. What one of them does not take in is dropped, and said again where it matters; one
that does not answer is counted as it was when it last did.
"""

import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait

from service.runtime.metric_sums import Snapshot, added, lasting
from service.runtime.metrics import exposition
from service.workers.messages import AllCanRead, CanRead, Collect, Collected, Failed, Own, Tell, ToParent, say_if_heard

ANSWER_LIMIT_S = 1.0


@dataclass(slots=True, eq=False)
class Subscriber:
    """A worker, as far as the switchboard knows it.

    Attributes:
        line: to it.
        accepts: whether it takes connections. One that starts beside others does so only once it can read.
        can_read: what it said last.
        failure: why it could not start, where it said so.
        was_told: what it was last told of all workers.
        snapshot: its metrics, when they were last asked for.
    """

    line: Connection
    accepts: bool
    can_read: bool = False
    failure: str | None = None
    was_told: bool | None = None
    snapshot: Snapshot | None = None


@dataclass(slots=True, eq=False)
class _Collection:
    """A scrape that is under way."""

    asker: Subscriber
    missing: set[Subscriber]
    ends_s: float


class Switchboard:
    """Connects workers.

    Args:
        own: makes the metrics of the parent's process, which belongs to the service as well.
        now: the time in seconds.
    """

    def __init__(self, own: Callable[[], Snapshot] = tuple, *, now: Callable[[], float] = time.monotonic) -> None:
        self._own = own
        self._now = now
        self._subscribers: list[Subscriber] = []
        self._collections: list[_Collection] = []
        self._departed: Snapshot = ()

    @property
    def can_read(self) -> bool:
        """Whether a client is read to by whichever worker it meets."""
        met = [one for one in self._subscribers if one.accepts]
        return bool(met) and all(one.can_read for one in met)

    @property
    def has_anyone_to_meet(self) -> bool:
        """Whether any worker takes connections."""
        return any(one.accepts for one in self._subscribers)

    def connect(self, line: Connection, *, accepts: bool) -> Subscriber:
        """Take a new worker in; see `Subscriber`."""
        self._subscribers.append(Subscriber(line, accepts))
        return self._subscribers[-1]

    def disconnect(self, subscriber: Subscriber) -> None:
        """Hear what a worker that has ended had still said, and keep what it has counted."""
        if subscriber in self._subscribers:
            self._hear(subscriber)
        if subscriber in self._subscribers:
            self._forget(subscriber)

    def attend(self, others: Sequence[int | socket.socket], *, timeout_s: float) -> None:
        """Wait until a worker says something or one of the others is ready, for so long at most; hear the workers."""
        callers = {one.line: one for one in self._subscribers}
        for ready in wait([*others, *callers], timeout=timeout_s):
            if isinstance(ready, Connection):
                self._hear(callers[ready])
        self._end_collections()
        self._tell_all()

    def _hear(self, caller: Subscriber) -> None:
        try:
            while caller.line.poll():
                message: ToParent = caller.line.recv()
                self._take(caller, message)
        except (EOFError, OSError):
            self._forget(caller)

    def _take(self, caller: Subscriber, message: ToParent) -> None:
        match message:
            case CanRead(is_so):
                caller.can_read = is_so
                caller.accepts = True  # who had to load first has loaded
            case Failed(why):
                caller.failure = why
            case Own(snapshot):
                caller.snapshot = snapshot
                for collection in self._collections:
                    collection.missing.discard(caller)
            case Collect(own):
                caller.snapshot = own
                self._begin_collection(caller)

    def _begin_collection(self, asker: Subscriber) -> None:
        others = [one for one in self._subscribers if one.accepts and one is not asker]
        asked = {one for one in others if say_if_heard(one.line, Tell())}
        self._collections.append(_Collection(asker, asked, self._now() + ANSWER_LIMIT_S))

    def _end_collections(self) -> None:
        for collection in list(self._collections):
            if not collection.missing or self._now() >= collection.ends_s:
                self._collections.remove(collection)
                say_if_heard(collection.asker.line, Collected(self._exposition()))

    def _exposition(self) -> bytes:
        snapshots = [one.snapshot for one in self._subscribers if one.accepts and one.snapshot is not None]
        return exposition(added([*snapshots, self._own(), self._departed]))

    def _tell_all(self) -> None:
        can_read = self.can_read
        for one in self._subscribers:
            if one.was_told is not can_read and say_if_heard(one.line, AllCanRead(can_read)):
                one.was_told = can_read

    def _forget(self, subscriber: Subscriber) -> None:
        self._subscribers.remove(subscriber)
        subscriber.line.close()
        self._departed = added([self._departed, lasting(subscriber.snapshot or ())])
        for collection in self._collections:
            collection.missing.discard(subscriber)
