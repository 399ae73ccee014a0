"""What happens around every request: an id, safe headers, a log line, metrics, and an answer of last resort.

Plain ASGI, and one class: each layer more would wrap every message of every request once more. Starlette's
`BaseHTTPMiddleware` would even add a task and a queue.
"""

import asyncio
import logging
import random
import re
import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.alerts.origin import begin_request
from service.api.dependencies import Drain
from service.api.errors import internal_error_response
from service.api.tracing import Tracing
from service.logs import EXTRA_FIELD
from service.runtime.metrics import Metrics

REQUEST_ID_HEADER = "X-Request-ID"

SAFE_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
)
CONTENT_POLICY = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")

REFUSALS_EVERY_S = 1.0

access_logger = logging.getLogger("service.access")
logger = logging.getLogger(__name__)

_SAFE_ID = re.compile(rb"[A-Za-z0-9._-]{1,128}")
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS = tuple(high + low for high in _CROCKFORD for low in _CROCKFORD)
_dice = random.Random()  # noqa: S311 (an id is no secret, and the system's own dice take ten times as long)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def new_request_id() -> str:
    """A ULID: 26 characters that sort by time. Source: github.com/ulid/spec."""
    number = time.time_ns() // 1_000_000 << 80 | _dice.getrandbits(80)
    return "".join([_PAIRS[number >> shift & 1023] for shift in range(120, -1, -10)])


class RequestFrame:
    """The outermost layer of the app.

    - Names the request: by its own X-Request-ID where that is a harmless token, else by a new one.
    - Gives every answer the headers that tell browsers to take it for what it is, and pages to fetch nothing from
      elsewhere; while the service drains, also the one that asks the client to come back on another connection.
    - Answers what nobody expected: the traceback goes to the log, the request id to the client.
    - Logs a line (method, path, status, duration and id; no query, no header, no content), counts and traces. Requests
      that are turned away with 429 share a line: a log must not add to the load that it tells of.
    """

    def __init__(self, app: ASGIApp, *, metrics: Metrics, drain: Drain, tracing: Tracing | None = None) -> None:
        self._app = app
        self._metrics = metrics
        self._drain = drain
        self._tracing = tracing
        self._refusals = _Refusals()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and see to its answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        request_id = _request_id(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        begin_request(request_id, lambda: _route(scope))
        span = None if self._tracing is None else self._tracing.begin(scope)
        if span is not None:
            scope["state"]["trace_id"] = f"{span.get_span_context().trace_id:032x}"
        status = 0  # stays 0 where the client left before there was an answer

        async def send_framed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = message["headers"] = [*message.get("headers", ()), *SAFE_HEADERS]
                headers.append((b"x-request-id", request_id.encode()))
                if not any(name == CONTENT_POLICY[0] for name, _ in headers):  # the pages bring their own
                    headers.append(CONTENT_POLICY)
                if self._drain.has_begun:
                    headers.append((b"connection", b"close"))
            await send(message)

        try:
            await self._app(scope, receive, send_framed)
        except Exception:
            logger.exception("unexpected error", extra={EXTRA_FIELD: {"request_id": request_id}})
            if status:
                raise
            await internal_error_response(scope)(scope, receive, send_framed)
        finally:
            seconds = time.perf_counter() - began
            route = _route(scope)
            self._metrics.count_request(route, _method(scope), status, seconds)
            if status == HTTPStatus.TOO_MANY_REQUESTS:
                self._refusals.add()
            elif access_logger.isEnabledFor(logging.INFO):
                access_logger.info("request", extra={EXTRA_FIELD: _log_fields(scope, status, seconds)})
            if span is not None and self._tracing is not None:
                self._tracing.end(span, route, status, scope["state"])


class _Refusals:
    """Logs how many requests were turned away, once a second while there are any."""

    def __init__(self) -> None:
        self._num_refused = 0

    def add(self) -> None:
        if not self._num_refused:
            asyncio.get_running_loop().call_later(REFUSALS_EVERY_S, self._tell)
        self._num_refused += 1

    def _tell(self) -> None:
        access_logger.info("refused", extra={EXTRA_FIELD: {"status": 429, "num_requests": self._num_refused}})
        self._num_refused = 0


def _request_id(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _SAFE_ID.fullmatch(value):
            return str(value.decode())
    return new_request_id()


def _route(scope: Scope) -> str:
    """The path as the interface writes it: of few values, whatever clients ask for."""
    route = scope.get("route")
    path = getattr(route, "path", None)
    if path:
        return str(path)
    return "/static" if scope["path"].startswith("/static/") else "other"


def _method(scope: Scope) -> str:
    method: str = scope["method"]
    return method if method in _METHODS else "other"


def _log_fields(scope: Scope, status: int, seconds: float) -> Mapping[str, Any]:
    state = scope["state"]
    fields: dict[str, Any] = {
        "method": scope["method"],
        "path": scope["path"],
        "status": status,
        "ms": round(seconds * 1e3, 2),
        "request_id": state["request_id"],
    }
    fields |= {name: state[name] for name in ("code", "trace_id") if name in state}
    return fields
