"""Entries of a stack as rows of a table: the same columns for digits, numbers and forms."""

import csv
import io
from collections.abc import Sequence
from typing import Any

HEADER = (
    "index",
    "filename",
    "page",
    "template",
    "field",
    "value",
    "confidence",
    "decision",
    "reason",
    "status",
    "code",
    "detail",
)
"""Of digits and numbers, `page`, `template` and `field` stay empty; of readings, `code` and `detail` do."""

TEXT_MARK = "'"
_MARKED_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", TEXT_MARK)  # itself too, so that it can be taken off again


def rows_of(document: dict[str, Any]) -> list[tuple[str, ...]]:
    """The rows of an entry: one, but one for every field where a form was read.

    Args:
        document: an entry as JSON has it.
    """
    place = (str(document["index"]), document["filename"] or "", str(document.get("page") or ""))
    if document["status"] != "ok":
        error = document["error"]
        return [(*place, "", "", "", "", "", "", str(error["status"]), error["code"], error["detail"])]
    result = document["result"]
    if "fields" in result:
        return [
            (*place, result["template"], field["name"], field["value"] or "", *_verdict(field), "200", "", "")
            for field in result["fields"]
        ]
    value = result["text"] if "text" in result else result["digit"]
    return [(*place, "", "", "" if value is None else str(value), *_verdict(result), "200", "", "")]


def csv_line(row: Sequence[str]) -> bytes:
    """A line of CSV (RFC 4180), safe to open in a spreadsheet.

    Names of files come from whoever sent them. A cell that begins like a formula would be computed; behind an
    apostrophe it is text. Source: OWASP, "CSV Injection".
    """
    line = io.StringIO()
    csv.writer(line).writerow([f"{TEXT_MARK}{cell}" if cell.startswith(_MARKED_STARTS) else cell for cell in row])
    return line.getvalue().encode()


def plain(cell: str) -> str:
    """A cell as it was before `csv_line` made it safe."""
    return cell.removeprefix(TEXT_MARK)


def _verdict(reading: dict[str, Any]) -> tuple[str, str, str]:
    return f"{reading['confidence']:.6g}", reading["decision"], reading["reason"] or ""
