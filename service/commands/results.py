"""The table that `digits read` writes, and that it goes on with when it is run again."""

import csv
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from service.api.batch_table import HEADER, csv_line, plain
from service.commands.errors import WrongTable
from service.recognition.policy import Decision

ALL_ACCEPTED, SOMETHING_FAILED, NEEDS_REVIEW = 0, 1, 3
"""Exit statuses; 2 is argparse's, for a command line that is wrong."""

_MAY_PASS = frozenset({"429", "500", "503", "504"})  # faults that are the moment's, and not the file's


class Results:
    """Results in a CSV file; rows of one file are written together, when all of them are known.

    Files whose rows are there already are done. Not so those whose trouble may have passed, and the last one where its
    rows break off: their rows are taken out, and they are read again.

    Args:
        path: of the table; None writes to `stream` instead, and knows of no earlier results.
        stream: standard output.

    Raises:
        WrongTable: the file is there, and is no such table.
    """

    def __init__(self, path: Path | None, stream: IO[bytes]) -> None:
        self.verdicts: Counter[str] = Counter()
        self.done: set[str] = set()
        self._stream = stream
        self._is_file = path is not None
        if path is None:
            stream.write(csv_line(HEADER))
            return
        kept = _kept_rows(path) if path.exists() and path.stat().st_size else []
        _write_anew(path, kept)
        self.done = {_name(row) for row in kept}
        self.verdicts.update(_verdict(row) for row in kept)
        self._stream = path.open("ab")

    def close(self) -> None:
        """Let go of the file; standard output stays open."""
        if self._is_file:
            self._stream.close()

    def add(self, rows: Sequence[Sequence[str]]) -> None:
        """Append all rows of one file."""
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


def _kept_rows(path: Path) -> list[list[str]]:
    text = path.read_bytes().decode("utf-8", errors="replace")
    is_whole = text.endswith("\r\n")
    rows = list(csv.reader(io.StringIO(text, newline="")))
    if tuple(rows[0]) != HEADER:
        raise WrongTable(f"{path} is there already and holds something else. Name another file.")
    rows = rows[1:]
    again = {_name(row) for row in rows if _cells(row).get("status") in _MAY_PASS}
    if rows and not is_whole:
        again.add(_name(rows.pop()))
    return [row for row in rows if _name(row) not in again]


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
