"""GET /metrics: what Prometheus scrapes."""

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse, Response
from prometheus_client import generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from service.api.dependencies import Parts
from service.runtime.metrics import Exposition

router = APIRouter(tags=["health"])

_EXAMPLE = 'digits_decisions_total{decision="accepted",model="cnn"} 1024.0\n'


@router.get(
    "/metrics",
    summary="How is it doing?",
    response_class=PlainTextResponse,
    responses={
        200: {
            "description": "Prometheus text format; `docs/operations.md` explains every name.",
            "content": {"text/plain": {"schema": {"type": "string"}, "example": _EXAMPLE}},
        }
    },
)
async def metrics(parts: Parts) -> Response:
    """Counts and times of this process since its start. Holds nothing of what was sent."""
    return Response(generate_latest(Exposition(parts.metrics.registry)), media_type=CONTENT_TYPE_PLAIN_0_0_4)
