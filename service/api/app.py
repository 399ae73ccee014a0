"""The app, put together from the parts that it is given."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from fastapi import Depends, FastAPI
from starlette.middleware import Middleware

from service.api.dependencies import Container, stack_reading_for
from service.api.errors import install_error_handlers
from service.api.intake import BodyLimits, BodyMemory
from service.api.known_parameters import refuse_unknown_parameters
from service.api.middleware import RequestFrame
from service.api.refusals import Refusals
from service.api.routes import batch, health, metrics, models, pages, predict, sequence, templates
from service.api.routing import KnownRequests, ShortWay

DESCRIPTION = (
    "Reads handwritten digits from pictures, and says how sure it is. A blank or a doubtful stroke is not an error: "
    "it is a 200 with a `decision`. Errors are problem documents (RFC 9457)."
)


def create_app(container: Container) -> FastAPI:
    """The service as an ASGI app. Models load when it is started, not here."""
    settings = container.settings
    body_memory = BodyMemory(settings.max_body_memory_mb * 1_000_000)
    container.metrics.body_bytes.set_function(lambda: body_memory.num_bytes)
    container.metrics.ready.set_function(lambda: float(container.is_ready()))
    known_requests = KnownRequests()
    app = FastAPI(
        title="Digit recognition service",
        summary="Handwritten digits over HTTP",
        description=DESCRIPTION,
        version="1",
        lifespan=_lifespan,
        docs_url=None,  # `pages` serves both, with assets of our own
        redoc_url=None,
        redirect_slashes=False,  # it would send clients to whatever their header Host names
        openapi_url="/openapi.json",
        telemetry={"tracing": False, "metrics": False, "logs": False},  # `RequestFrame` does that
        middleware=[  # from the outside in
            Middleware(RequestFrame, metrics=container.metrics, drain=container.drain, tracing=container.tracing),
            Middleware(BodyLimits, memory=body_memory, timeout_s=settings.body_timeout_ms / 1e3),
            Middleware(ShortWay, known=known_requests, container=container),
        ],
    )
    app.state.container = container
    app.state.known_requests = known_requests
    app.state.stack_reading = stack_reading_for(container)
    app.state.refusals = Refusals()
    install_error_handlers(app)
    for routes in (predict, sequence, batch, templates):
        app.include_router(routes.router, dependencies=[Depends(refuse_unknown_parameters)])
    for routes in (models, health, metrics, pages):
        app.include_router(routes.router)
    pages.mount_static(app)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Load the models beside the event loop, so that `/health/live` answers and `/predict` says 503 meanwhile."""
    container: Container = app.state.container
    loading = asyncio.create_task(_load(container))
    try:
        yield
    finally:
        loading.cancel()
        with suppress(asyncio.CancelledError):
            await loading
        app.state.stack_reading.close()
        await container.models.close()
        await asyncio.to_thread(container.alerts.close)  # after the last reading
        if container.tracing is not None:
            await asyncio.to_thread(container.tracing.close)  # it sends the last spans


async def _load(container: Container) -> None:
    try:
        await container.models.load()
    # Of whatever kind: `main` has to hear of it, for a service that never gets ready must not stay up.
    except Exception as error:
        container.on_failure(error)
    else:
        container.on_ready()
