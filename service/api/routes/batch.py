"""POST /batch: many pictures, or forms, in one request."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from service.api.access import require_key
from service.api.batch_answers import as_json, as_lines, as_table, documents_of
from service.api.batch_body import BATCH_BODY, MAX_FILES, read_batch_body
from service.api.batch_formats import BatchFormat, preferred_format
from service.api.batch_parameters import BatchReading, kind_of
from service.api.batch_schemas import BatchOut
from service.api.batch_table import HEADER
from service.api.dependencies import Parts
from service.api.disconnect import unless_client_leaves
from service.api.documentation import Responses, problems
from service.stacks.reading import StackReading
from service.stacks.turns import Deadline

TO_TAKE_LINES_S = 30.0  # after the end of a stack, for the client to take what has been read

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
    deadline = reading.deadline_of(parameters)
    kind = kind_of(parameters.kind, body.kinds, constraint=parameters.constraint)
    request_id: str = request.scope["state"]["request_id"]
    async with AsyncExitStack() as held:
        held.enter_context(reading.turns.stack())
        choosing = held.enter_async_context(reading.templates_of(kind, body.templates, body.pages, deadline))
        templates = await unless_client_leaves(request, choosing, patience=parts.patience)
        entries = reading.open(body.files, kind, parameters, templates, deadline, look_ahead=MAX_FILES)
        documents = documents_of(entries, kind, top_k=parameters.top_k, request_id=request_id)
        answer_format = preferred_format(request.headers.get("accept", ""))
        if answer_format is BatchFormat.JSON:
            answer = await unless_client_leaves(request, as_json(documents, request_id), patience=parts.patience)
            return Response(answer, media_type=answer_format.value)
        lines = as_lines(documents) if answer_format is BatchFormat.NDJSON else as_table(documents)
        return _Lines(lines, answer_format.value, deadline, held.pop_all())


class _Lines(StreamingResponse):
    """An answer that is sent line by line, and cut off when the client leaves.

    Args:
        lines: of it.
        media_type: of all of them.
        deadline: of the stack. A client that has not taken its lines some time after it is let go.
        held: is let go of at the end, even where the client leaves before the first line.
    """

    def __init__(self, lines: AsyncIterator[bytes], media_type: str, deadline: Deadline, held: AsyncExitStack) -> None:
        super().__init__(lines, media_type=media_type)
        self._deadline = deadline
        self._held = held

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        limit_s = max(0.0, self._deadline.ends_at - time.monotonic()) + TO_TAKE_LINES_S
        async with self._held:
            # What is cut short is seen to be: its last chunk does not come.
            with suppress(TimeoutError):
                async with asyncio.timeout(limit_s):
                    await super().__call__(scope, receive, send)
