"""From a request's body to the bytes of one picture, in memory all the way; sizes are counted while bytes arrive."""

from collections.abc import AsyncIterator

from python_multipart.multipart import parse_options_header
from starlette.requests import Request

from service.api.multipart import MultipartBody, PartHandler, PartName, counted, part_name
from service.api.sole_part import SolePart, sole_part
from service.recognition.errors import MalformedBody, RequestError, TooLarge

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
        max_body_bytes = max_image_bytes + MAX_FRAMING_BYTES
        chunks = counted(request, max_bytes=max_body_bytes, complaint=_too_large(max_image_bytes))
        announced = request.headers.get("content-length", "")
        if b"boundary" not in options:
            raise MalformedBody(f"The Content-Type multipart/form-data names no boundary. {HOW_TO_SEND}")
        return await _read_part(chunks, options[b"boundary"], max_image_bytes, announced=announced)
    if media_type.startswith(b"image/") or media_type in (b"application/octet-stream", b""):
        chunks = counted(request, max_bytes=max_image_bytes, complaint=_too_large(max_image_bytes))
        body = b"".join([chunk async for chunk in chunks])
        if not body:
            raise EmptyBody(f"The body is empty. {HOW_TO_SEND}")
        return body
    raise UnsupportedMediaType(f"Content-Type is {declared[:80]!r}. {HOW_TO_SEND}")


async def _read_part(chunks: AsyncIterator[bytes], boundary: bytes, max_image_bytes: int, *, announced: str) -> bytes:
    part = _FilePart(max_image_bytes)
    body: MultipartBody | None = None
    picture: bytes | None = None
    num_bytes = 0
    async for chunk in chunks:
        if not num_bytes and announced == str(len(chunk)):  # it has come in one piece
            picture = _picture_of(sole_part(chunk, boundary), max_image_bytes)
        num_bytes += len(chunk)
        if picture is None:
            body = body or MultipartBody(boundary, part, how_to_send=HOW_TO_SEND)
            body.write(chunk)
    if picture is not None:
        return picture
    if body is None:
        raise EmptyBody(f"The body is empty. {HOW_TO_SEND}")
    body.close()
    return part.picture()


def _picture_of(sole: SolePart | None, max_image_bytes: int) -> bytes | None:
    """What the sole part holds, if it is the part `file`; any other is refused by the parser, in its own words."""
    if sole is None or len(sole.content) > max_image_bytes:
        return None
    return sole.content if part_name(sole.disposition).name == PART_NAME else None


class _FilePart(PartHandler):
    """Collects the part `file`, and refuses any other, so that there are never more than two to look at."""

    def __init__(self, max_image_bytes: int) -> None:
        self._max_image_bytes = max_image_bytes
        self._has_file = False
        self._picture = bytearray()

    def picture(self) -> bytes:
        """The part's bytes, once the body has ended."""
        if not self._has_file:
            raise MissingFile(f"The multipart body has no part `{PART_NAME}`. {HOW_TO_SEND}")
        if not self._picture:
            raise EmptyBody(f"The part `{PART_NAME}` has no bytes. {HOW_TO_SEND}")
        return bytes(self._picture)

    def begin_part(self, part: PartName) -> None:
        if part.name != PART_NAME:
            raise UnexpectedPart(f"The multipart body has a part named {part.name[:80]!r}. {HOW_TO_SEND}")
        if self._has_file:
            raise SeveralFiles(
                f"The multipart body has more than one part `{PART_NAME}`; one picture is read at a time."
            )
        self._has_file = True

    def add_data(self, data: memoryview) -> None:
        self._picture += data
        if len(self._picture) > self._max_image_bytes:
            raise TooLarge(_too_large(self._max_image_bytes))


def _too_large(max_image_bytes: int) -> str:
    return f"The picture has more than {max_image_bytes} bytes, which is the limit. Send a smaller file."
