"""Reading files in this process: the service without its HTTP."""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager

from service.api.batch_answers import Document, documents_of
from service.api.dependencies import stack_reading_for
from service.main import container_for
from service.settings import Settings
from service.stacks.entries import SentFile
from service.stacks.parameters import BatchKind, BatchParameters
from service.stacks.reading import StackReading

LOOK_AHEAD = 64  # files in memory: enough to fill batches, and not too many of ten megabytes
NO_REQUEST = "-"  # in messages, in place of a request id
_FOREVER_MS = 10**15


async def read_offline(
    files: Iterable[SentFile],
    kind: BatchKind,
    parameters: BatchParameters,
    *,
    settings: Settings,
    templates: Sequence[bytes],
    pages: Sequence[bytes],
) -> AsyncIterator[Document]:
    """What is said about each file, or page, in order.

    Args:
        files: are taken as they are needed.
        kind: what they show.
        parameters: how to read them.
        settings: as for the service; stacks take as long as they take.
        templates: names of stored templates, or one template as JSON.
        pages: blank pages of the latter.

    Raises:
        StartupError: models cannot be loaded.
        RequestError: there is no such model or template.
    """
    # Who waits at the receiver is told by the results instead.
    offline = settings.model_copy(update={"batch_timeout_ms": _FOREVER_MS, "review_webhook": None})
    async with _reading(offline) as reading:
        deadline = reading.deadline_of(parameters)
        async with reading.templates_of(kind, templates, pages, deadline) as chosen:
            entries = reading.open(files, kind, parameters, chosen, deadline, look_ahead=LOOK_AHEAD)
            async for document in documents_of(entries, kind, top_k=parameters.top_k, request_id=NO_REQUEST):
                yield document


@asynccontextmanager
async def _reading(settings: Settings) -> AsyncIterator[StackReading]:
    container = container_for(settings, on_ready=lambda: None)
    reading = stack_reading_for(container)
    try:
        await container.models.load()
        yield reading
    finally:
        reading.close()
        await container.models.close()
