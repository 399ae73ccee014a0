"""One try to reach a receiver, over real connections of this machine."""

import base64
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from service.alerts.receiver import PostFailed, Receiver, split_url
from tests.alerts.receiving import PATIENCE_S, receiving

BODY = b'{"readings": []}'


@contextmanager
def listening(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """The address of someone who takes one connection, reads the body, and answers in his own way."""

    def take() -> None:
        connection, _ = listener.accept()
        with connection:
            received = b""
            # A greeting of TLS is not what this one waits for.
            while BODY not in received and not received.startswith(b"\x16"):
                received += connection.recv(65536)
            answer(connection)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=take)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        thread.join(PATIENCE_S)


def post(url: str, *, timeout_s: float = PATIENCE_S) -> None:
    Receiver(url).post(BODY, {"Content-Type": "application/json"}, timeout_s=timeout_s)


def test_body_arrives_at_the_path_with_its_headers():
    with receiving() as receiver:
        post(f"{receiver.url}?token=a%20b")
        got = receiver.next_post()

    assert (got.path, got.body) == ("/hook?token=a%20b", {"readings": []})
    assert got.headers["Content-Type"] == "application/json"
    assert "Authorization" not in got.headers


def test_user_and_password_of_the_address_are_sent_as_basic_and_shown_nowhere():
    with receiving([500]) as receiver:
        address = receiver.url.replace("http://", "http://clerk:s%40secret@")
        with pytest.raises(PostFailed) as failure:
            post(f"{address}?token=hidden")
        got = receiver.next_post()

    assert base64.b64decode(got.headers["Authorization"].removeprefix("Basic ")) == b"clerk:s@secret"
    assert got.headers["Host"] == receiver.url.removeprefix("http://").removesuffix("/hook")
    assert str(failure.value) == f"{receiver.url.removesuffix('/hook')} answered 500."


@pytest.mark.parametrize(
    ("status", "can_retry"),
    [
        (500, True),
        (503, True),
        (429, True),
        (408, True),
        (400, False),
        (401, False),
        (404, False),
        (307, False),  # a redirect would send readings where the operator has not said
    ],
)
def test_status_tells_whether_to_try_again(status, can_retry):
    with receiving([status]) as receiver, pytest.raises(PostFailed, match=f"answered {status}") as failure:
        post(receiver.url)

    assert failure.value.can_retry is can_retry


def test_refused_connection_can_be_tried_again():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(PostFailed, match="cannot be reached: Connection refused") as failure:
        post(f"http://127.0.0.1:{port}")

    assert failure.value.can_retry


@pytest.mark.parametrize(
    ("answer", "told", "can_retry"),
    [
        (b"", "cannot be reached: closed without an answer.", True),
        (b"HTTP/1.1 2", "cannot be reached: closed without an answer.", True),
        (b"SSH-2.0-OpenSSH\r\n", "answered no HTTP.", False),
        (b"\xff" * 4096, "answered no HTTP.", False),
    ],
)
def test_what_is_no_answer_is_told_as_that(answer, told, can_retry):
    with listening(lambda connection: connection.sendall(answer)) as url, pytest.raises(PostFailed) as failure:
        post(url)

    assert str(failure.value) == f"{url.removesuffix('/')} {told}"
    assert failure.value.can_retry is can_retry


def test_receiver_that_trickles_is_not_waited_for_beyond_the_time_out():
    is_over = threading.Event()

    def trickle(connection: socket.socket) -> None:
        for byte in b"HTTP/1.1 " + b" " * 1000:
            if is_over.wait(0.01):
                return
            try:
                connection.send(bytes([byte]))
            except OSError:
                return

    with listening(trickle) as url:
        began = time.monotonic()
        with pytest.raises(PostFailed, match="timed out"):
            post(url, timeout_s=0.2)
        assert time.monotonic() - began < 5
        is_over.set()


def test_certificate_of_a_receiver_is_checked():
    with listening(lambda connection: connection.sendall(b"no TLS")) as url, pytest.raises(PostFailed):
        post(url.replace("http://", "https://"))


@pytest.mark.parametrize(
    "url",
    ["http://a", "https://a.example:8443/x?y=z", "http://[::1]:80/", "https://user:pass@host/path", "HTTP://A/"],
)
def test_addresses(url):
    assert split_url(url).hostname


@pytest.mark.parametrize(
    "url",
    [
        "",
        "a.example",
        "//a.example",
        "http://",
        "http:///path",
        "ftp://a.example",
        "file:///etc/passwd",
        "http://a.example:port",
        "http://a.example:99999",
        "http://a.example:0",
        "http://a example",
        "http://a.example/\r\nX-Injected: 1",
        "http://ä.example",
        "http://[::1",
        "http://" + "a" * 64 + ".example",
    ],
)
def test_what_is_no_address(url):
    with pytest.raises(ValueError, match="not an address"):
        split_url(url)
