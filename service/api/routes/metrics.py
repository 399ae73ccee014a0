"""GET /metrics: what Prometheus scrapes."""

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse, Response
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from service.api.dependencies import Parts
from service.api.documentation import problems
from service.recognition.errors import NotReady
from service.runtime.metrics import exposition, snapshot_of

router = APIRouter(tags=["health"])

_EXAMPLE = 'digits_decisions_total{decision="accepted",model="cnn"} 1024.0\n'


@router.get(
    "/metrics",
    summary="How is it doing?",
    response_class=PlainTextResponse,
    responses=problems(NotReady)
    | {
        200: {
            "description": "Prometheus text format; `docs/operations.md` explains every name.",
            "content": {"text/plain": {"schema": {"type": "string"}, "example": _EXAMPLE}},
        }
    },
)
async def metrics(parts: Parts) -> Response:
    """Counts and times of all workers since the start. Holds nothing of what was sent."""
    text = exposition(snapshot_of(parts.metrics.registry)) if parts.crew is None else await parts.crew.exposition()
    return Response(text, media_type=CONTENT_TYPE_PLAIN_0_0_4)
