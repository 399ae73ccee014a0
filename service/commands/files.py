"""The files that a person names, and those in the folders that a person names."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from service.commands.errors import NothingToRead
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


def find_files(paths: Sequence[Path], *, suffixes: frozenset[str]) -> list[NamedFile]:
    """The files named, and those below the folders named, each once.

    Args:
        paths: files, whatever they are called, and folders.
        suffixes: of the files that are taken from folders, in lower case. Hidden ones are left out.

    Raises:
        NothingToRead: a path is none, or there is no file at all.
    """
    found: dict[str, Path] = {}
    for path in paths:
        if path.is_dir():
            found.update((str(below), below) for below in sorted(path.rglob("*")) if _is_wanted(below, path, suffixes))
        elif path.exists():
            found[str(path)] = path
        else:
            raise NothingToRead(f"{path} is neither a file nor a folder.")
    if not found:
        raise NothingToRead(f"There is nothing to read: no {', '.join(sorted(suffixes))} in the folders named.")
    return [NamedFile(index, name, path) for index, (name, path) in enumerate(found.items())]


def loaded(files: Iterable[NamedFile]) -> Iterator[SentFile]:
    """The files with their bytes, each read when it is asked for; without bytes where it cannot be read."""
    for file in files:
        try:
            data = file.path.read_bytes()
        except OSError:
            data = b""  # it is told as an empty file, with its name, and the others are read
        yield SentFile(file.index, file.name, data)


def _is_wanted(path: Path, folder: Path, suffixes: frozenset[str]) -> bool:
    is_hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
    return not is_hidden and path.suffix.lower() in suffixes and path.is_file()
