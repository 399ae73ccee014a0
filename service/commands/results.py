"""The table that `digits read` writes, and that it goes on with when it is run again."""

import csv
import io
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from service.api.batch_table import HEADER, csv_line, plain
from service.commands.errors import UnusableFile, WrongTable
from service.commands.files import content_of, name_of, using
from service.recognition.policy import Decision

ALL_ACCEPTED, SOMETHING_FAILED, NEEDS_REVIEW = 0, 1, 3
"""Exit statuses; 2 is argparse's, for a command line that is wrong."""

_MAY_PASS = frozenset({"429", "500", "503", "504"})  # faults that are the moment's, and not the file's


class Results:
    """Results in a CSV file; rows of one file are written together, when all of them are known.

    Files whose rows are there already are done. Not so those whose trouble may have passed, and the last one where its
    rows break off: their rows are taken out, and they are read again. A note beside the table says with which options
    its rows were made. Nothing is written before there is a first row, so that a run that is refused leaves no trace.

    Args:
        path: of the table; None writes to `stream` instead, and knows of no earlier results.
        stream: standard output.
        options: that the rows are made with, as on a command line.

    Raises:
        WrongTable: the file is there, and is no such table, or one that was made with other options.
        UnusableFile: it cannot be read, or could not be written.
    """

    def __init__(self, path: Path | None, stream: IO[bytes], *, options: str) -> None:
        self._path = path
        self._stream = stream
        self._options = options
        self._has_begun = False
        self._kept = [] if path is None else _kept_rows(path, options)
        self.done = {_name(row) for row in self._kept}
        self.verdicts = Counter(_verdict(row) for row in self._kept)

    def close(self) -> None:
        """Let go of the file; standard output stays open."""
        if self._path is not None and self._has_begun:
            self._stream.close()

    def begin(self) -> None:
        """Write the header and what is kept, where no row has done so yet."""
        if self._has_begun:
            return
        if self._path is None:
            self._stream.write(csv_line(HEADER))
        else:
            with using(self._path, "written"):
                if not self._kept:
                    _note_of(self._path).write_text(f"{self._options}\n", encoding="utf-8")
                _write_anew(self._path, self._kept)
                self._stream = self._path.open("ab")
        self._has_begun = True

    def add(self, rows: Sequence[Sequence[str]]) -> None:
        """Append all rows of one file."""
        self.begin()
        with using(self._path or Path("standard output"), "written"):
            self._stream.write(b"".join(csv_line(row) for row in rows))
            self._stream.flush()
        self.verdicts.update(_verdict(row) for row in rows)

    @property
    def exit_status(self) -> int:
        """What is said about all rows, earlier ones too: whether any failed, else whether any needs a person."""
        if self.verdicts["failed"]:
            return SOMETHING_FAILED
        needs_review = self.verdicts[Decision.REVIEW] or self.verdicts[Decision.REJECTED]
        return NEEDS_REVIEW if needs_review else ALL_ACCEPTED

    def summary(self) -> str:
        """Counts of all rows in words."""
        names = (*(decision.value for decision in Decision), "failed")
        return ", ".join(f"{self.verdicts[name]} {name}" for name in names)


def _kept_rows(path: Path, options: str) -> list[list[str]]:
    """The rows to go on from; raises what `Results` does."""
    if path.exists() and not path.is_file():
        raise WrongTable(f"{name_of(path)} is there already and is no file. Name another one.")
    if not os.access(path.parent, os.W_OK):
        raise UnusableFile(f"{name_of(path)} cannot be written: {name_of(path.parent)} is no folder to write to.")
    rows = _whole_rows(path) if path.exists() and path.stat().st_size else []
    if rows:
        _refuse_other_options(path, options)
    return rows


def _whole_rows(path: Path) -> list[list[str]]:
    text = content_of(path).decode("utf-8", errors="replace")
    is_whole = text.endswith("\r\n")
    try:
        header, *rows = csv.reader(io.StringIO(text, newline=""))
    except csv.Error:  # a cell that is far too long, as in a picture
        header = []
    if tuple(header) != HEADER:
        raise WrongTable(f"{name_of(path)} is there already and holds something else. Name another file.")
    again = {_name(row) for row in rows if _cells(row).get("status") in _MAY_PASS}
    if rows and not is_whole:
        again.add(_name(rows.pop()))
    return [row for row in rows if _name(row) not in again]


def _refuse_other_options(path: Path, options: str) -> None:
    """Raise `WrongTable` where the note tells of others; where there is none, the table is of an earlier version."""
    note = _note_of(path)
    noted = content_of(note).decode("utf-8", errors="replace").strip() if note.exists() else options
    if noted != options:
        raise WrongTable(
            f"{name_of(path)} was made with {noted}, as {name_of(note)} says; now it would be {options}. Give the same "
            "options, or name another file."
        )


def _note_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.options")


def _write_anew(path: Path, rows: Sequence[Sequence[str]]) -> None:
    beside = path.with_name(f".{path.name}.new")
    lines = [csv_line(HEADER), *[csv_line([plain(cell) for cell in row]) for row in rows]]
    beside.write_bytes(b"".join(lines))
    beside.replace(path)


def _cells(row: Sequence[str]) -> Mapping[str, str]:
    return dict(zip(HEADER, row, strict=False))


def _name(row: Sequence[str]) -> str:
    return plain(_cells(row).get("filename", ""))


def _verdict(row: Sequence[str]) -> str:
    cells = _cells(row)
    return cells["decision"] or "failed"
