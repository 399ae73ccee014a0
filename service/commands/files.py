"""The files that a person names, and those in the folders that a person names."""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from service.api.batch_answers import Document
from service.commands.errors import NothingToRead, UnusableFile, reason_of
from service.stacks.entries import SentFile

PICTURES = frozenset({".png", ".jpg", ".jpeg", ".jpe", ".webp", ".bmp", ".tif", ".tiff"})
DOCUMENTS = PICTURES | {".pdf"}


@dataclass(frozen=True, slots=True)
class NamedFile:
    """A file that is to be read.

    Attributes:
        index: its place among all files, from 0.
        name: its path as it is shown, and found again when the command is run again.
        path: where it is.
    """

    index: int
    name: str
    path: Path


def name_of(path: Path) -> str:
    r"""A path as it is shown and written down: bytes of it that are no UTF-8 stand there as `\xe9`."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


@contextmanager
def using(path: Path, deed: str) -> Iterator[None]:
    """While a file is used: what the system has against it is told with the path that the person gave.

    Args:
        path: of the file.
        deed: what happens to it: "read" or "written".

    Raises:
        UnusableFile: the system refuses.
    """
    try:
        yield
    except OSError as error:
        raise UnusableFile(f"{name_of(path)} cannot be {deed}: {reason_of(error)}.") from error


def content_of(path: Path) -> bytes:
    """The bytes of a file; raises `UnusableFile`."""
    with using(path, "read"):
        return path.read_bytes()


def is_template_file(name: str) -> bool:
    """Whether a template is named by the path of its JSON; no stored one can be called so."""
    return os.sep in name or name.lower().endswith(".json")


def template_part(name: str) -> bytes:
    """What the part `template` of a request holds: the JSON of a file, or the name of a stored template.

    Raises:
        UnusableFile: the file cannot be read, or is no JSON object, and would be taken for a name.
    """
    if not is_template_file(name):
        return os.fsencode(name)
    content = content_of(Path(name))
    if not content.lstrip().startswith(b"{"):
        raise UnusableFile(f"{name_of(Path(name))} holds no template: it is no JSON object.")
    return content


def find_files(paths: Sequence[Path], *, suffixes: frozenset[str]) -> list[NamedFile]:
    """The files named, and those below the folders named, each once.

    Args:
        paths: files, whatever they are called, and folders.
        suffixes: of the files that are taken from folders, in lower case. Hidden ones are left out.

    Raises:
        NothingToRead: a path is none, or there is no file at all.
        UnusableFile: a path cannot be looked at.
    """
    found: list[Path] = []
    for path in paths:
        with using(path, "read"):
            if path.is_dir():
                found += (below for below in sorted(path.rglob("*")) if _is_wanted(below, path, suffixes))
            elif path.exists():
                found.append(path)
            else:
                raise NothingToRead(f"{name_of(path)} is neither a file nor a folder.")
    if not found:
        raise NothingToRead(f"There is nothing to read: no {', '.join(sorted(suffixes))} in the folders named.")
    return [NamedFile(index, name_of(path), path) for index, path in enumerate(dict.fromkeys(found))]


def loaded(files: Iterable[NamedFile], faults: dict[int, Document]) -> Iterator[SentFile]:
    """The files with their bytes, each read when it is asked for; without bytes where it cannot be read.

    Args:
        files: to be read.
        faults: takes in what is to be said about each file that cannot be read, under its index.
    """
    for file in files:
        try:
            data = file.path.read_bytes()
        except OSError as error:
            data = b""
            faults[file.index] = _fault(file, error)
        yield SentFile(file.index, file.name, data)


def _fault(file: NamedFile, error: OSError) -> Document:
    """As an entry has it; with the status of what may pass, since the fault is not the file's own."""
    detail = f"The file cannot be read: {reason_of(error)}. Mend that, and run the command again."
    told = {"status": 503, "code": "unreadable_file", "detail": detail}
    return {"index": file.index, "filename": file.name, "status": "error", "error": told}


def _is_wanted(path: Path, folder: Path, suffixes: frozenset[str]) -> bool:
    is_hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
    return not is_hidden and path.suffix.lower() in suffixes and path.is_file()
