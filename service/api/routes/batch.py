"""POST /batch: many pictures, or forms, in one request."""

from collections.abc import AsyncIterator
from contextlib import AbstractContextManager

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response, StreamingResponse

from service.api.access import require_key
from service.api.batch_answers import as_json, as_lines, as_table
from service.api.batch_body import BATCH_BODY, read_batch_body
from service.api.batch_formats import BatchFormat, preferred_format
from service.api.batch_parameters import BatchReading, kind_of
from service.api.batch_reading import StackReading, documents_of
from service.api.batch_schemas import BatchOut
from service.api.batch_table import HEADER
from service.api.dependencies import Parts
from service.api.disconnect import unless_client_leaves
from service.api.documentation import Responses, problems

router = APIRouter(tags=["reading"], dependencies=[Depends(require_key)])

_STACK: Responses = {
    200: {
        "model": BatchOut,
        "description": "An entry for every file, in the order sent. As JSON; or, where `Accept` prefers them, as lines "
        "of JSON or as a table, of which each line is sent when it is ready.",
        "content": {
            BatchFormat.NDJSON.value: {
                "schema": {"type": "string", "description": "A line of JSON for every entry: `BatchEntryOut`."}
            },
            BatchFormat.CSV.value: {"schema": {"type": "string", "example": ",".join(HEADER)}},
        },
    }
}


@router.post(
    "/batch",
    summary="Read a stack of pictures or forms",
    response_class=Response,
    responses={**_STACK, **problems(400, 401, 404, 408, 413, 415, 422, 429, 503, 504)},
    openapi_extra=BATCH_BODY,
)
async def batch(request: Request, parts: Parts, parameters: BatchReading) -> Response:
    """Read up to 512 files: digits, numbers, or forms.

    A file that cannot be read gets an entry that says why, with the status and the code that it would have got alone;
    the others are read all the same.
    """
    reading: StackReading = request.app.state.stack_reading
    # Both before the body is read: whom nobody can answer should not have to send it.
    parts.models.refuse_if_not_ready()
    reading.turns.refuse_if_full()
    body = await read_batch_body(request, max_bytes=parts.settings.max_batch_bytes)
    kind = kind_of(parameters.kind, body.kinds)
    templates = await reading.choose_templates(kind, body.templates, body.pages)
    stack = reading.open(body.files, kind, parameters, templates)
    request_id: str = request.scope["state"]["request_id"]
    documents = documents_of(stack, request_id)
    turn = reading.turns.stack()
    answer_format = preferred_format(request.headers.get("accept", ""))
    if answer_format is BatchFormat.JSON:
        with turn:
            answer = await unless_client_leaves(request, as_json(documents, request_id), patience=parts.patience)
        return Response(answer, media_type=answer_format.value)
    lines = as_lines(documents) if answer_format is BatchFormat.NDJSON else as_table(documents)
    return StreamingResponse(_during(turn, lines), media_type=answer_format.value)


async def _during(turn: AbstractContextManager[None], lines: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The lines, which are cut off when the client leaves, as `StreamingResponse` sees to."""
    with turn:
        async for line in lines:
            yield line
