"""From a request's body to the bytes of one picture, in memory all the way.

Starlette's form parser writes parts over 1 MB to a temporary file. Here nothing uploaded ever touches a
disk, so the multipart parser below it is driven directly, and every size is counted while bytes arrive.
"""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from service.api.sole_part import SolePart, sole_part
from service.recognition.errors import MalformedBody, RequestError, TooLarge

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

PART_NAME = "file"
MAX_FRAMING_BYTES = 64 * 1024  # boundaries and part headers that may come on top of the picture

HOW_TO_SEND = (
    f"Send one picture as multipart/form-data with one part `{PART_NAME}`, or as the bare body "
    "with Content-Type image/* or application/octet-stream."
)


class EmptyBody(MalformedBody):
    """There is no body, or the part `file` has no bytes."""


class MissingFile(MalformedBody):
    """The multipart body has no part at all."""


class UnexpectedPart(MalformedBody):
    """The multipart body has a part that is not named `file`."""


class SeveralFiles(MalformedBody):
    """The multipart body has more than one part `file`."""


class UnsupportedMediaType(RequestError):
    """The Content-Type is none that a picture can come in."""


async def read_picture(request: Request, *, max_image_bytes: int) -> bytes:
    """The bytes of the one picture in a request.

    Raises:
        TooLarge: the body or the picture has more bytes than allowed; found as soon as it can be.
        EmptyBody, MissingFile, UnexpectedPart, SeveralFiles, MalformedBody: there is not exactly one picture.
        UnsupportedMediaType: the Content-Type is none that is read.
    """
    declared = request.headers.get("content-type", "")
    media_type, options = parse_options_header(declared)
    if media_type == b"multipart/form-data":
        chunks = _counted(request, max_image_bytes + MAX_FRAMING_BYTES, max_image_bytes)
        announced = request.headers.get("content-length", "")
        if b"boundary" not in options:
            raise MalformedBody(f"The Content-Type multipart/form-data names no boundary. {HOW_TO_SEND}")
        return await _read_part(chunks, options[b"boundary"], max_image_bytes, announced=announced)
    if media_type.startswith(b"image/") or media_type in (b"application/octet-stream", b""):
        body = b"".join([chunk async for chunk in _counted(request, max_image_bytes, max_image_bytes)])
        if not body:
            raise EmptyBody(f"The body is empty. {HOW_TO_SEND}")
        return body
    raise UnsupportedMediaType(f"Content-Type is {declared[:80]!r}. {HOW_TO_SEND}")


async def _counted(request: Request, max_body_bytes: int, max_image_bytes: int) -> AsyncIterator[bytes]:
    """The body as it arrives; a declared length is judged before the first byte, a chunked body on the way."""
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > max_body_bytes:
        raise _too_large(max_image_bytes)
    num_bytes = 0
    async for chunk in request.stream():
        num_bytes += len(chunk)
        if num_bytes > max_body_bytes:
            raise _too_large(max_image_bytes)
        yield chunk


async def _read_part(chunks: AsyncIterator[bytes], boundary: bytes, max_image_bytes: int, *, announced: str) -> bytes:
    part = _FilePart(max_image_bytes)
    parser: MultipartParser | None = None
    picture: bytes | None = None
    num_bytes = 0
    try:
        async for chunk in chunks:
            if not num_bytes and announced == str(len(chunk)):  # it has come in one piece
                picture = _picture_of(sole_part(chunk, boundary), max_image_bytes)
            num_bytes += len(chunk)
            if picture is None:
                parser = parser or MultipartParser(boundary, part.callbacks())
                parser.write(chunk)
    except FormParserError as error:
        raise MalformedBody(f"The body is not valid multipart/form-data. {HOW_TO_SEND}") from error
    if not num_bytes:
        raise EmptyBody(f"The body is empty. {HOW_TO_SEND}")
    return part.picture() if picture is None else picture


def _picture_of(sole: SolePart | None, max_image_bytes: int) -> bytes | None:
    """What the sole part holds, if it is the part `file`; any other is refused by the parser, in its own words."""
    if sole is None or len(sole.content) > max_image_bytes:
        return None
    _, options = parse_options_header(sole.disposition)
    return sole.content if options.get(b"name") == PART_NAME.encode() else None


class _FilePart:
    """Collects the part `file`, and refuses any other, as the parser comes upon it.

    So there are never more than two parts to look at. The parser itself bounds the headers of a part (8
    of about 4 KB each).
    """

    def __init__(self, max_image_bytes: int) -> None:
        self._max_image_bytes = max_image_bytes
        self._header = (bytearray(), bytearray())
        self._disposition = b""
        self._has_file = False
        self._is_whole = False
        self._picture = bytearray()

    def callbacks(self) -> "MultipartCallbacks":
        return {
            "on_part_begin": self._begin_part,
            "on_header_field": lambda data, start, end: self._header[0].extend(data[start:end]),
            "on_header_value": lambda data, start, end: self._header[1].extend(data[start:end]),
            "on_header_end": self._end_header,
            "on_headers_finished": self._end_headers,
            "on_part_data": self._add_data,
            "on_end": self._end,
        }

    def picture(self) -> bytes:
        """The part's bytes, once the body has ended."""
        if not self._is_whole:
            raise MalformedBody("The multipart body is cut short: its closing boundary is missing.")
        if not self._has_file:
            raise MissingFile(f"The multipart body has no part `{PART_NAME}`. {HOW_TO_SEND}")
        if not self._picture:
            raise EmptyBody(f"The part `{PART_NAME}` has no bytes. {HOW_TO_SEND}")
        return bytes(self._picture)

    def _begin_part(self) -> None:
        self._disposition = b""

    def _end_header(self) -> None:
        name, value = self._header
        if name.lower() == b"content-disposition":
            self._disposition = bytes(value)
        self._header = (bytearray(), bytearray())

    def _end_headers(self) -> None:
        _, options = parse_options_header(self._disposition.decode("latin-1"))
        name = options.get(b"name", b"").decode("utf-8", errors="replace")
        if name != PART_NAME:
            raise UnexpectedPart(f"The multipart body has a part named {name[:80]!r}. {HOW_TO_SEND}")
        if self._has_file:
            raise SeveralFiles(
                f"The multipart body has more than one part `{PART_NAME}`; one picture is read at a time."
            )
        self._has_file = True

    def _add_data(self, data: bytes, start: int, end: int) -> None:
        self._picture += memoryview(data)[start:end]
        if len(self._picture) > self._max_image_bytes:
            raise _too_large(self._max_image_bytes)

    def _end(self) -> None:
        self._is_whole = True


def _too_large(max_image_bytes: int) -> TooLarge:
    return TooLarge(f"The picture has more than {max_image_bytes} bytes, which is the limit. Send a smaller file.")
