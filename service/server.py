"""The HTTP server, and how it stops.

uvicorn closes connections that are idle when it is told to stop, and a client that has just sent its next request
on one of them loses it. So this server first stops accepting, then lingers: whoever still has a connection is
answered, and told by `Connection: close` that it was the last time.

uvloop accepts one connection each time it looks at a listening socket. While the service is busy it looks some twenty
times a second, and new clients, a probe of `/health/live` among them, would wait for seconds before anybody knew of
them. So it is given the socket many times over.

Of several workers, the first to look at one socket would take all clients that come together, and the others would have
none. On Linux each has a socket of its own at the same port, and the system deals new clients out to them by chance;
elsewhere they share one, and each is given it once.
"""

import asyncio
import socket
import sys
import time
from typing import Any

import uvicorn

from service.api.dependencies import Drain

LINGER_S = 0.5  # longer than a busy client's pause between two requests; idle connections are closed after it


ACCEPTED_AT_A_LOOK = 32  # so that a thousand clients that come at once are let in within two seconds at the worst


CAN_SHARE_EVENLY = sys.platform == "linux"


def bound_socket(
    family: int, kind: int, protocol: int, address: tuple[Any, ...], *, may_share: bool = False
) -> socket.socket:
    """A socket that has taken an address.

    Args:
        family: of addresses, as `socket.getaddrinfo` gives it.
        kind: of socket, likewise.
        protocol: likewise.
        address: likewise.
        may_share: whether others may take it too that say so as well.

    Raises:
        OSError: it cannot be had.
    """
    bound = socket.socket(family, kind, protocol)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if may_share:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        bound.bind(address)
    except OSError:
        bound.close()
        raise
    return bound


def own_listener(listener: socket.socket) -> socket.socket:
    """A socket at the port of another, for one of several workers; where the system cannot deal out clients, that one.

    Args:
        listener: bound to the port so that it may be shared, and not listening.
    """
    if not CAN_SHARE_EVENLY:
        return listener
    return bound_socket(listener.family, listener.type, listener.proto, listener.getsockname(), may_share=True)


def many_times(listener: socket.socket, *, is_shared: bool) -> list[socket.socket]:
    """A listening socket and duplicates of it, for a loop that accepts one connection from each at a time.

    Args:
        listener: bound to the port.
        is_shared: whether other workers accept from it as well; then each gets it once.
    """
    times = 1 if is_shared else ACCEPTED_AT_A_LOOK
    return [listener, *(listener.dup() for _ in range(times - 1))]


class DrainingServer(uvicorn.Server):
    """A server that loses no request when it is stopped.

    Args:
        drain: is told when the server stops.
        drain_s: seconds that requests in progress get, the lingering included.
    """

    def __init__(self, config: uvicorn.Config, *, drain: Drain, drain_s: float) -> None:
        super().__init__(config)
        self._drain = drain
        self._drain_s = drain_s

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop accepting, answer what is there, close."""
        ends = time.monotonic() + self._drain_s
        self._drain.has_begun = True
        for server in self.servers:
            server.close()
        for listener in sockets or []:
            listener.close()
        lingers_until = min(ends, time.monotonic() + LINGER_S)
        while self.server_state.connections and time.monotonic() < lingers_until and not self.force_exit:
            await asyncio.sleep(0.01)
        # uvicorn says int, and means the time-out of a wait.
        self.config.timeout_graceful_shutdown = max(0.0, ends - time.monotonic())  # type: ignore[assignment]
        await super().shutdown(sockets)
