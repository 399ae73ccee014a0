"""Clients on their way from the port to a worker: real sockets, and workers that are played by hand."""

import errno
import socket
from collections.abc import Iterator

import pytest

from service.workers.acceptor import LOST_AFTER_S, MOST_AHEAD, PAUSE_S, Acceptor, Seat
from service.workers.entrance import REPORT


class PlayedWorker:
    """The far end of an entrance."""

    def __init__(self, acceptor: Acceptor) -> None:
        entrance, self.socket = socket.socketpair()
        self.socket.setblocking(False)
        self.seat: Seat = acceptor.connect(entrance)
        self.connections: list[socket.socket] = []
        self.num_taken = 0

    def take_in(self) -> int:
        """Take in whoever was handed over, and report; how many they were."""
        num_before = self.num_taken
        while True:
            try:
                said, files, _, _ = socket.recv_fds(self.socket, 1, 1)
            except BlockingIOError:
                break
            if not said:
                break
            self.num_taken += 1
            self.connections += [socket.socket(fileno=file) for file in files]
        self.report()
        return self.num_taken - num_before

    def report(self) -> None:
        self.socket.send(REPORT.pack(self.num_taken, len(self.connections)))

    def end(self) -> None:
        self.socket.close()
        for connection in self.connections:
            connection.close()


class Port:
    """A port with its acceptor, and the clients that come to it."""

    def __init__(self) -> None:
        self.listener = socket.socket()
        self.listener.bind(("127.0.0.1", 0))
        self.address = self.listener.getsockname()
        self.now_s = 50.0
        self.acceptor = Acceptor(self.listener, now=lambda: self.now_s)
        self.workers: list[PlayedWorker] = []
        self.clients: list[socket.socket] = []

    def add_worker(self, *, is_open: bool = True) -> PlayedWorker:
        worker = PlayedWorker(self.acceptor)
        self.workers.append(worker)
        if is_open:
            worker.report()
            self.acceptor.attend()
        return worker

    def come(self, number: int) -> None:
        self.clients += [socket.create_connection(self.address) for _ in range(number)]
        self.acceptor.attend()

    def pass_time(self, seconds: float) -> None:
        """A second at a time, as the parent sees it pass."""
        until_s = self.now_s + seconds
        while self.now_s < until_s:
            self.now_s = min(until_s, self.now_s + 1.0)
            self.acceptor.attend()

    @property
    def is_watched(self) -> bool:
        return self.listener in self.acceptor.watched


@pytest.fixture
def port() -> Iterator[Port]:
    port = Port()
    yield port
    port.acceptor.close()
    for worker in port.workers:
        worker.end()
        port.acceptor.disconnect(worker.seat)
    for client in port.clients:
        client.close()


def test_clients_that_come_at_once_are_shared_evenly(port):
    one, other = port.add_worker(), port.add_worker()
    port.come(9)

    assert sorted([one.take_in(), other.take_in()]) == [4, 5]


def test_a_client_is_handed_over_as_it_came(port):
    worker = port.add_worker()
    port.come(1)
    port.clients[0].sendall(b"hello")
    worker.take_in()

    assert worker.connections[0].getpeername() == port.clients[0].getsockname()
    assert worker.connections[0].recv(5) == b"hello"


def test_the_worker_with_fewer_open_connections_is_handed_the_next(port):
    one, other = port.add_worker(), port.add_worker()
    port.come(6)
    assert (one.take_in(), other.take_in()) == (3, 3)
    for connection in other.connections[:2]:
        connection.close()
    del other.connections[:2]
    other.report()
    for _ in range(2):
        port.come(1)
        assert (one.take_in(), other.take_in()) == (0, 1)


def test_of_workers_that_hold_as_many_the_one_that_has_waited_longest_is_next(port):
    one, other = port.add_worker(), port.add_worker()
    taken = []
    for _ in range(4):
        port.come(1)
        taken.append((one.take_in(), other.take_in()))
        for worker in (one, other):  # and the client leaves at once
            for connection in worker.connections:
                connection.close()
            worker.connections.clear()
            worker.report()

    assert taken == [(1, 0), (0, 1), (1, 0), (0, 1)]


def test_who_does_not_take_in_gets_fewer(port):
    port.add_worker()
    taking = port.add_worker()
    taken = 0
    for _ in range(24):
        port.come(1)
        taken += taking.take_in()

    assert taken >= 20


def test_clients_wait_in_the_port_while_all_workers_are_full(port):
    worker = port.add_worker()
    port.come(MOST_AHEAD + 5)
    assert not port.is_watched
    assert worker.take_in() == MOST_AHEAD
    port.acceptor.attend()

    assert port.is_watched
    assert worker.take_in() == 5


def test_clients_wait_in_the_port_until_a_worker_has_opened(port):
    worker = port.add_worker(is_open=False)
    port.come(2)
    assert not port.is_watched
    assert worker.take_in() == 0  # which reports
    port.acceptor.attend()

    assert worker.take_in() == 2


def test_clients_whom_a_worker_had_not_taken_in_when_it_ended_are_handed_to_another(port):
    one, other = port.add_worker(), port.add_worker()
    port.come(6)
    one.end()
    port.acceptor.disconnect(one.seat)

    assert other.take_in() == 6


def test_clients_of_the_last_worker_wait_for_a_new_one(port):
    worker = port.add_worker()
    port.come(3)
    worker.end()
    port.acceptor.attend()
    port.acceptor.disconnect(worker.seat)  # known already
    assert not port.is_watched

    assert port.add_worker().take_in() == 3


def test_clients_that_were_taken_in_end_with_their_worker(port):
    worker = port.add_worker()
    port.come(1)
    worker.take_in()
    worker.end()
    port.acceptor.disconnect(worker.seat)

    port.clients[0].settimeout(5)
    assert port.clients[0].recv(1) == b""
    assert port.add_worker().take_in() == 0


def test_a_client_that_has_gone_again_does_not_keep_the_next_from_coming(port):
    worker = port.add_worker()
    gone = socket.create_connection(port.address)
    gone.close()
    port.come(1)

    assert worker.take_in() == 2


def test_a_worker_that_has_not_reported_for_long_is_lost(port):
    worker = port.add_worker()
    starting = port.add_worker(is_open=False)
    port.pass_time(LOST_AFTER_S)
    assert not port.acceptor.has_lost(worker.seat)
    port.pass_time(1)
    assert port.acceptor.has_lost(worker.seat)
    assert not port.acceptor.has_lost(starting.seat)  # models may take long to load
    worker.report()
    port.acceptor.attend()
    assert not port.acceptor.has_lost(worker.seat)
    port.pass_time(LOST_AFTER_S + 1)
    port.acceptor.disconnect(worker.seat)
    assert not port.acceptor.has_lost(worker.seat)  # it has gone


def test_where_the_parent_stood_still_too_workers_get_time_to_report(port):
    worker = port.add_worker()
    port.now_s += 3600  # a container that was paused
    port.acceptor.attend()
    assert not port.acceptor.has_lost(worker.seat)
    port.pass_time(LOST_AFTER_S + 1)
    assert port.acceptor.has_lost(worker.seat)


def test_without_a_file_for_them_clients_wait_for_a_moment(port, monkeypatch):
    worker = port.add_worker()
    real = socket.socket.accept

    def refuse(_listener: socket.socket) -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(socket.socket, "accept", refuse)
    port.come(1)
    assert not port.is_watched  # or the parent would try again and again
    monkeypatch.setattr(socket.socket, "accept", real)
    port.acceptor.attend()
    assert worker.take_in() == 0
    port.now_s += PAUSE_S
    port.acceptor.attend()

    assert worker.take_in() == 1


def test_clients_whom_nobody_is_left_for_are_told_so(port):
    worker = port.add_worker()
    port.come(1)
    port.acceptor.close()
    worker.end()
    port.acceptor.disconnect(worker.seat)

    port.clients[0].settimeout(5)
    assert port.clients[0].recv(1) == b""


def test_closing_lets_in_who_has_come_and_closes_the_port(port):
    worker = port.add_worker()
    port.clients.append(socket.create_connection(port.address))
    port.acceptor.close()

    assert worker.take_in() == 1
    assert not port.is_watched
    with socket.socket() as late:
        assert late.connect_ex(port.address) != 0
