"""The formats in which a stack is answered, and the choice among them."""

from enum import Enum


class BatchFormat(Enum):
    """Media types of the answer; the first is sent to whom any will do."""

    JSON = "application/json"
    NDJSON = "application/x-ndjson"
    CSV = "text/csv"


def preferred_format(accept: str) -> BatchFormat:
    """The format that the header Accept prefers; JSON where it names none of ours.

    To answer in another format rather than refuse is allowed by RFC 9110, 12.5.1, and kinder: by then, the stack
    has been sent.

    Args:
        accept: the value of the header; "" where there is none.
    """
    ranges = [_parse(item) for item in accept.split(",")]
    qualities = {one: _quality(one.value, ranges) for one in BatchFormat}
    best = max(qualities, key=lambda one: qualities[one])  # of equals, the first
    return best if qualities[best] > 0 else BatchFormat.JSON


def _parse(item: str) -> tuple[str, float]:
    """A media range and its weight."""
    name, *parameters = [piece.strip().lower() for piece in item.split(";")]
    weight = next((parameter[2:] for parameter in parameters if parameter.startswith("q=")), "1")
    try:
        return name, min(1.0, max(0.0, float(weight)))
    except ValueError:
        return name, 0.0


def _quality(media_type: str, ranges: list[tuple[str, float]]) -> float:
    """The weight of the most specific range that covers the media type (RFC 9110, 12.5.1)."""
    group = media_type.partition("/")[0]
    found = dict(ranges)
    return next((found[name] for name in (media_type, f"{group}/*", "*/*") if name in found), 0.0)
