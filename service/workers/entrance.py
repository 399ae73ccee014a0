"""A worker's end of where its clients come from: connections that the parent has accepted."""

import asyncio
import socket
import struct
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress

REPORT = struct.Struct("!QI")
"""To the parent: how many clients were taken in so far, and how many connections are open."""

HEARTBEAT_S = 1.0

Admit = Callable[[socket.socket], Awaitable[object]]
"""Serves a connection; returns when it has begun to. Raises `OSError` where the client has gone."""


class Entrance:
    """Takes in the clients that this worker is handed, and says how many it has.

    Args:
        parent: a socket of the Unix family; each connection comes along with one byte.
    """

    def __init__(self, parent: socket.socket) -> None:
        parent.setblocking(False)
        self._parent = parent
        self._is_open = False
        self._admit: Admit
        self._num_connections: Callable[[], int] = lambda: 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._num_admitting = 0
        self._num_taken = 0
        self._reported: tuple[int, int] | None = None
        self._reported_s = 0.0

    def open(self, admit: Admit, *, num_connections: Callable[[], int]) -> None:
        """Take clients in from now on, in the event loop that runs.

        Args:
            admit: see there.
            num_connections: how many are served now.
        """
        self._admit = admit
        self._is_open = True
        self._num_connections = num_connections
        asyncio.get_running_loop().add_reader(self._parent.fileno(), self._take_in)
        self.report()

    def report(self) -> None:
        """Tell the parent how many clients there are, if that has changed; each second too, as a sign of life."""
        counts = self._num_taken, self._num_connections() + self._num_admitting
        now_s = time.monotonic()
        if counts != self._reported or now_s - self._reported_s >= HEARTBEAT_S:
            with suppress(OSError):  # the parent hears of it next time, or has gone, which `Line` notices
                self._parent.send(REPORT.pack(*counts))
                self._reported, self._reported_s = counts, now_s

    def close(self) -> None:
        """Take in whoever has been handed over, and nobody after them."""
        if self._is_open:
            self._is_open = False
            self._take_in()
            asyncio.get_running_loop().remove_reader(self._parent.fileno())
        self._parent.close()

    async def settled(self) -> None:
        """Wait until all who were taken in are served."""
        await asyncio.gather(*self._tasks)

    def _take_in(self) -> None:
        num_before = self._num_taken
        while True:
            try:
                said, files, _, _ = socket.recv_fds(self._parent, 1, 1)
            except OSError:  # that was all, or the parent has gone
                break
            if not said:
                asyncio.get_running_loop().remove_reader(self._parent.fileno())
                break
            self._num_taken += 1
            for file in files:  # none where this process may open no more
                self._begin(socket.socket(fileno=file))
        if self._num_taken != num_before:
            self.report()

    def _begin(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        self._num_admitting += 1
        task = asyncio.create_task(self._serve(connection))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, connection: socket.socket) -> None:
        try:
            await self._admit(connection)
        except OSError:  # the client has gone again
            connection.close()
        finally:
            self._num_admitting -= 1
