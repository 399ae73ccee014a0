"""A file as a row of pages, whatever it is: a PDF, a TIFF of several pages, or a picture."""

from typing import Protocol

from service.documents.pdf import PdfDocument
from service.documents.tiff import STARTS, TiffDocument
from service.recognition.image import GrayImage, decode_page

PDF_START = b"%PDF-"
PDF_START_WITHIN = 1024  # other bytes may stand before it (ISO 32000-1, annex H, note 13)


class Document(Protocol):
    """Pages that are drawn or decoded one at a time, so that memory does not grow with their number."""

    num_pages: int

    def page(self, index: int) -> GrayImage:
        """The luminance of the page with this index, from 0; raises a `RequestError` where that page cannot be read."""

    def close(self) -> None:
        """Let go of what is held."""


class _Picture:
    """A file of one page."""

    num_pages = 1

    def __init__(self, data: bytes, max_pixels: int) -> None:
        self._data = data
        self._max_pixels = max_pixels

    def page(self, index: int) -> GrayImage:
        return decode_page(self._data, max_pixels=self._max_pixels)

    def close(self) -> None:
        """Nothing is held."""


def is_pdf(data: bytes) -> bool:
    """Whether a file begins like a PDF."""
    return PDF_START in data[:PDF_START_WITHIN]


def is_document(data: bytes) -> bool:
    """Whether a file is of a kind that may have several pages."""
    return is_pdf(data) or data.startswith(STARTS)


def open_document(data: bytes, *, max_pages: int, max_pixels: int) -> Document:
    """Open a file by what its bytes say it is. It must be closed.

    Args:
        data: a PDF, or a picture file as `decode_page` takes it.
        max_pages: that a document may have.
        max_pixels: that a page may have.

    Raises:
        RequestError: it cannot be opened; see `PdfDocument` and `TiffDocument`. Pictures are opened with their page.
    """
    if is_pdf(data):
        return PdfDocument(data, max_pages=max_pages, max_pixels=max_pixels)
    if data.startswith(STARTS):
        return TiffDocument(data, max_pages=max_pages, max_pixels=max_pixels)
    return _Picture(data, max_pixels)
