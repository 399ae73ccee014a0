"""HTTP by hand, for clients that behave as no library lets them."""

import asyncio
import socket
import struct
from urllib.parse import urlsplit

BOUNDARY = "b"
LIMIT_S = 30


def connect(address: str) -> socket.socket:
    """A connection to a service, at `http://host:port`."""
    parts = urlsplit(address)
    return socket.create_connection((parts.hostname, parts.port), timeout=LIMIT_S)


def predict_request(picture: bytes, *, headers: str = "") -> bytes:
    """The bytes of a whole POST /predict, on a connection that is kept."""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'
    body = head.encode() + picture + f"\r\n--{BOUNDARY}--\r\n".encode()
    return (
        "POST /predict HTTP/1.1\r\nHost: service\r\n"
        f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n"
        f"Content-Length: {len(body)}\r\n{headers}\r\n"
    ).encode() + body


def answer(connection: socket.socket) -> tuple[int, dict[str, str], bytes]:
    """The next answer on a connection: status, headers, body. Raises ConnectionError where there is none."""
    data = bytearray()
    while b"\r\n\r\n" not in data:
        data += _more(connection)
    head, _, body = bytes(data).partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    while len(body) < int(headers["content-length"]):
        body += _more(connection)
    return int(first.split()[1]), headers, body


def reset(connection: socket.socket) -> None:
    """Break a connection off, as the system does for a process that is killed."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def _more(connection: socket.socket) -> bytes:
    data = connection.recv(65536)
    if not data:
        raise ConnectionError("closed without an answer")
    return data


class Wire(asyncio.Transport):
    """A transport of no socket: keeps what is written to it, and whether it was closed."""

    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 1), "sockname": ("127.0.0.1", 2)})
        self.sent = b""
        self.is_closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.sent += data

    def is_closing(self) -> bool:
        return self.is_closed

    def close(self) -> None:
        self.is_closed = True

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass
