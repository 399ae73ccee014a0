"""POST /sequence: one picture, one number of any length."""

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from service.api.access import require_key
from service.api.dependencies import Parts
from service.api.documentation import PICTURE_BODY
from service.api.one_picture import answer, reading_responses
from service.api.routing import ReadingRoute
from service.api.sequence_parameters import SequenceReading
from service.api.sequence_schemas import NumberOut, number_json

router = APIRouter(tags=["reading"], dependencies=[Depends(require_key)], route_class=ReadingRoute)


@router.post(
    "/sequence",
    summary="Read one number",
    response_class=Response,
    responses=reading_responses(NumberOut),
    openapi_extra=PICTURE_BODY,
)
async def sequence(request: Request, parts: Parts, parameters: SequenceReading) -> Response:
    """Read the one handwritten number in a picture, of any length, as a whole.

    What is known about the number beforehand, such as its length or its check digit, narrows the reading down
    while it is decoded. A picture without ink, or a doubtful number, is answered with 200 and a `decision`.
    """
    recognizer = parts.models.sequence_recognizer(parameters.model)
    max_error = parts.settings.max_error if parameters.max_error is None else parameters.max_error
    return await answer(
        request,
        parts,
        recognizer,
        read=lambda data: recognizer.read(
            data,
            max_error=max_error,
            top_k=parameters.top_k,
            constraint=parameters.constraint,
            timeout_s=parameters.timeout_s,
        ),
        to_json=number_json,
    )
