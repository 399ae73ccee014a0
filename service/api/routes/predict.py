"""POST /predict: one picture, one digit."""

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from service.api.access import require_key
from service.api.dependencies import Parts
from service.api.documentation import PICTURE_BODY
from service.api.one_picture import answer, reading_responses
from service.api.parameters import Reading
from service.api.routing import ReadingRoute
from service.api.schemas import DigitOut, digit_json

router = APIRouter(tags=["reading"], dependencies=[Depends(require_key)], route_class=ReadingRoute)


@router.post(
    "/predict",
    summary="Read one digit",
    response_class=Response,
    responses=reading_responses(DigitOut),
    openapi_extra=PICTURE_BODY,
)
async def predict(request: Request, parts: Parts, parameters: Reading) -> Response:
    """Read the one handwritten digit in a picture.

    Any size, color, polarity and position. A picture without ink, or with a doubtful stroke, is answered
    with 200 and a `decision`.
    """
    recognizer = parts.models.digit_recognizer(parameters.model)
    max_error = parts.settings.max_error if parameters.max_error is None else parameters.max_error
    return await answer(
        request,
        parts,
        recognizer,
        read=lambda data: recognizer.read(
            data, max_error=max_error, top_k=parameters.top_k, timeout_s=parameters.timeout_s
        ),
        to_json=digit_json,
    )
