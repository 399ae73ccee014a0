"""How the service writes its log: one JSON object per line, on standard output.

Standard error is left to what is no log: the message of a start that failed, and TensorFlow's own.
"""

import json
import logging
import select
import sys
import time
import warnings
from typing import Any, TextIO

EXTRA_FIELD = "fields"
"""`logger.info("request", extra={EXTRA_FIELD: {...}})` puts the fields beside the message."""

PATIENCE_S = 0.5  # with a reader of the log that is busy for a moment
PIECE_BYTES = 4096  # what has room in a pipe that has room at all: a page of it is free (pipe(7))


class JsonLines(logging.Formatter):
    """Formats a record as one line of JSON; whatever a client sent is escaped by that."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as JSON: time (UTC), level, logger, message, its own fields, and a traceback if it has one."""
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        line: dict[str, Any] = {
            "time": f"{stamp}.{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, EXTRA_FIELD, {}),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line)


class HeardLines(logging.StreamHandler[TextIO]):
    """Writes lines for as long as somebody reads them.

    A pipe whose reader stands still takes some 300 lines more; then whoever writes waits until it reads on, which
    would be every request. So a line that finds no room within `PATIENCE_S` is lost, and those that follow are lost
    without another wait, until there is room. The next one comes after one that says how many were lost.
    """

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self._num_lost = 0
        self._is_in_a_line = False

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record, or count it."""
        try:
            if self._num_lost and self._write(self._lost_lines()):
                self._num_lost = 0
            if self._num_lost or not self._write(record):
                self._num_lost += 1
        except Exception:  # as every handler does
            self.handleError(record)

    def _write(self, record: logging.LogRecord) -> bool:
        """Write a line, in pieces that do not wait where there is room; whether the last one was written."""
        # A line that was lost in the middle is ended first.
        line = f"{self.terminator if self._is_in_a_line else ''}{self.format(record)}{self.terminator}"
        for start in range(0, len(line), PIECE_BYTES):
            if not self._has_room(wait_s=0.0 if self._num_lost else PATIENCE_S):
                return False
            piece = line[start : start + PIECE_BYTES]
            self.stream.write(piece)
            self.flush()
            self._is_in_a_line = not piece.endswith(self.terminator)
        return True

    def _has_room(self, *, wait_s: float) -> bool:
        try:
            _, has_room, _ = select.select([], [self.stream], [], wait_s)
        except (OSError, ValueError):  # not everything can be asked, on Windows only sockets
            return True
        return bool(has_room)

    def _lost_lines(self) -> logging.LogRecord:
        fields = {EXTRA_FIELD: {"num_lines": self._num_lost}}
        said = {"name": __name__, "levelno": logging.WARNING, "levelname": "WARNING", "msg": "log lines lost"}
        return logging.makeLogRecord(said | fields)


def configure_logs(level: str) -> None:
    """Send every logger's records through `JsonLines`; libraries speak only when something is wrong."""
    # What no line shows is not looked up for each of them: source file, thread and process (docs.python.org, logging).
    logging._srcfile = None
    logging.logThreads = logging.logMultiprocessing = logging.logProcesses = False
    handler = HeardLines(sys.stdout)
    handler.setFormatter(JsonLines())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger("service").setLevel(level.upper())
    # To them it is an error, or a warning with bytes of the body, when an upload is odd. The sender is told, and for us
    # there is nothing to do.
    for library in ("PIL", "python_multipart"):
        logging.getLogger(library).setLevel(logging.CRITICAL)
    # The same, by another way: a line on standard error for every odd tag of a TIFF. What Pillow says of pictures that
    # are too large is a `RuntimeWarning`.
    warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")
