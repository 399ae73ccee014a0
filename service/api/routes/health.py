"""Is it up, and may it be sent work?"""

from fastapi import APIRouter

from service.api.dependencies import Parts
from service.api.documentation import problems
from service.api.schemas import LiveOut, ModelOut, ReadyOut

router = APIRouter(prefix="/health", tags=["health"])


@router.get("/live", summary="Is the process running?")
async def live() -> LiveOut:
    """Says yes for as long as the process can answer at all. Restart it when this fails."""
    return LiveOut(status="live")


@router.get("/ready", summary="Can it read?", responses=problems(503))
async def ready(parts: Parts) -> ReadyOut:
    """Says yes when every model is loaded and has repeated its golden outputs. Send no work before."""
    models = tuple(ModelOut(name=one.name, version=one.version) for one in parts.models.manifests())
    return ReadyOut(status="ready", device=parts.models.device, models=models)
