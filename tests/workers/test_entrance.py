"""A worker's end of where its clients come from; the parent is played by hand."""

import asyncio
import socket
from collections.abc import Awaitable, Callable

import pytest

from service.workers import entrance
from service.workers.entrance import REPORT, Entrance


class PlayedParent:
    """The near end of an entrance, and the clients that it hands over."""

    def __init__(self) -> None:
        self.socket, far = socket.socketpair()
        self.socket.setblocking(False)
        self.entrance = Entrance(far)
        self.clients: list[socket.socket] = []

    def hand_over(self, number: int) -> None:
        for _ in range(number):
            client, connection = socket.socketpair()
            socket.send_fds(self.socket, [b"."], [connection.fileno()])
            connection.close()
            self.clients.append(client)

    def reports(self) -> list[tuple[int, int]]:
        """Taken and open, as they were reported since this was last asked for."""
        try:
            return [(taken, num_open) for taken, num_open in REPORT.iter_unpack(self.socket.recv(4096))]
        except BlockingIOError:
            return []


class Host:
    """Serves connections by keeping them."""

    def __init__(self) -> None:
        self.connections: list[socket.socket] = []

    async def admit(self, connection: socket.socket) -> None:
        await asyncio.sleep(0)
        self.connections.append(connection)

    def open(self, entrance: Entrance) -> None:
        entrance.open(self.admit, num_connections=lambda: len(self.connections))


Scene = Callable[[PlayedParent, Host], Awaitable[None]]


@pytest.fixture
def play() -> Callable[[Scene], None]:
    """Plays a scene in an event loop."""

    return lambda scene: asyncio.run(_played(scene))


async def _played(scene: Scene) -> None:
    parent, host = PlayedParent(), Host()
    try:
        await scene(parent, host)
    finally:
        parent.entrance.close()
        for one in (parent.socket, *parent.clients, *host.connections):
            one.close()


async def looks(number: int) -> None:
    for _ in range(number):
        await asyncio.sleep(0)


def test_all_who_were_handed_over_come_in_at_one_look(play):
    async def scene(parent: PlayedParent, host: Host) -> None:
        parent.hand_over(20)
        host.open(parent.entrance)
        await looks(4)
        assert len(host.connections) == 20
        parent.clients[7].sendall(b"seven")
        assert host.connections[7].recv(5) == b"seven"

    play(scene)


def test_it_reports_when_it_opens_when_it_takes_in_and_when_somebody_has_left(play):
    async def scene(parent: PlayedParent, host: Host) -> None:
        assert parent.reports() == []
        host.open(parent.entrance)
        assert parent.reports() == [(0, 0)]
        parent.hand_over(3)
        await looks(4)
        assert parent.reports() == [(3, 3)]  # those that are being admitted count
        parent.entrance.report()
        assert parent.reports() == []  # nothing is new
        host.connections.pop().close()
        parent.entrance.report()
        assert parent.reports() == [(3, 2)]

    play(scene)


def test_it_says_every_second_that_it_is_there(play, monkeypatch):
    async def scene(parent: PlayedParent, host: Host) -> None:
        host.open(parent.entrance)
        parent.reports()
        monkeypatch.setattr(entrance, "HEARTBEAT_S", 0.0)  # it has been so long
        parent.entrance.report()
        assert parent.reports() == [(0, 0)]

    play(scene)


def test_closing_takes_in_who_was_handed_over_and_nobody_after_them(play):
    async def scene(parent: PlayedParent, host: Host) -> None:
        host.open(parent.entrance)
        parent.hand_over(2)
        parent.entrance.close()
        await parent.entrance.settled()
        assert len(host.connections) == 2
        with pytest.raises(BrokenPipeError):
            parent.socket.send(b".")

    play(scene)


def test_a_client_that_has_gone_before_it_was_served_harms_nobody(play):
    async def scene(parent: PlayedParent, host: Host) -> None:
        async def admit(connection: socket.socket) -> None:
            if not host.connections:
                host.connections.append(connection)
                raise ConnectionResetError
            await host.admit(connection)

        parent.entrance.open(admit, num_connections=lambda: len(host.connections))
        parent.hand_over(2)
        await looks(4)
        gone, there = host.connections
        assert gone.fileno() == -1
        assert there.fileno() != -1

    play(scene)


def test_a_parent_that_has_gone_is_left_alone(play):
    async def scene(parent: PlayedParent, host: Host) -> None:
        host.open(parent.entrance)
        parent.socket.close()
        await looks(4)
        host.connections.append(socket.socket())
        parent.entrance.report()
        parent.entrance.close()

    play(scene)
