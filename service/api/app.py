"""The app, put together from the parts that it is given."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from fastapi import FastAPI
from starlette.middleware import Middleware

from service.api.dependencies import Container
from service.api.errors import install_error_handlers
from service.api.middleware import AccessLog, LastResort, RequestId, SafeHeaders
from service.api.routes import health, models, pages, predict

DESCRIPTION = (
    "Reads handwritten digits from pictures, and says how sure it is. A blank or a doubtful stroke is not an error: "
    "it is a 200 with a `decision`. Errors are problem documents (RFC 9457)."
)


def create_app(container: Container) -> FastAPI:
    """The service as an ASGI app. Models load when it is started, not here."""
    app = FastAPI(
        title="Digit recognition service",
        summary="Handwritten digits over HTTP",
        description=DESCRIPTION,
        version="1",
        lifespan=_lifespan,
        docs_url=None,  # `pages` serves both, with assets of our own
        redoc_url=None,
        openapi_url="/openapi.json",
        # From the outside in. The id comes first, so that the log line and every answer can carry it.
        middleware=[
            Middleware(RequestId),
            Middleware(AccessLog),
            Middleware(SafeHeaders),
            Middleware(LastResort),
        ],
    )
    app.state.container = container
    install_error_handlers(app)
    for routes in (predict, models, health, pages):
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
        await container.models.close()


async def _load(container: Container) -> None:
    try:
        await container.models.load()
    # Of whatever kind: `main` has to hear of it, for a service that never gets ready must not stay up.
    except Exception as error:
        container.on_failure(error)
    else:
        container.on_ready()
