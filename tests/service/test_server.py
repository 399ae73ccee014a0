import asyncio
import socket

import pytest
import uvloop

from service.main import _listen
from service.recognition.errors import StartupError
from service.server import ACCEPTED_AT_A_LOOK, CAN_SHARE_EVENLY, many_times, own_listener


class Guest(asyncio.Protocol):
    """Is noted when it is let in."""

    def __init__(self, let_in: list[asyncio.Protocol]) -> None:
        self._let_in = let_in

    def connection_made(self, _transport: asyncio.BaseTransport) -> None:
        self._let_in.append(self)


def test_clients_that_come_at_once_are_let_in_at_once_however_seldom_the_loop_looks():
    assert uvloop.run(num_let_in(num_clients=2 * ACCEPTED_AT_A_LOOK, num_looks=8)) == 2 * ACCEPTED_AT_A_LOOK


def test_one_of_several_workers_leaves_clients_that_come_at_once_to_the_others():
    assert 1 <= uvloop.run(num_let_in(num_clients=2 * ACCEPTED_AT_A_LOOK, num_looks=8, is_shared=True)) <= 8


async def num_let_in(*, num_clients: int, num_looks: int, is_shared: bool = False) -> int:
    """Of clients that came at once, counted in looks of the loop, so that it does not matter how long each takes."""
    let_in: list[asyncio.Protocol] = []
    loop = asyncio.get_running_loop()
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        servers = [
            await loop.create_server(lambda: Guest(let_in), sock=one, backlog=256)
            for one in many_times(listener, is_shared=is_shared)
        ]
        clients = [socket.create_connection(listener.getsockname()) for _ in range(num_clients)]
        for _ in range(num_looks):
            await asyncio.sleep(0)
        found = len(let_in)
        for one in (*servers, *clients):
            one.close()
    return found


@pytest.mark.skipif(not CAN_SHARE_EVENLY, reason="only Linux deals out clients among sockets at one port")
def test_system_deals_clients_out_to_the_sockets_of_all_workers():
    with _listen("127.0.0.1", 0, is_shared=True) as parent, own_listener(parent) as one, own_listener(parent) as other:
        for worker in (one, other):
            worker.listen(256)
            worker.setblocking(False)
        clients = [socket.create_connection(parent.getsockname()) for _ in range(128)]
        met = [num_waiting(worker) for worker in (one, other)]
        for client in clients:
            client.close()

    assert sum(met) == len(clients)
    assert min(met) > 0.2 * len(clients)  # 26 of 128 fair coins come up once in 10 ** 11 times


def num_waiting(listener: socket.socket) -> int:
    num_found = 0
    while True:
        try:
            listener.accept()[0].close()
        except BlockingIOError:
            return num_found
        num_found += 1


@pytest.mark.skipif(not CAN_SHARE_EVENLY, reason="elsewhere no port is shared so")
def test_port_whose_workers_share_it_is_taken_to_another_service():
    with _listen("127.0.0.1", 0, is_shared=True) as parent, own_listener(parent) as worker:
        worker.listen()
        with pytest.raises(StartupError, match=r"Cannot listen on 127\.0\.0\.1"):
            _listen("127.0.0.1", parent.getsockname()[1], is_shared=True)


def test_closing_all_of_them_closes_the_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        address = listener.getsockname()
        for one in many_times(listener, is_shared=False):
            one.close()

    with socket.socket() as client:
        assert client.connect_ex(address) != 0
