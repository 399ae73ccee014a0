"""Multipart bodies of several parts, in memory all the way; parts and bytes are counted while they arrive."""

from collections.abc import Mapping
from dataclasses import dataclass

from python_multipart.multipart import parse_options_header
from starlette.requests import Request

from service.api.multipart import MultipartBody, PartHandler, PartName, counted
from service.api.uploads import EmptyBody, UnexpectedPart, UnsupportedMediaType
from service.recognition.errors import MalformedBody, TooLarge

MAX_FILENAME_CHARACTERS = 255


class TooManyParts(TooLarge):
    """There are more parts of a name, such as files of a stack, than are taken at a time."""


class RepeatedPart(MalformedBody):
    """A part is there twice of which there can be only one."""


@dataclass(frozen=True, slots=True)
class PartLimit:
    """How many parts of a name there may be, and how large each.

    Attributes:
        max_bytes: None where only the whole body is limited.
    """

    max_parts: int
    max_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class SentPart:
    """One part of a body."""

    filename: str | None
    data: bytes


async def read_parts(
    request: Request, limits: Mapping[str, PartLimit], *, max_bytes: int, how_to_send: str
) -> dict[str, list[SentPart]]:
    """The parts of a multipart body by their names, each in the order sent.

    Args:
        request: its body has not been read.
        limits: for every name that a part may have.
        max_bytes: of the whole body, boundaries and headers included.
        how_to_send: ends the messages about a body that is another.

    Returns:
        A list for every name of `limits`; empty where no part has it.

    Raises:
        TooLarge, TooManyParts: the body, a part or their number; found as soon as it can be.
        EmptyBody, UnexpectedPart, RepeatedPart, MalformedBody: the body has not the parts that it may have.
        UnsupportedMediaType: the Content-Type is another than multipart/form-data.
    """
    declared = request.headers.get("content-type", "")
    media_type, options = parse_options_header(declared)
    complaint = f"The body has more than {max_bytes} bytes, which is the limit. Send it in several requests."
    chunks = counted(request, max_bytes=max_bytes, complaint=complaint)
    if not declared and await anext(chunks, None) is None:
        raise EmptyBody(f"The body is empty. {how_to_send}")
    if media_type != b"multipart/form-data":
        what_is = f"Content-Type is {declared[:80]!r}" if declared else "There is no Content-Type"
        raise UnsupportedMediaType(f"{what_is}. {how_to_send}")
    if b"boundary" not in options:
        raise MalformedBody(f"The Content-Type multipart/form-data names no boundary. {how_to_send}")
    parts = _Parts(limits, how_to_send)
    body = MultipartBody(options[b"boundary"], parts, how_to_send=how_to_send)
    is_empty = True
    async for chunk in chunks:
        is_empty = False
        body.write(chunk)
    if is_empty:
        raise EmptyBody(f"The body is empty. {how_to_send}")
    body.close()
    return parts.found


class _Parts(PartHandler):
    def __init__(self, limits: Mapping[str, PartLimit], how_to_send: str) -> None:
        self._limits = limits
        self._how_to_send = how_to_send
        self._part = PartName("", None)
        self._pieces: list[bytes] = []
        self._num_bytes = 0
        self.found: dict[str, list[SentPart]] = {name: [] for name in limits}

    def begin_part(self, part: PartName) -> None:
        limit = self._limits.get(part.name)
        if limit is None:
            raise UnexpectedPart(f"The multipart body has a part named {part.name[:80]!r}. {self._how_to_send}")
        if len(self.found[part.name]) >= limit.max_parts:
            if limit.max_parts == 1:
                raise RepeatedPart(f"There is more than one part `{part.name}`. Send one.")
            raise TooManyParts(f"There are more than {limit.max_parts} parts `{part.name}`, which is the limit.")
        self._part = part
        self._pieces = []
        self._num_bytes = 0

    def add_data(self, data: memoryview) -> None:
        self._pieces.append(bytes(data))
        self._num_bytes += len(data)
        max_bytes = self._limits[self._part.name].max_bytes
        if max_bytes is not None and self._num_bytes > max_bytes:
            raise TooLarge(f"A part `{self._part.name}` has more than {max_bytes} bytes, which is the limit.")

    def end_part(self) -> None:
        filename = self._part.filename
        shown = None if filename is None else filename[:MAX_FILENAME_CHARACTERS]
        # A single piece is passed on as it is, so that small files are not copied once more.
        data = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
        self.found[self._part.name].append(SentPart(shown, data))
        self._pieces = []
