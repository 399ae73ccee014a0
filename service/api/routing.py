"""Routes whose parameters are validated once for each way to write them.

FastAPI looks every parameter up, converts and validates it anew with every request: 0.1 ms, a quarter of what
a reading costs the event loop. But what comes out depends on the query and a header alone, and clients write
the same few over and over.
"""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

from service.api.access import check_key
from service.api.dependencies import Container
from service.api.parameters import TIMEOUT_HEADER

MAX_REMEMBERED = 1024
MAX_QUERY_BYTES = 256  # longer ones are rare, and would let clients fill memory

Handler = Callable[[Request], Coroutine[Any, Any, Response]]
_TIMEOUT_HEADER = TIMEOUT_HEADER.lower().encode()


class ReadingRoute(APIRoute):
    """A route whose endpoint takes the request, the container and its own parameters, in this order.

    Its parameters come from one dependency, which leaves them in `request.state.parameters`.

    The first request with a query goes through FastAPI, which validates it and refuses what is wrong. Later
    ones with the same query get the same parameters. The key is checked with every request.
    """

    def get_route_handler(self) -> Handler:
        """See `APIRoute`, which calls this once."""
        validate_and_handle = super().get_route_handler()
        endpoint = self.endpoint
        remembered: dict[tuple[bytes, bytes | None], object] = {}

        async def handle(request: Request) -> Response:
            scope = request.scope
            query: bytes = scope["query_string"]
            given = next((value for name, value in scope["headers"] if name == _TIMEOUT_HEADER), None)
            parameters = remembered.get((query, given))
            if parameters is not None:
                container: Container = scope["app"].state.container
                check_key(container, scope["headers"])
                response: Response = await endpoint(request, container, parameters)
                return response
            response = await validate_and_handle(request)
            parameters = scope["state"].get("parameters")
            if parameters is not None and len(query) + len(given or b"") <= MAX_QUERY_BYTES:
                if len(remembered) >= MAX_REMEMBERED:
                    remembered.clear()
                remembered[query, given] = parameters
            return response

        return handle
