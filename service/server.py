"""The HTTP server, and how it stops.

uvicorn closes connections that are idle when it is told to stop, and a client that has just sent its next request
on one of them loses it. So this server first stops accepting, then lingers: whoever still has a connection is
answered, and told by `Connection: close` that it was the last time.

uvloop accepts one connection each time it looks at a listening socket. While the service is busy it looks some twenty
times a second, and new clients, a probe of `/health/live` among them, would wait for seconds before anybody knew of
them. So it is given the socket many times over. Not where several workers share the port: the first of them to look
would take all clients that come together, and the others would have none.
"""

import asyncio
import socket
import time

import uvicorn

from service.api.dependencies import Drain

LINGER_S = 0.5  # longer than a busy client's pause between two requests; idle connections are closed after it


ACCEPTED_AT_A_LOOK = 32  # so that a thousand clients that come at once are let in within two seconds at the worst


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
