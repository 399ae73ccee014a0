import asyncio
import socket

import uvloop

from service.server import ACCEPTED_AT_A_LOOK, many_times


class Guest(asyncio.Protocol):
    """Is noted when it is let in."""

    def __init__(self, let_in: list[asyncio.Protocol]) -> None:
        self._let_in = let_in

    def connection_made(self, _transport: asyncio.BaseTransport) -> None:
        self._let_in.append(self)


def test_clients_that_come_at_once_are_let_in_at_once_however_seldom_the_loop_looks():
    assert uvloop.run(num_let_in(num_clients=2 * ACCEPTED_AT_A_LOOK, num_looks=8)) == 2 * ACCEPTED_AT_A_LOOK


async def num_let_in(*, num_clients: int, num_looks: int) -> int:
    """Of clients that came at once, counted in looks of the loop, so that it does not matter how long each takes."""
    let_in: list[asyncio.Protocol] = []
    loop = asyncio.get_running_loop()
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        servers = [
            await loop.create_server(lambda: Guest(let_in), sock=one, backlog=256) for one in many_times(listener)
        ]
        clients = [socket.create_connection(listener.getsockname()) for _ in range(num_clients)]
        for _ in range(num_looks):
            await asyncio.sleep(0)
        found = len(let_in)
        for one in (*servers, *clients):
            one.close()
    return found


def test_closing_all_of_them_closes_the_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        address = listener.getsockname()
        for one in many_times(listener):
            one.close()

    with socket.socket() as client:
        assert client.connect_ex(address) != 0
