"""A short way for requests like those before.

FastAPI leads every request through its routing, looks every parameter up, converts and validates it: 0.2 ms, a third
of what a reading costs the event loop. But what comes out depends on the path, the query and one header alone, and
clients write the same few over and over. So the first request of a kind goes that way, and what comes out is
remembered; later ones are led straight to the endpoint.
"""

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from fastapi import FastAPI, Request, Response
from fastapi.routing import APIRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from service.api.access import check_key
from service.api.dependencies import Container
from service.api.parameters import TIMEOUT_HEADER

MAX_REMEMBERED = 1024
MAX_QUERY_BYTES = 256  # longer ones are rare, and would let clients fill memory

Handler = Callable[[Request], Coroutine[Any, Any, Response]]
Endpoint = Callable[[Request, Container, Any], Coroutine[Any, Any, Response]]
ErrorHandler = Callable[[Request, Exception], Coroutine[Any, Any, Response]]
Kind: TypeAlias = tuple[str, bytes, bytes | None]
"""Path, query and time-out of a request, as they were written."""

_TIMEOUT_HEADER = TIMEOUT_HEADER.lower().encode()


@dataclass(frozen=True, slots=True)
class Destination:
    """Where requests of one kind end up.

    Attributes:
        route: that FastAPI has found for them, for those who count by route.
        endpoint: takes the request, the container and the parameters.
        parameters: validated.
    """

    route: object
    endpoint: Endpoint
    parameters: object


class KnownRequests:
    """Destinations by the kind of request."""

    def __init__(self) -> None:
        self._destinations: dict[Kind, Destination] = {}

    def find(self, scope: Scope) -> Destination | None:
        """Where a request is to go, if one of its kind was there before."""
        return self._destinations.get(_kind_of(scope)) if scope["method"] == "POST" else None

    def remember(self, scope: Scope, destination: Destination) -> None:
        """Lead requests like this one there from now on, unless there would be too much to remember."""
        kind = _kind_of(scope)
        if len(kind[1]) + len(kind[2] or b"") > MAX_QUERY_BYTES:
            return
        if len(self._destinations) >= MAX_REMEMBERED:
            self._destinations.clear()
        self._destinations[kind] = destination


class ReadingRoute(APIRoute):
    """A route whose endpoint takes the request, the container and its own parameters, in this order.

    Its parameters come from one dependency, which leaves them in `request.state.parameters`. Requests that FastAPI
    has found right are remembered in `app.state.known_requests`.
    """

    def get_route_handler(self) -> Handler:
        """See `APIRoute`, which calls this once."""
        validate_and_handle = super().get_route_handler()
        endpoint = self.endpoint

        async def handle(request: Request) -> Response:
            response = await validate_and_handle(request)
            scope = request.scope
            parameters = scope["state"].get("parameters")
            if parameters is not None:
                known: KnownRequests = scope["app"].state.known_requests
                known.remember(scope, Destination(scope["route"], endpoint, parameters))
            return response

        return handle


class ShortWay:
    """Leads known requests to their destination, and all others to the app; the key is checked with every request."""

    def __init__(self, app: ASGIApp, *, known: KnownRequests, container: Container) -> None:
        self._app = app
        self._known = known
        self._container = container

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request of a known kind; errors are answered as the app would."""
        destination = self._known.find(scope) if scope["type"] == "http" else None
        if destination is None:
            await self._app(scope, receive, send)
            return
        scope["route"] = destination.route
        request = Request(scope, receive, send)
        try:
            check_key(self._container, scope["headers"])
            response = await destination.endpoint(request, self._container, destination.parameters)
        except Exception as error:
            answer = _handler_of(scope["app"], error)
            if answer is None:
                raise
            response = await answer(request, error)
        await response(scope, receive, send)


def _kind_of(scope: Scope) -> Kind:
    timeout = next((value for name, value in scope["headers"] if name == _TIMEOUT_HEADER), None)
    return scope["path"], scope["query_string"], timeout


def _handler_of(app: FastAPI, error: Exception) -> ErrorHandler | None:
    """The app's handler for the nearest class of an error, as Starlette would find it."""
    handlers: Mapping[Any, Any] = app.exception_handlers
    for kind in type(error).__mro__:
        if kind in handlers:
            handler: ErrorHandler = handlers[kind]
            return handler
    return None
