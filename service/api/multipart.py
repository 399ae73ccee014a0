"""Multipart bodies as they stream in, part by part, in memory.

Below Starlette's form parser, which writes parts over 1 MB to a temporary file (docs/decisions/0005).
"""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from service.recognition.errors import MalformedBody, TooLarge

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks


@dataclass(frozen=True, slots=True)
class PartName:
    """How a part is called.

    Attributes:
        name: of the form's field; "" where the part has none.
        filename: None where the part has none.
    """

    name: str
    filename: str | None


@lru_cache(maxsize=256)  # a client's parts are called the same every time, and the header's grammar takes long
def part_name(disposition: str) -> PartName:
    """What the header Content-Disposition of a part says.

    Args:
        disposition: its value; "" where there is no such header.
    """
    _, options = parse_options_header(disposition)
    filename = options.get(b"filename")
    name = options.get(b"name", b"").decode("utf-8", errors="replace")
    return PartName(name, None if filename is None else filename.decode("utf-8", errors="replace"))


class PartHandler(ABC):
    """Is told of every part of a body, as the parser comes upon it; may refuse it there by raising."""

    @abstractmethod
    def begin_part(self, part: PartName) -> None:
        """A part begins."""

    @abstractmethod
    def add_data(self, data: memoryview) -> None:
        """The next bytes of the part that began last."""

    def end_part(self) -> None:  # noqa: B027  # not every handler cares
        """The part has ended."""


class MultipartBody:
    """Feeds a body to a handler of its parts.

    The parser bounds the headers of a part: 8 of about 4 KB each.

    Args:
        boundary: from the Content-Type.
        handler: of the parts.
        how_to_send: ends the message about a body that is none.
    """

    def __init__(self, boundary: bytes, handler: PartHandler, *, how_to_send: str) -> None:
        self._handler = handler
        self._how_to_send = how_to_send
        self._header = (bytearray(), bytearray())
        self._disposition = b""
        self._is_whole = False
        try:
            self._parser = MultipartParser(boundary, self._callbacks())
        except FormParserError as error:
            raise self._malformed() from error

    def write(self, chunk: bytes) -> None:
        """The next bytes of the body.

        Raises:
            MalformedBody: they are none of a multipart body; beside it, whatever the handler raises.
        """
        try:
            self._parser.write(chunk)
        except FormParserError as error:
            raise self._malformed() from error

    def close(self) -> None:
        """There are no more bytes.

        Raises:
            MalformedBody: there should be.
        """
        if not self._is_whole:
            raise MalformedBody("The multipart body is cut short: its closing boundary is missing.")

    def _callbacks(self) -> "MultipartCallbacks":
        return {
            "on_part_begin": self._begin_part,
            "on_header_field": lambda data, start, end: self._header[0].extend(data[start:end]),
            "on_header_value": lambda data, start, end: self._header[1].extend(data[start:end]),
            "on_header_end": self._end_header,
            "on_headers_finished": lambda: self._handler.begin_part(part_name(self._disposition.decode("latin-1"))),
            "on_part_data": lambda data, start, end: self._handler.add_data(memoryview(data)[start:end]),
            "on_part_end": self._handler.end_part,
            "on_end": self._end,
        }

    def _begin_part(self) -> None:
        self._disposition = b""

    def _end_header(self) -> None:
        name, value = self._header
        if name.lower() == b"content-disposition":
            self._disposition = bytes(value)
        self._header = (bytearray(), bytearray())

    def _end(self) -> None:
        self._is_whole = True

    def _malformed(self) -> MalformedBody:
        return MalformedBody(f"The body is not valid multipart/form-data. {self._how_to_send}")


async def counted(request: Request, *, max_bytes: int, complaint: str) -> AsyncIterator[bytes]:
    """The body as it arrives; a declared length is judged before the first byte, a chunked body on the way.

    Raises:
        TooLarge: it has more than `max_bytes`, in the words of the complaint.
    """
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > max_bytes:
        raise TooLarge(complaint)
    num_bytes = 0
    async for chunk in request.stream():
        num_bytes += len(chunk)
        if num_bytes > max_bytes:
            raise TooLarge(complaint)
        if chunk:  # the last one of a stream is empty
            yield chunk
