"""PDF files that tests write for themselves, good and bad; as ISO 32000-1 has them."""

import zlib

A4_POINTS = (595, 842)


def write_pdf(objects: list[bytes], *, trailer: bytes = b"") -> bytes:
    """A file of these objects, numbered from 1; the first is the catalog."""
    out = bytearray(b"%PDF-1.7\n")
    places = []
    for number, content in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<< /Size %d /Root 1 0 R %s >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, trailer, start)
    return bytes(out)


def stream(content: bytes, *, entries: bytes = b"") -> bytes:
    """A stream object, compressed."""
    packed = zlib.compress(content)
    return b"<< /Length %d /Filter /FlateDecode %s >>\nstream\n%s\nendstream" % (len(packed), entries, packed)


def paged_pdf(
    num_pages: int,
    *,
    size: tuple[int, int] = A4_POINTS,
    content: bytes = b"0 g 100 100 50 200 re f",
    resources: bytes = b"<< >>",
    others: list[bytes] | None = None,
    trailer: bytes = b"",
) -> bytes:
    """A file of equal pages. Objects: catalog 1, page tree 2, content 3, then `others` from 4 on, then the pages."""
    others = others or []
    first_page = 4 + len(others)
    kids = b" ".join(b"%d 0 R" % (first_page + index) for index in range(num_pages))
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %d %d] /Contents 3 0 R /Resources %s >>" % (*size, resources)
    return write_pdf(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Count %d /Kids [%s] >>" % (num_pages, kids),
            stream(content),
            *others,
            *[page] * num_pages,
        ],
        trailer=trailer,
    )


def encrypted_pdf() -> bytes:
    """A file whose password is not the empty one (7.6.3)."""
    encryption = b"<< /Filter /Standard /V 1 /R 2 /P -4 /O <%s> /U <%s> >>" % (b"ab" * 32, b"cd" * 32)
    return paged_pdf(1, others=[encryption], trailer=b"/Encrypt 4 0 R /ID [<00> <00>]")


def laughing_pdf() -> bytes:
    """A page that draws a form that draws the next one ten times, twelve deep: 10 to the 12th strokes."""
    depth = 12
    forms = []
    for level in range(depth):
        draws = b"/F Do " * 10 if level < depth - 1 else b"0 0 1 1 re f"
        inner = b"/Resources << /XObject << /F %d 0 R >> >>" % (5 + level) if level < depth - 1 else b""
        forms.append(stream(draws, entries=b"/Type /XObject /Subtype /Form /BBox [0 0 600 900] %s" % inner))
    return paged_pdf(1, content=b"/F Do", resources=b"<< /XObject << /F 4 0 R >> >>", others=forms)


def huge_picture_pdf(side_px: int) -> bytes:
    """A page that shows a picture of so many pixels, black, each side."""
    packed = zlib.compress(b"\x00" * 1_000_000)
    entries = b"<< /Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace /DeviceGray /BitsPerComponent 8" % (
        side_px,
        side_px,
    )
    picture = b"%s /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (entries, len(packed), packed)
    return paged_pdf(
        1, content=b"500 0 0 500 40 40 cm /P Do", resources=b"<< /XObject << /P 4 0 R >> >>", others=[picture]
    )
