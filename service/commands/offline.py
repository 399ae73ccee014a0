"""Reading files in this process: the service without its HTTP."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from service.api.batch_answers import Document
from service.api.batch_parameters import BatchKind, BatchParameters
from service.api.batch_reading import StackReading, documents_of
from service.commands.files import NamedFile, loaded
from service.main import container_for
from service.settings import Settings

LOOK_AHEAD = 64  # files in memory: enough to fill batches, and not too many of ten megabytes
NO_REQUEST = "-"  # in messages, in place of a request id
_FOREVER_MS = 10**15


async def read_offline(
    files: Sequence[NamedFile],
    kind: BatchKind,
    parameters: BatchParameters,
    *,
    settings: Settings,
    templates: Sequence[str],
    pages: Sequence[Path],
) -> AsyncIterator[Document]:
    """What is said about each file, or page, in order.

    Args:
        files: to be read.
        kind: what they show.
        parameters: how to read them.
        settings: as for the service; stacks take as long as they take.
        templates: names of stored templates, or the path of one template's JSON.
        pages: blank pages of the latter.

    Raises:
        StartupError: models cannot be loaded.
        RequestError: there is no such model or template.
    """
    # Who waits at the receiver is told by the results instead.
    offline = settings.model_copy(update={"batch_timeout_ms": _FOREVER_MS, "review_webhook": None})
    async with _reading(offline) as reading:
        sent = [template_part(name) for name in templates]
        chosen = await reading.choose_templates(kind, sent, [page.read_bytes() for page in pages])
        stack = reading.open(loaded(files), kind, parameters, chosen, look_ahead=LOOK_AHEAD)
        async for document in documents_of(stack, NO_REQUEST):
            yield document


def template_part(name: str) -> bytes:
    """What the part `template` of a request holds: the JSON of a file, or the name of a stored template."""
    path = Path(name)
    return path.read_bytes() if path.suffix == ".json" and path.is_file() else name.encode()


@asynccontextmanager
async def _reading(settings: Settings) -> AsyncIterator[StackReading]:
    container = container_for(settings, on_ready=lambda: None)
    reading = StackReading(container)
    try:
        await container.models.load()
        yield reading
    finally:
        reading.close()
        await container.models.close()
