"""The HTTP server, and how it stops.

uvicorn closes connections that are idle when it is told to stop, and a client that has just sent its next request
on one of them loses it. So this server first stops accepting, then lingers: whoever still has a connection is
answered, and told by `Connection: close` that it was the last time.

uvloop accepts one connection each time it looks at a listening socket. While the service is busy it looks some twenty
times a second, and new clients, a probe of `/health/live` among them, would wait for seconds before anybody knew of
them. So a process that is alone is given the socket many times over. One of several workers accepts nobody: it takes
in at once all whom its parent hands it (see `service.workers.acceptor`).
"""

import asyncio
import socket
import time

import uvicorn

from service.api.dependencies import Drain
from service.workers.entrance import Entrance

LINGER_S = 0.5  # longer than a busy client's pause between two requests; idle connections are closed after it


ACCEPTED_AT_A_LOOK = 32  # so that a thousand clients that come at once are let in within two seconds at the worst


def many_times(listener: socket.socket) -> list[socket.socket]:
    """A listening socket and duplicates of it, for a loop that accepts one connection from each at a time."""
    return [listener, *(listener.dup() for _ in range(ACCEPTED_AT_A_LOOK - 1))]


class DrainingServer(uvicorn.Server):
    """A server that loses no request when it is stopped.

    Args:
        drain: is told when the server stops.
        drain_s: seconds that requests in progress get, the lingering included.
        entrance: of a worker, whose clients come from its parent; None for a process that listens.
    """

    def __init__(
        self, config: uvicorn.Config, *, drain: Drain, drain_s: float, entrance: Entrance | None = None
    ) -> None:
        super().__init__(config)
        self._drain = drain
        self._drain_s = drain_s
        self._entrance = entrance

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start the app, and let clients in."""
        await super().startup(sockets)
        if self._entrance is not None:
            self._entrance.open(self._admit, num_connections=lambda: len(self.server_state.connections))

    async def on_tick(self, counter: int) -> bool:
        """What is seen to ten times a second; whether it is time to stop."""
        if self._entrance is not None:
            self._entrance.report()
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop accepting, answer what is there, close."""
        ends = time.monotonic() + self._drain_s
        self._drain.has_begun = True
        if self._entrance is not None:
            self._entrance.close()
            await self._entrance.settled()
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

    async def _admit(self, connection: socket.socket) -> None:
        """Serve a connection as uvicorn does those that it accepts itself."""
        await asyncio.get_running_loop().connect_accepted_socket(self._protocol, connection)

    def _protocol(self) -> asyncio.Protocol:
        protocol: asyncio.Protocol = self.config.http_protocol_class(  # type: ignore[call-arg]
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )
        return protocol
