"""`digits read`: files and folders in, a table with a verdict for each out."""

import argparse
import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import closing
from pathlib import Path

import orjson

from service.api.batch_answers import Document
from service.api.batch_parameters import BatchKind, BatchParameters
from service.api.batch_table import rows_of
from service.commands.errors import CommandError
from service.commands.files import DOCUMENTS, PICTURES, NamedFile, find_files
from service.commands.offline import read_offline
from service.commands.online import Service, parts_of, read_online
from service.commands.progress import Progress
from service.commands.results import Results
from service.settings import Settings, load_settings


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
    parser.add_argument(
        "--kind", choices=[kind.value for kind in BatchKind], default="digit", help="what they show (default: digit)"
    )
    parser.add_argument(
        "--template",
        action="append",
        default=[],
        metavar="NAME",
        help="of forms: a stored template, `auto` for all of them, or the path of a template's .json; may be repeated",
    )
    parser.add_argument(
        "--page",
        action="append",
        default=[],
        type=Path,
        metavar="PATH",
        help="the blank page of a template that is given as .json; may be repeated",
    )
    parser.add_argument("--out", type=Path, metavar="PATH", help="the table (default: standard output)")
    parser.add_argument("--url", metavar="URL", help="of a running service; its key is taken from DIGITS_API_KEY")
    parser.add_argument("--model", metavar="NAME", help="as in the interface")
    parser.add_argument("--max-error", type=float, metavar="RATE", help="as in the interface")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Read what is named.

    Returns:
        The exit status.

    Raises:
        CommandError, DigitsError: there is nothing to read, or nothing to read it with; the message is for the person.
    """
    kind = BatchKind(arguments.kind)
    _check(arguments, kind)
    settings = load_settings()
    files = find_files(arguments.paths, suffixes=DOCUMENTS if kind is BatchKind.FORM else PICTURES)
    with closing(Results(arguments.out, sys.stdout.buffer)) as results:
        return _run(arguments, kind, files, results, settings)


def _run(
    arguments: argparse.Namespace,
    kind: BatchKind,
    files: Sequence[NamedFile],
    results: Results,
    settings: Settings,
) -> int:
    left = [file for file in files if file.name not in results.done]
    progress = Progress(len(left), sys.stderr)
    try:
        if left:
            asyncio.run(_read_into(results, _documents(arguments, kind, left, settings), progress))
    finally:
        progress.end()
    num_before = len(files) - len(left)
    print(f"{len(files)} files, {num_before} of them read before: {results.summary()}.", file=sys.stderr)
    return results.exit_status


def _check(arguments: argparse.Namespace, kind: BatchKind) -> None:
    if arguments.max_error is not None and not 0 < arguments.max_error < 1:
        raise CommandError(f"--max-error is {arguments.max_error}; it must be a number above 0 and below 1.")
    if (kind is BatchKind.FORM) != bool(arguments.template):
        raise CommandError("--template goes with --kind form, and --kind form needs it.")


def _documents(
    arguments: argparse.Namespace, kind: BatchKind, files: Sequence[NamedFile], settings: Settings
) -> AsyncIterator[Document]:
    if arguments.url is None:
        parameters = BatchParameters(kind, arguments.model, top_k=1, max_error=arguments.max_error)
        return read_offline(
            files, kind, parameters, settings=settings, templates=arguments.template, pages=arguments.page
        )
    named = {"model": arguments.model, "max_error": arguments.max_error}
    query = {"top_k": "1", **{name: str(value) for name, value in named.items() if value is not None}}
    key = None if settings.api_key is None else settings.api_key.get_secret_value()
    service = Service(arguments.url, query, parts_of(kind, arguments.template, arguments.page), key)
    return read_online(files, service)


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
