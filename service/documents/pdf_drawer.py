"""Draws the pages of one PDF; a program of its own, that `service.documents.pdf` starts.

PDFium is native code that opens what strangers send. A crash, an endless loop or a page that wants all memory
ends this process and nothing else. It imports nothing of ours, and is started as a file.

Standard input: the length of the PDF in 8 bytes, the PDF, and then for each page that is wanted a line
`index dots_per_inch max_pixels`. Standard output: a line of JSON, `{"num_pages": 3}` or `{"fault": "encrypted"}`, and
for each page a line `{"width": 1654, "height": 2339}`, followed by so many bytes of gray, or `{"fault": "damaged"}`.
"""

import json
import math
import sys
from contextlib import suppress
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium

MEMORY_BYTES = 2_000_000_000
CPU_S = 3600  # of a whole document; the parent watches over single pages
POINTS_PER_INCH = 72
PASSWORD_ERRORS = (pdfium.FPDF_ERR_PASSWORD, pdfium.FPDF_ERR_SECURITY)


def main() -> None:
    """Draw what is asked for until there is nothing more."""
    _limit_resources()
    num_bytes = int.from_bytes(sys.stdin.buffer.read(8), "big")
    try:
        document = pypdfium2.PdfDocument(sys.stdin.buffer.read(num_bytes))
    except pypdfium2.PdfiumError as error:
        _say({"fault": "encrypted" if error.err_code in PASSWORD_ERRORS else "damaged"})
        return
    _say({"num_pages": len(document)})
    for line in sys.stdin.buffer:
        index, dots_per_inch, max_pixels = (int(word) for word in line.split())
        try:
            _draw(document, index, dots_per_inch, max_pixels)
        except (pypdfium2.PdfiumError, MemoryError, ValueError):
            _say({"fault": "damaged"})


def _draw(document: Any, index: int, dots_per_inch: int, max_pixels: int) -> None:
    page = document[index]
    width, height = page.get_size()
    if not (width > 0 and height > 0 and math.isfinite(width * height)):
        raise ValueError("a page without an area")
    # Posters are drawn coarser rather than refused. Half a pixel of each side may be rounded up.
    scale = min(dots_per_inch / POINTS_PER_INCH, math.sqrt(max_pixels / (width * height)) * 0.999)
    bitmap = page.render(scale=scale, grayscale=True)
    rows = memoryview(bitmap.buffer).cast("B")
    _say({"width": bitmap.width, "height": bitmap.height})
    if bitmap.stride == bitmap.width:
        sys.stdout.buffer.write(rows[: bitmap.height * bitmap.stride])
    else:
        for y in range(bitmap.height):
            sys.stdout.buffer.write(rows[y * bitmap.stride : y * bitmap.stride + bitmap.width])
    sys.stdout.buffer.flush()
    bitmap.close()
    page.close()


def _say(answer: dict[str, Any]) -> None:
    sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n")
    sys.stdout.buffer.flush()


def _limit_resources() -> None:
    with suppress(ImportError):  # Windows has no such limits
        import resource

        for kind, limit in ((resource.RLIMIT_AS, MEMORY_BYTES), (resource.RLIMIT_CPU, CPU_S)):
            with suppress(ValueError, OSError):  # there is a lower one already
                resource.setrlimit(kind, (limit, limit))


if __name__ == "__main__":
    main()
