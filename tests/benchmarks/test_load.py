"""The clients of the benchmarks: they count every request once, and from the moment when it was due."""

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from benchmarks.load import NO_ANSWER, Phase, closed_loop, get_request, open_loop, percentile, predict_request


class Handler(BaseHTTPRequestHandler):
    """Answers with the status that the path names; /hangup ends the connection, /slow takes 20 ms."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path == "/hangup":
            self.close_connection = True
            return
        if self.path == "/slow":
            time.sleep(0.02)
        self.send_response(int(self.path[1:]) if self.path[1:].isdigit() else 200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        is_whole = body.count(b"picture") == 1 and body.endswith(b"--\r\n")
        self.path = "/200" if is_whole else "/400"
        self.do_GET()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    thread.join()
    server.server_close()


def test_closed_loop_sends_as_many_as_it_is_told(port):
    answers = closed_loop(port, [get_request("/200"), get_request("/429")], num_connections=3, num_requests=20)

    assert sorted(answer.status for answer in answers) == [200] * 10 + [429] * 10


def test_request_for_a_reading_is_whole(port):
    (answer,) = closed_loop(port, [predict_request(b"picture")], num_connections=1, num_requests=1)

    assert answer.status == 200


def test_connection_that_ends_is_no_answer_and_costs_no_other(port):
    answers = closed_loop(port, [get_request("/hangup"), get_request("/200")], num_connections=1, num_requests=4)

    assert [answer.status for answer in answers] == [NO_ANSWER, 200, NO_ANSWER, 200]


def test_open_loop_counts_from_when_a_request_was_due(port):
    """One connection and 20 ms each, but a request every 5 ms: they wait ever longer, and the wait is seen."""
    answers = open_loop(port, [get_request("/slow")], [Phase(200, 0.1)], max_connections=1)

    assert len(answers) > 10
    assert answers[-1].latency_ms > 10 * 10
    assert answers[-1].latency_ms > 2 * (answers[-1].done_s - answers[-1].sent_s) * 1e3


def test_nobody_there_is_no_answer():
    assert all(one.status == NO_ANSWER for one in open_loop(1, [b""], [Phase(200, 0.1)], max_connections=5))


@pytest.mark.parametrize(("percent", "value"), [(0, 1), (50, 51), (99, 100), (100, 100)])
def test_percentile(percent, value):
    assert percentile(range(100, 0, -1), percent) == value
