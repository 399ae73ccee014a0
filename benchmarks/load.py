"""HTTP clients by the hundred in one thread: closed loops, and an open loop that does not wait for answers.

wrk does the comparisons. It is a closed loop: where the server gets slow, its clients ask less, and overload never
comes about. The open loop here sends on time whatever happens, and counts from the moment when a request was due, so
that waiting for a free connection is part of the latency (known as coordinated omission where it is left out).

Requests are ready-made bytes and answers are hardly looked at, so that the clients take little from the server's
cores: about 20 microseconds a request.
"""

import gc
import random
import resource
import select
import socket
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle

from benchmarks.pictures import CONTENT_TYPE, multipart_body
from benchmarks.processes import HOST

NO_ANSWER = 0
"""The status of a request whose connection ended before there was an answer."""

ANSWER_LIMIT_S = 20.0  # how long open requests are waited for at the end
MAX_POLL_S = 0.05


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one request.

    Attributes:
        due_s: when it should have been sent, by `time.monotonic`.
        sent_s: when it was sent; later than due where no connection was free.
        done_s: when its answer was complete.
        status: of the answer, or `NO_ANSWER`.
    """

    due_s: float
    sent_s: float
    done_s: float
    status: int

    @property
    def latency_ms(self) -> float:
        """From when it was due."""
        return (self.done_s - self.due_s) * 1e3


@dataclass(frozen=True, slots=True)
class Phase:
    """A stretch of the open loop: so many requests a second on average, coming at random."""

    rate: float
    duration_s: float


def predict_request(picture: bytes, *, query: str = "model=cnn", headers: str = "") -> bytes:
    """A POST /predict with one picture, as bytes to be sent; further headers end in a line break each."""
    return post_request(f"/predict?{query}", picture, headers=headers)


def post_request(path: str, picture: bytes, *, headers: str = "") -> bytes:
    """A POST with one picture, as bytes to be sent; further headers end in a line break each."""
    body = multipart_body(picture)
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: {CONTENT_TYPE}\r\n"
        f"{headers}Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def get_request(path: str) -> bytes:
    """A GET as bytes to be sent."""
    return f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()


def closed_loop(
    port: int,
    requests: Sequence[bytes],
    *,
    num_connections: int,
    duration_s: float = float("inf"),
    num_requests: float = float("inf"),
    on_answer: Callable[[int], None] = lambda _: None,
) -> list[Answer]:
    """Clients that each wait for their answer before they ask again; until the time or the requests are used up.

    Args:
        port: of the server.
        requests: sent in turn.
        num_connections: clients at a time.
        duration_s: after which no more is sent.
        num_requests: after which no more is sent.
        on_answer: told how many answers there are, after each.
    """
    answers: list[Answer] = []
    turns = cycle(requests)
    num_sent = 0
    with _quiet(), _Clients(port) as clients:
        ends = time.monotonic() + duration_s
        for _ in range(num_connections):
            if num_sent < num_requests and clients.send(next(turns), time.monotonic()):
                num_sent += 1
        while clients.num_open:
            for answer in clients.poll(MAX_POLL_S):
                answers.append(answer)
                on_answer(len(answers))
                now = time.monotonic()
                if now < ends and num_sent < num_requests and clients.send(next(turns), now):
                    num_sent += 1
            if time.monotonic() > ends + ANSWER_LIMIT_S:
                answers += clients.give_up()
    return answers


def open_loop(
    port: int,
    requests: Sequence[bytes],
    phases: Sequence[Phase],
    *,
    max_connections: int,
    seed: int = 1,
) -> list[Answer]:
    """Requests that come when they come (a Poisson process), over as many connections as that takes.

    Args:
        port: of the server.
        requests: sent in turn.
        phases: one after another without a gap.
        max_connections: beyond this a request waits for a free one, and the wait counts.
        seed: of the arrivals.
    """
    answers: list[Answer] = []
    turns = cycle(requests)
    waiting: deque[float] = deque()
    with _quiet(), _Clients(port) as clients:
        arrivals = _arrivals(time.monotonic() + 0.1, phases, random.Random(seed))  # noqa: S311 (not a secret)
        due: float | None = next(arrivals, None)
        last_s = time.monotonic()
        while due is not None or waiting or clients.num_open:
            now = time.monotonic()
            while due is not None and due <= now:
                waiting.append(due)
                last_s = due
                due = next(arrivals, None)
            while waiting and clients.num_open < max_connections:
                came = waiting.popleft()
                if not clients.send(next(turns), came):
                    answers.append(Answer(came, now, time.monotonic(), NO_ANSWER))
            pause = MAX_POLL_S if due is None else max(0.0, min(MAX_POLL_S, due - time.monotonic()))
            answers += clients.poll(pause)
            if due is None and time.monotonic() > last_s + ANSWER_LIMIT_S:
                answers += clients.give_up()
                answers += [Answer(came, now, now, NO_ANSWER) for came in waiting]
                waiting.clear()
    return answers


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that so many percent do not exceed; nan without values."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))] if ordered else float("nan")


def _arrivals(begin_s: float, phases: Sequence[Phase], generator: random.Random) -> Iterator[float]:
    for phase in phases:
        end_s = begin_s + phase.duration_s
        due_s = begin_s + generator.expovariate(phase.rate)
        while due_s < end_s:
            yield due_s
            due_s += generator.expovariate(phase.rate)
        begin_s = end_s


@contextmanager
def _quiet() -> Iterator[None]:
    """No collector's pause in the middle of a measurement, and enough file descriptors for it."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


class _Clients:
    """Keep-alive connections, opened as they are needed, with at most one request on each."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._epoll = select.epoll()
        self._idle: list[_Connection] = []
        self._open: dict[int, _Connection] = {}

    def __enter__(self) -> "_Clients":
        return self

    def __exit__(self, *_: object) -> None:
        for connection in (*self._idle, *self._open.values()):
            connection.socket.close()
        self._epoll.close()

    @property
    def num_open(self) -> int:
        """Requests that have been sent and not answered."""
        return len(self._open)

    def send(self, request: bytes, due_s: float) -> bool:
        """Send a request on a connection that is free, or on a new one; false when there is none to be had."""
        while True:
            connection = self._idle.pop() if self._idle else self._connect()
            if connection is None:
                return False
            try:
                num_sent = connection.socket.send(request)
            except OSError:  # the server has closed it while it was idle
                self._drop(connection)
                continue
            if num_sent != len(request):
                raise RuntimeError(f"{num_sent} of {len(request)} bytes fit into a socket")
            connection.due_s, connection.sent_s = due_s, time.monotonic()
            self._open[connection.socket.fileno()] = connection
            return True

    def poll(self, pause_s: float) -> list[Answer]:
        """Answers that have come, after a pause at most so long."""
        answers = []
        for number, _ in self._epoll.poll(pause_s):
            connection = self._open.get(number)
            if connection is None:  # an idle connection speaks: the server says goodbye
                for idle in [one for one in self._idle if one.socket.fileno() == number]:
                    self._idle.remove(idle)
                    self._drop(idle)
                continue
            status = connection.receive()
            if status is None:
                continue
            del self._open[number]
            answers.append(Answer(connection.due_s, connection.sent_s, time.monotonic(), status))
            if connection.stays:
                self._idle.append(connection)
            else:
                self._drop(connection)
        return answers

    def give_up(self) -> list[Answer]:
        """Close what is not answered."""
        now = time.monotonic()
        lost = [Answer(one.due_s, one.sent_s, now, NO_ANSWER) for one in self._open.values()]
        for connection in self._open.values():
            self._drop(connection)
        self._open.clear()
        return lost

    def _connect(self) -> "_Connection | None":
        try:
            opened = socket.create_connection((HOST, self._port), timeout=5)
        except OSError:
            return None
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        opened.setblocking(False)
        self._epoll.register(opened.fileno(), select.EPOLLIN)
        return _Connection(opened)

    def _drop(self, connection: "_Connection") -> None:
        self._epoll.unregister(connection.socket.fileno())
        connection.socket.close()


class _Connection:
    __slots__ = ("_received", "due_s", "sent_s", "socket", "stays")

    def __init__(self, opened: socket.socket) -> None:
        self.socket = opened
        self.due_s = self.sent_s = 0.0
        self.stays = True
        self._received = b""

    def receive(self) -> int | None:
        """Take what has come; the status once the answer is whole, None before."""
        try:
            data = self.socket.recv(65536)
        except BlockingIOError:
            return None
        except OSError:
            data = b""
        if not data:
            self.stays = False
            return NO_ANSWER
        self._received += data
        head, blank_line, body = self._received.partition(b"\r\n\r\n")
        if not blank_line:
            return None
        headers = head.lower()
        length = int(headers.partition(b"content-length:")[2].split(b"\r\n", 1)[0])
        if len(body) < length:
            return None
        self._received = b""
        self.stays = b"connection: close" not in headers
        return int(head[9:12])
