"""Which models there are, and what is known about each."""

from fastapi import APIRouter, Depends

from service.api.access import WrongKey, require_key
from service.api.dependencies import Parts
from service.api.documentation import problems
from service.api.model_schemas import ModelCardOut, ModelsOut
from service.api.parameters import ModelName
from service.recognition.errors import InvalidParameter, ModelNotFound, NotReady
from service.runtime.registry import AUTO, DEFAULT_MODEL, DEFAULT_SEQUENCE_MODEL

router = APIRouter(prefix="/models", tags=["models"], dependencies=[Depends(require_key)])


@router.get("", summary="All models", responses=problems(WrongKey, NotReady))
async def list_models(parts: Parts) -> ModelsOut:
    """The card of every model that is loaded."""
    cards = tuple(ModelCardOut.of(manifest, parts.models.device) for manifest in parts.models.manifests())
    names = {card.name for card in cards}
    default = AUTO if AUTO in names else DEFAULT_MODEL
    reader = DEFAULT_SEQUENCE_MODEL if DEFAULT_SEQUENCE_MODEL in names else None
    return ModelsOut(default=default, default_sequence_reader=reader, models=cards)


@router.get("/{name}", summary="One model", responses=problems(WrongKey, ModelNotFound, InvalidParameter, NotReady))
async def get_model(name: ModelName, parts: Parts) -> ModelCardOut:
    """Version, input, calibration, accuracy with count and interval, provenance and SHA-256 of one model."""
    manifests = parts.models.manifests()
    for manifest in manifests:
        if manifest.name == name:
            return ModelCardOut.of(manifest, parts.models.device)
    raise ModelNotFound(
        f"There is no model {name[:80]!r}. Loaded are: {', '.join(manifest.name for manifest in manifests)}."
    )
