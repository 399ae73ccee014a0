"""Who is told of low-confidence readings: an address of the operator's, and one try to reach it.

`http.client` and no more: a proxy is not used, redirects are not followed, and what the receiver says beside its status
is not read.
"""

import base64
import http.client
import re
import socket
import ssl
import time
from collections.abc import Mapping
from urllib.parse import SplitResult, unquote, urlsplit

STATUS_LINE = re.compile(rb"HTTP/1\.[01] (\d{3})")
MAX_STATUS_LINE_BYTES = 1024
RETRIED_STATUSES = frozenset({408, 425, 429, *range(500, 600)})  # the receiver may think otherwise a little later


class PostFailed(Exception):
    """One try to reach the receiver has failed.

    Attributes:
        can_retry: whether the same may succeed a little later.
    """

    def __init__(self, message: str, *, can_retry: bool) -> None:
        super().__init__(message)
        self.can_retry = can_retry


def split_url(url: str) -> SplitResult:
    """Take an address apart.

    Raises:
        ValueError: it is not the address of anything that takes a POST over HTTP.
    """
    try:
        parts = urlsplit(url)
        is_address = (
            url.isascii()
            and url.isprintable()
            and " " not in url
            and parts.scheme in ("http", "https")
            and bool(parts.hostname)
            and parts.port != 0  # asking for it raises where it is no port
        )
        (parts.hostname or "").encode("idna")  # a label that is too long is found here, and not at the first post
    except ValueError as error:
        raise ValueError("not an address") from error
    if not is_address:
        raise ValueError("not an address")
    return parts


class Receiver:
    """Where low-confidence readings are posted to.

    Args:
        url: as `split_url` accepts it. A user and a password in it are sent as HTTP Basic.

    Attributes:
        name: its scheme, host and port. Path, query and password may be secrets, and are in nothing that is shown.
    """

    def __init__(self, url: str) -> None:
        parts = split_url(url)
        self._host = parts.hostname or ""
        self._port = parts.port
        self._target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._headers = {"Connection": "close"}
        if parts.username is not None:
            pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            self._headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
        # Made once: it reads the certificates of this machine.
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        self.name = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"

    def post(self, body: bytes, headers: Mapping[str, str], *, timeout_s: float) -> None:
        """Post once. Returns when the receiver has said that it has the body.

        Args:
            body: to be posted.
            headers: beside those that belong to the address.
            timeout_s: for connecting, and again for all the rest, however the receiver trickles.

        Raises:
            PostFailed: it has not said so.
        """
        connection = self._connection(timeout_s)
        try:
            connection.connect()
            ends_at = time.monotonic() + timeout_s
            connection.request("POST", self._target, body, {**self._headers, **headers})
            status = _status(connection.sock, ends_at)
        except OSError as error:  # refused, unreachable, unknown, untrusted, too late
            reason = error.strerror or str(error) or type(error).__name__
            raise PostFailed(f"{self.name} cannot be reached: {reason}.", can_retry=True) from error
        finally:
            connection.close()
        if not 200 <= status < 300:
            raise PostFailed(f"{self.name} answered {status or 'no HTTP'}.", can_retry=status in RETRIED_STATUSES)

    def _connection(self, timeout_s: float) -> http.client.HTTPConnection:
        if self._tls is not None:
            return http.client.HTTPSConnection(self._host, self._port, timeout=timeout_s, context=self._tls)
        return http.client.HTTPConnection(self._host, self._port, timeout=timeout_s)


def _status(connected: socket.socket, ends_at: float) -> int:
    """The status of an answer, 0 where it is none; `http.client` would wait for the time-out with every byte anew."""
    head = b""
    while b"\n" not in head and len(head) < MAX_STATUS_LINE_BYTES:
        remaining_s = ends_at - time.monotonic()
        if remaining_s <= 0:
            raise TimeoutError("timed out")
        connected.settimeout(remaining_s)
        more = connected.recv(MAX_STATUS_LINE_BYTES)
        if not more:
            raise ConnectionResetError("closed without an answer")
        head += more
    found = STATUS_LINE.match(head)
    return int(found.group(1)) if found else 0
