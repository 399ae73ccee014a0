"""POST /predict: one picture, one digit."""

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from service.api.access import require_key
from service.api.dependencies import Parts
from service.api.disconnect import unless_client_leaves
from service.api.documentation import PICTURE_BODY, problems
from service.api.parameters import Reading
from service.api.routing import ReadingRoute
from service.api.schemas import DigitOut, digit_json
from service.api.tracing import now_ns
from service.api.uploads import read_picture

router = APIRouter(tags=["reading"], dependencies=[Depends(require_key)], route_class=ReadingRoute)


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
        **problems(400, 401, 404, 408, 413, 415, 422, 429, 503, 504),
    },
    openapi_extra=PICTURE_BODY,
)
async def predict(request: Request, parts: Parts, parameters: Reading) -> Response:
    """Read the one handwritten digit in a picture.

    Any size, color, polarity and position. A picture without ink, or with a doubtful stroke, is answered
    with 200 and a `decision`.
    """
    # Both before the body is read: whom nobody can answer should not have to send it.
    recognizer = parts.models.recognizer(parameters.model)
    recognizer.refuse_if_full()
    data = await read_picture(request, max_image_bytes=parts.settings.max_image_bytes)
    max_error = parts.settings.max_error if parameters.max_error is None else parameters.max_error
    state = request.scope["state"]
    state["reading_began_ns"] = now_ns()
    reading = recognizer.read(data, max_error=max_error, top_k=parameters.top_k, timeout_s=parameters.timeout_s)
    recognized = await unless_client_leaves(request, reading)
    state["stages_ms"] = recognized.stages_ms
    timing = ", ".join([f"{stage};dur={duration:.2f}" for stage, duration in recognized.stages_ms.items()])
    # A ready-made response: FastAPI would validate and convert the answer a second time.
    answer = digit_json(recognized, state["request_id"])
    return Response(answer, media_type="application/json", headers={"Server-Timing": timing})
