"""The parent's end of the entrances: it accepts every client, and hands each to the worker that has the fewest.

Workers that accept from one socket get what chance gives them: the first to look takes all that have come, or, where
each takes one at a look, new clients wait for as many looks as there are clients before them. Sockets of their own
(SO_REUSEPORT) are filled by a hash, so that a worker which stands still keeps its share of the clients waiting.
"""

import errno
import socket
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from service.workers.entrance import REPORT

BACKLOG = 2048  # clients that may wait for the parent; the system may allow fewer
MOST_AHEAD = 32  # clients that a worker has been handed and has not taken in yet
AHEAD_WEIGHT = 8  # of each of those, in open connections: who does not take in gets fewer
LOST_AFTER_S = 30.0  # without a report, which a worker makes every second however busy it is
AWAY_S = 5.0  # that the parent itself was not there: all processes were halted, and workers need a moment to report
PAUSE_S = 0.5  # where no file can be opened any more, until somebody has closed one

_OUT_OF_FILES = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}


@dataclass(slots=True, eq=False)
class Seat:
    """A worker, as far as the acceptor knows it.

    Attributes:
        entrance: to it.
        is_open: whether it has reported, and takes clients in.
        heard_s: when it reported last; None before it ever has.
        num_taken: clients it has taken in, as it reported last.
        num_open: connections it held then.
        num_handed: clients it has been handed.
        ahead: those of them that it has not taken in; its own copies are of the same connections.
        last: when it was handed the last one, in clients of all workers.
    """

    entrance: socket.socket
    is_open: bool = False
    heard_s: float | None = None
    num_taken: int = 0
    num_open: int = 0
    num_handed: int = 0
    ahead: deque[socket.socket] = field(default_factory=deque)
    last: int = 0

    @property
    def has_room(self) -> bool:
        """Whether it may be handed another client."""
        return self.is_open and len(self.ahead) < MOST_AHEAD

    @property
    def load(self) -> tuple[int, int]:
        """What the next client goes by; the least wins, and of equals the one that has waited longest."""
        return self.num_open + AHEAD_WEIGHT * len(self.ahead), self.last


class Acceptor:
    """Takes clients from the port.

    Args:
        listener: bound to the port.
        now: the time in seconds.
    """

    def __init__(self, listener: socket.socket, *, now: Callable[[], float] = time.monotonic) -> None:
        listener.setblocking(False)
        listener.listen(BACKLOG)
        self._listener = listener
        self._now = now
        self._seats: list[Seat] = []
        self._unplaced: deque[socket.socket] = deque()  # their worker has gone
        self._num_handed = 0
        self._pauses_until_s = 0.0
        self._attended_s = self._back_s = now()
        self._is_closed = False

    def connect(self, entrance: socket.socket) -> Seat:
        """Take in a new worker; it is handed clients once it has reported."""
        entrance.setblocking(False)
        self._seats.append(Seat(entrance))
        return self._seats[-1]

    def disconnect(self, seat: Seat) -> None:
        """Hand the clients that a worker has not taken in to another."""
        if seat in self._seats:
            self._hear(seat)  # whom it had still taken in ended with it
        if seat in self._seats:
            self._retire(seat)
        self._place()
        while self._is_closed and not self._seats and self._unplaced:  # nobody is left for them
            self._unplaced.popleft().close()

    def has_lost(self, seat: Seat) -> bool:
        """Whether a worker that took clients in has stood still for so long that it will hardly go on."""
        if seat not in self._seats or seat.heard_s is None:
            return False
        return self._now() - max(seat.heard_s, self._back_s) > LOST_AFTER_S

    @property
    def watched(self) -> list[socket.socket]:
        """What has to be attended to when something can be read from it."""
        return [*([self._listener] if self._accepts else []), *(seat.entrance for seat in self._seats)]

    def attend(self) -> None:
        """Hear every worker, and let in whoever has come, as far as there is room for them."""
        now_s = self._now()
        if now_s - self._attended_s > AWAY_S:
            self._back_s = now_s
        self._attended_s = now_s
        for seat in list(self._seats):
            self._hear(seat)
        self._place()
        while self._accepts and (connection := self._accepted()):
            self._unplaced.append(connection)
            self._place()

    def close(self) -> None:
        """Let in those who have come, and close the port."""
        if not self._is_closed:
            self.attend()
            self._is_closed = True
            self._listener.close()

    @property
    def _accepts(self) -> bool:
        return not self._is_closed and self._now() >= self._pauses_until_s and self._roomiest() is not None

    def _accepted(self) -> socket.socket | None:
        """The next client; None where there is none, or no file for it."""
        while True:
            try:
                return self._listener.accept()[0]
            except BlockingIOError:
                return None
            except OSError as error:
                if error.errno in _OUT_OF_FILES:
                    self._pauses_until_s = self._now() + PAUSE_S
                    return None
                # Else this one client has gone again.

    def _roomiest(self) -> Seat | None:
        return min((seat for seat in self._seats if seat.has_room), key=lambda seat: seat.load, default=None)

    def _place(self) -> None:
        while self._unplaced and (seat := self._roomiest()):
            self._hand_over(self._unplaced.popleft(), seat)

    def _hand_over(self, connection: socket.socket, seat: Seat) -> None:
        try:
            socket.send_fds(seat.entrance, [b"."], [connection.fileno()])
        except BlockingIOError:  # its end is full, which `MOST_AHEAD` is far too little for
            self._unplaced.append(connection)
            seat.is_open = False  # until it reports again
        except OSError:
            self._unplaced.append(connection)
            self._retire(seat)
        else:
            self._num_handed += 1
            seat.num_handed += 1
            seat.last = self._num_handed
            seat.ahead.append(connection)

    def _hear(self, seat: Seat) -> None:
        try:
            said = seat.entrance.recv(REPORT.size * 256)
        except BlockingIOError:
            return
        except OSError:
            said = b""
        if not said:
            self._retire(seat)
            return
        seat.num_taken, seat.num_open = REPORT.unpack(said[-REPORT.size :])
        seat.is_open = True
        seat.heard_s = self._now()
        while len(seat.ahead) > seat.num_handed - seat.num_taken:
            seat.ahead.popleft().close()

    def _retire(self, seat: Seat) -> None:
        self._seats.remove(seat)
        seat.entrance.close()
        self._unplaced.extend(seat.ahead)
