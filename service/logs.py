"""How the service writes its log: one JSON object per line, on standard output.

Standard error is left to what is no log: the message of a start that failed, and TensorFlow's own.
"""

import json
import logging
import sys
import time
from typing import Any

EXTRA_FIELD = "fields"
"""`logger.info("request", extra={EXTRA_FIELD: {...}})` puts the fields beside the message."""


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


def configure_logs(level: str) -> None:
    """Send every logger's records through `JsonLines`; libraries speak only when something is wrong."""
    # What no line shows is not looked up for each of them: source file, thread and process (docs.python.org, logging).
    logging._srcfile = None
    logging.logThreads = logging.logMultiprocessing = logging.logProcesses = False
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonLines())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger("service").setLevel(level.upper())
    # To them it is an error, or a warning with bytes of the body, when an upload is odd. The sender is told, and for us
    # there is nothing to do.
    for library in ("PIL", "python_multipart"):
        logging.getLogger(library).setLevel(logging.CRITICAL)
