"""POST /predict: one picture, one digit."""

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from service.api.access import require_key
from service.api.dependencies import Parts
from service.api.disconnect import unless_client_leaves
from service.api.documentation import PICTURE_BODY, problems
from service.api.parameters import MaxError, Model, TopK
from service.api.schemas import DigitOut
from service.api.uploads import read_picture

router = APIRouter(tags=["reading"], dependencies=[Depends(require_key)])


@router.post(
    "/predict",
    summary="Read one digit",
    response_class=Response,
    responses={
        200: {
            "model": DigitOut,
            "description": "A reading; `decision` says whether it is sure enough.",
            "headers": {
                "X-Request-ID": {"description": "As sent, or made here.", "schema": {"type": "string"}},
                "Server-Timing": {
                    "description": "Milliseconds spent in the stages decode, canvas, queue, model and read.",
                    "schema": {"type": "string"},
                },
            },
        },
        **problems(400, 401, 404, 413, 415, 422, 429, 503, 504),
    },
    openapi_extra=PICTURE_BODY,
)
async def predict(
    request: Request, parts: Parts, model: Model = "auto", top_k: TopK = 3, max_error: MaxError = None
) -> Response:
    """Read the one handwritten digit in a picture.

    Any size, color, polarity and position. A picture without ink, or with a doubtful stroke, is answered
    with 200 and a `decision`.
    """
    # Looked up before the body is read: whom nobody can answer should not have to send it.
    recognizer = parts.models.recognizer(model)
    data = await read_picture(request, max_image_bytes=parts.settings.max_image_bytes)
    if max_error is None:
        max_error = parts.settings.max_error
    reading = recognizer.read(data, max_error=max_error, top_k=top_k)
    recognized = await unless_client_leaves(request, reading)
    answer = DigitOut.of(recognized, request.state.request_id)
    timing = ", ".join(f"{stage};dur={duration:.2f}" for stage, duration in recognized.stages_ms.items())
    # A ready-made response: FastAPI would validate and convert the answer a second time.
    return Response(answer.model_dump_json(), media_type="application/json", headers={"Server-Timing": timing})
