"""A receiver of webhooks on this machine, which answers as a test wants it to."""

import json
import queue
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PATIENCE_S = 30  # of tests, for what takes milliseconds


@dataclass
class Received:
    """One post, as it came."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]

    @property
    def readings(self) -> list[dict[str, Any]]:
        return self.body["readings"]


@dataclass
class LocalReceiver:
    """What a receiver got.

    Attributes:
        url: its address.
        may_answer: while it is not set, nobody is answered.
    """

    url: str
    may_answer: threading.Event
    _posts: queue.Queue[Received] = field(default_factory=queue.Queue)

    def next_post(self) -> Received:
        """The next one, waited for."""
        return self._posts.get(timeout=PATIENCE_S)

    @property
    def is_empty(self) -> bool:
        return self._posts.empty()


@contextmanager
def receiving(statuses: Sequence[int] = (), *, port: int = 0) -> Iterator[LocalReceiver]:
    """Receive, and answer with these statuses, one after the other, and with 204 from then on."""
    answers = iter(statuses)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            receiver._posts.put(Received(self.path, dict(self.headers), body))
            receiver.may_answer.wait(PATIENCE_S)
            self.send_response(next(answers, 204))
            self.send_header("Location", "/elsewhere")
            self.end_headers()

        def log_request(self, *_: object) -> None:
            pass

    may_answer = threading.Event()
    may_answer.set()
    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        receiver = LocalReceiver(f"http://127.0.0.1:{server.server_port}/hook", may_answer)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield receiver
        finally:
            may_answer.set()
            server.shutdown()
            thread.join()
