"""What became of a stack, as JSON, as lines of JSON, or as a table."""

import logging
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Mapping
from contextlib import aclosing
from functools import partial
from typing import Any

import orjson

from service.api.batch_table import HEADER, csv_line, rows_of
from service.api.errors import INTERNAL_ERROR, PROBLEMS, encodable
from service.api.form_schemas import form_fields
from service.api.schemas import digit_fields
from service.api.sequence_schemas import number_fields
from service.logs import EXTRA_FIELD
from service.recognition.errors import DigitsError
from service.recognition.policy import Decision
from service.stacks.entries import Entry
from service.stacks.parameters import BatchKind

Document = dict[str, Any]
ToFields = Callable[[Any], Document]
"""A reading's fields, for orjson."""

logger = logging.getLogger(__name__)


async def documents_of(
    entries: AsyncGenerator[Entry[Any]], kind: BatchKind, *, top_k: int, request_id: str
) -> AsyncIterator[Document]:
    """What is said about each entry of a stack, in order.

    Args:
        entries: of files that show what `kind` says; they are closed at the end.
        kind: of the stack.
        top_k: number of alternatives of a form's fields; other readings have as many as they were asked for.
        request_id: under which an unexpected error is logged.
    """
    to_fields: Mapping[BatchKind, ToFields] = {
        BatchKind.DIGIT: digit_fields,
        BatchKind.SEQUENCE: number_fields,
        BatchKind.FORM: partial(form_fields, top_k=top_k),
    }
    async with aclosing(entries):
        async for entry in entries:
            yield entry_document(entry, to_fields[kind], request_id)


def entry_document(entry: Entry[Any], to_fields: ToFields, request_id: str) -> Document:
    """The JSON of one entry, which is what `BatchEntryOut` describes; a test holds the two together."""
    document: Document = {"index": entry.file, "filename": entry.name}
    if entry.page is not None:
        document["page"] = entry.page
    if isinstance(entry.outcome, Exception):
        return {**document, "status": "error", "error": _error(entry.outcome, request_id)}
    return {**document, "status": "ok", "result": to_fields(entry.outcome)}


def _error(error: Exception, request_id: str) -> Document:
    """As in a problem document; what nobody expected is logged, and its sender gets the id under which it is."""
    problem = PROBLEMS.get(type(error), INTERNAL_ERROR) if isinstance(error, DigitsError) else INTERNAL_ERROR
    detail = str(error)
    if problem is INTERNAL_ERROR:
        logger.error("unexpected error in a stack", exc_info=error, extra={EXTRA_FIELD: {"request_id": request_id}})
        detail = f"An error on our side; it is logged under request id {request_id}."
    return {"status": problem.status, "code": problem.code, "detail": encodable(detail)}


def summary_of(documents: Iterable[Document]) -> dict[str, int]:
    """How many entries there are, and of which verdict; a form's is that of its most doubtful field."""
    counts = Counter(verdict_of(document) for document in documents)
    return {
        "count": counts.total(),
        **{decision.value: counts[decision.value] for decision in Decision},
        "failed": counts["failed"],
    }


def verdict_of(document: Document) -> str:
    """`accepted`, `review`, `rejected`, or `failed` where there is no reading."""
    if document["status"] != "ok":
        return "failed"
    result = document["result"]
    if "fields" not in result:
        return str(result["decision"])
    decisions = {str(field["decision"]) for field in result["fields"]}
    is_settled = all(check["satisfied"] is not False for check in result["checks"])
    if decisions <= {Decision.ACCEPTED} and is_settled:
        return Decision.ACCEPTED
    return Decision.REJECTED if decisions == {Decision.REJECTED} else Decision.REVIEW


async def as_json(documents: AsyncIterator[Document], request_id: str) -> bytes:
    """All entries and their summary in one document, which is what `BatchOut` describes."""
    results = [document async for document in documents]
    return orjson.dumps({"results": results, "summary": summary_of(results), "request_id": request_id})


async def as_lines(documents: AsyncIterator[Document]) -> AsyncIterator[bytes]:
    """A line of JSON for every entry, as soon as there is one. Source: github.com/ndjson/ndjson-spec."""
    async for document in documents:
        yield orjson.dumps(document) + b"\n"


async def as_table(documents: AsyncIterator[Document]) -> AsyncIterator[bytes]:
    """A CSV table with a row for every entry, or for every field of a form, as soon as there is one."""
    yield csv_line(HEADER)
    async for document in documents:
        # Through JSON and back, so that enums, dataclasses and numbers are what a client would see.
        for row in rows_of(orjson.loads(orjson.dumps(document))):
            yield csv_line(row)
