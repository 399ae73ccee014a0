"""The usual multipart body, read at a glance.

Nearly every upload is one part between two boundaries, and has arrived as a whole. Finding the boundaries in it
takes a tenth of the time that a parser of streams needs for its steps. Whatever is not plainly of that kind is
left to the parser, faulty bodies first of all.
"""

import re
from dataclasses import dataclass

MAX_HEADER_BYTES = 1024

_DISPOSITION = re.compile(rb"content-disposition: *([ -~]+)", re.IGNORECASE)
_OTHER = re.compile(rb"(?!content-disposition)[A-Za-z-]+: *[ -~]*", re.IGNORECASE)
_BOUNDARY = re.compile(rb"[0-9A-Za-z'()+_,./:=?-]{1,70}")  # RFC 2046, 5.1.1, without the space


@dataclass(frozen=True, slots=True)
class SolePart:
    """The one part of a body.

    Attributes:
        disposition: value of its header Content-Disposition, printable ASCII.
        content: never empty.
    """

    disposition: str
    content: bytes


def sole_part(body: bytes, boundary: bytes) -> SolePart | None:
    """The part of a body that holds exactly one; None where it takes the parser to tell.

    Args:
        body: the whole of it.
        boundary: from the Content-Type.
    """
    start = b"--" + boundary + b"\r\n"
    if not _BOUNDARY.fullmatch(boundary) or not body.startswith(start):
        return None
    end_of_headers = body.find(b"\r\n\r\n", len(start), len(start) + MAX_HEADER_BYTES)
    if end_of_headers < 0:
        return None
    begin = end_of_headers + 4
    end = body.find(b"\r\n--" + boundary, begin)
    # Only the end of the body may follow: another part, or an epilogue, is for the parser.
    if end <= begin or body[end + len(boundary) + 4 :] not in (b"--\r\n", b"--"):
        return None
    dispositions = []
    for line in body[len(start) : end_of_headers].split(b"\r\n"):
        disposition = _DISPOSITION.fullmatch(line)
        if disposition:
            dispositions.append(disposition[1])
        elif not _OTHER.fullmatch(line):
            return None
    return SolePart(dispositions[0].decode("ascii"), body[begin:end]) if len(dispositions) == 1 else None
