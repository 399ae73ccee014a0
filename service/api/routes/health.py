"""Is it up, and may it be sent work?"""

from fastapi import APIRouter

from service.api.dependencies import Parts
from service.api.documentation import problems
from service.api.schemas import LiveOut, LoadedModelOut, ReadyOut
from service.recognition.errors import NotReady

router = APIRouter(prefix="/health", tags=["health"])


# Monitors of other people's make ask for the head alone.
@router.head("/live", include_in_schema=False)
@router.get("/live", summary="Is the process running?")
async def live() -> LiveOut:
    """Says yes for as long as the process can answer at all. Restart it when this fails."""
    return LiveOut(status="live")


@router.head("/ready", include_in_schema=False)
@router.get("/ready", summary="Can it read?", responses=problems(NotReady))
async def ready(parts: Parts) -> ReadyOut:
    """Says yes while every model of every worker is loaded and repeats its golden outputs. Send work only then."""
    parts.refuse_if_not_ready()
    device = parts.models.device
    models = tuple(
        LoadedModelOut(name=one.name, version=one.version, device=device) for one in parts.models.manifests()
    )
    return ReadyOut(status="ready", device=device, models=models)
