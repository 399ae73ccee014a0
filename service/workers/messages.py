"""What workers and their parent say to each other, and how neither ever waits for the other to listen."""

import select
import socket
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnContext
from typing import TypeAlias

from service.runtime.metric_sums import Snapshot

ROOM_BYTES = 2**20  # asked of the system for each direction; a snapshot takes 20 to 50 kB


@dataclass(frozen=True, slots=True)
class CanRead:
    """To the parent: this worker can read from now on, or cannot any more."""

    is_so: bool


@dataclass(frozen=True, slots=True)
class Failed:
    """To the parent: this worker cannot start, and why."""

    why: str


@dataclass(frozen=True, slots=True)
class Collect:
    """To the parent: somebody scrapes this worker, whose own metrics these are. Collect those of all."""

    own: Snapshot


@dataclass(frozen=True, slots=True)
class Own:
    """To the parent: the metrics of this worker, which it was asked for."""

    snapshot: Snapshot


@dataclass(frozen=True, slots=True)
class Tell:
    """To a worker: what are your metrics?"""


@dataclass(frozen=True, slots=True)
class Collected:
    """To the worker that asked: the metrics of all, as a scrape gets them."""

    exposition: bytes


@dataclass(frozen=True, slots=True)
class AllCanRead:
    """To a worker: all workers can read from now on, or one cannot any more."""

    is_so: bool


ToParent: TypeAlias = CanRead | Failed | Collect | Own
ToWorker: TypeAlias = Tell | Collected | AllCanRead


def make_line(context: SpawnContext) -> tuple[Connection, Connection]:
    """The parent's end of a line, and the worker's."""
    ends = context.Pipe(duplex=True)
    for end in ends:
        with socket.socket(fileno=end.fileno()) as same:
            same.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, ROOM_BYTES)
            same.detach()  # it stays open: it is still the end of the line
    return ends


def say_if_heard(line: Connection, message: ToParent | ToWorker) -> bool:
    """Send a message, unless the other has not been listening for so long that its line is full.

    Returns:
        Whether it was sent. Who has gone is not told either: whoever reads from the line learns of that.
    """
    try:
        # Not `select`, which takes no file beyond the 1024th: a process with many connections has more.
        writable = select.poll()
        writable.register(line, select.POLLOUT)
        has_room = bool(writable.poll(0))
        if has_room:
            line.send(message)
    except OSError:
        return False
    return has_room
