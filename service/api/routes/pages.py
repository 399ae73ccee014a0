"""The pages for people: try it out, and read about the interface. Everything they need is served from here."""

from pathlib import Path

from fastapi import APIRouter, FastAPI
from fastapi.responses import FileResponse
from starlette.staticfiles import StaticFiles

WEB_DIR = Path(__file__).parent.parent.parent / "web"

_NOTHING_ELSE = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
PAGE_POLICY = f"{_NOTHING_ELSE}; connect-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' blob:"
# Swagger UI and Redoc write style attributes and style elements, and embed their icons; Redoc searches in a worker.
DOCS_POLICY = (
    f"{_NOTHING_ELSE}; connect-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; worker-src blob:"
)

router = APIRouter(include_in_schema=False)


@router.api_route("/", methods=["GET", "HEAD"])
async def page() -> FileResponse:
    """Drop or draw a digit, see the answer."""
    return _page("index.html", PAGE_POLICY)


@router.api_route("/docs", methods=["GET", "HEAD"])
async def docs() -> FileResponse:
    """Swagger UI: the interface, to be tried out."""
    return _page("docs.html", DOCS_POLICY)


@router.api_route("/redoc", methods=["GET", "HEAD"])
async def redoc() -> FileResponse:
    """Redoc: the interface, to be read."""
    return _page("redoc.html", DOCS_POLICY)


def mount_static(app: FastAPI) -> None:
    """Serve the scripts, styles and icons of the pages under /static."""
    app.mount("/static", StaticFiles(directory=WEB_DIR), name="static")


def _page(name: str, policy: str) -> FileResponse:
    return FileResponse(WEB_DIR / name, headers={"Content-Security-Policy": policy, "Cache-Control": "no-cache"})
