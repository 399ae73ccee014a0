"""`digits read`: files and folders in, a table with a verdict for each out."""

import argparse
import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from urllib.parse import SplitResult

import orjson

from service.api.batch_answers import Document
from service.api.batch_table import rows_of
from service.commands.files import DOCUMENTS, PICTURES, NamedFile, content_of, find_files, loaded, template_part
from service.commands.offline import read_offline
from service.commands.online import Service, read_online, service_address
from service.commands.options import Options, add_options, options_of
from service.commands.progress import Progress
from service.commands.results import Results
from service.main import allowed_lists
from service.settings import Settings, load_settings
from service.stacks.entries import SentFile
from service.stacks.parameters import BatchKind, BatchParameters

Reader = Callable[[Iterator[SentFile]], AsyncIterator[Document]]
"""Says something about each file, or page, in order."""


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Describe the command line."""
    parser = commands.add_parser(
        "read",
        help="read pictures and forms into a table",
        description="Reads pictures, documents and whole folders into a CSV table, without a service or with one. Run "
        "again with the same --out, it goes on where it stopped. Exit status: 0 all accepted, 3 something needs a "
        "person, 1 something failed, 2 the command line is wrong.",
    )
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="a picture, a PDF, or a folder of them")
    parser.add_argument("--out", type=Path, metavar="PATH", help="the table (default: standard output)")
    parser.add_argument("--url", metavar="URL", help="of a running service; its key is taken from DIGITS_API_KEY")
    add_options(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Read what is named.

    Returns:
        The exit status.

    Raises:
        CommandError, DigitsError: there is nothing to read, or nothing to read it with; the message is for the person.
    """
    options = options_of(arguments)
    address = None if arguments.url is None else service_address(arguments.url)
    settings = load_settings()
    files = find_files(arguments.paths, suffixes=DOCUMENTS if options.kind is BatchKind.FORM else PICTURES)
    with closing(Results(arguments.out, sys.stdout.buffer, options=str(options))) as results:
        left = [file for file in files if file.name not in results.done]
        progress = Progress(len(left), sys.stderr)
        reader = _reader(options, address, settings, tell=lambda line: progress.tell(f"digits: {line}"))
        _run(reader, left, results, progress)
    print(f"{len(files)} files, {len(files) - len(left)} of them read before: {results.summary()}.", file=sys.stderr)
    return results.exit_status


def _reader(
    options: Options, address: SplitResult | None, settings: Settings, *, tell: Callable[[str], None]
) -> Reader:
    """Who reads, here or elsewhere; what is asked for is refused here as far as it can be without a model."""
    templates = [template_part(name) for name in options.templates]
    pages = [content_of(page) for page in options.pages]
    if address is not None:
        parts = [("template", template) for template in templates] + [("page", page) for page in pages]
        key = None if settings.api_key is None else settings.api_key.get_secret_value()
        query = {"top_k": "1", **options.query}
        return partial(
            read_online, service=Service(address, query, [("kind", options.kind.encode()), *parts], key, tell)
        )
    constraint = options.constraint(allowed_lists(settings) if options.known else {})
    parameters = BatchParameters(
        options.kind, options.model, top_k=1, max_error=options.max_error, constraint=constraint
    )
    return partial(
        read_offline, kind=options.kind, parameters=parameters, settings=settings, templates=templates, pages=pages
    )


def _run(reader: Reader, files: Sequence[NamedFile], results: Results, progress: Progress) -> None:
    try:
        if files:
            asyncio.run(_read_into(results, _documents(reader, files), progress))
    finally:
        progress.end()
    results.begin()


async def _documents(reader: Reader, files: Sequence[NamedFile]) -> AsyncIterator[Document]:
    faults: dict[int, Document] = {}
    async for document in reader(loaded(files, faults)):
        yield faults.get(document["index"], document)


async def _read_into(results: Results, documents: AsyncIterator[Document], progress: Progress) -> None:
    """Write the rows of a file when its last entry is known: when the next file's first one comes, or none."""
    pending: list[Document] = []
    async for document in documents:
        if pending and pending[0]["index"] != document["index"]:
            _write(results, pending, progress)
            pending = []
        pending.append(document)
    if pending:
        _write(results, pending, progress)


def _write(results: Results, documents: Sequence[Document], progress: Progress) -> None:
    # Through JSON and back, so that a row is the same whether a service was asked or not.
    plain = [orjson.loads(orjson.dumps(document)) for document in documents]
    results.add([row for document in plain for row in rows_of(document)])
    progress.advance()
