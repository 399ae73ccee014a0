import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest

from service.documents import pdf
from service.documents.pdf import PdfDocument
from service.recognition.errors import EncryptedDocument, TooLarge, TooManyPages, UndecodableDocument
from tests.documents.pdfs import encrypted_pdf, huge_picture_pdf, laughing_pdf, paged_pdf, write_pdf

MAX_PIXELS = 25_000_000


@pytest.fixture
def processes(monkeypatch) -> list[subprocess.Popen]:
    """The drawing processes that a test has started."""
    started: list[subprocess.Popen] = []

    class Watched(subprocess.Popen):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            started.append(self)

    monkeypatch.setattr(subprocess, "Popen", Watched)
    return started


@contextmanager
def opened(data: bytes, *, max_pages: int = 500, max_pixels: int = MAX_PIXELS, **options) -> Iterator[PdfDocument]:
    with PdfDocument(data, max_pages=max_pages, max_pixels=max_pixels, **options) as document:
        yield document


def test_page_is_drawn_gray_and_upright_with_200_dots_per_inch():
    with opened(paged_pdf(1)) as document:
        page = document.page(0)

    assert page.dtype == np.uint8
    assert page.shape == pytest.approx((842 / 72 * 200, 595 / 72 * 200), abs=1)
    rows, columns = np.nonzero(page < 128)
    scale = 200 / 72
    # The rectangle stands 100 points from the left and from the bottom, 50 wide and 200 high.
    assert columns.min() == pytest.approx(100 * scale, abs=2)
    assert columns.max() == pytest.approx(150 * scale, abs=2)
    assert rows.max() == pytest.approx((842 - 100) * scale, abs=2)
    assert rows.min() == pytest.approx((842 - 300) * scale, abs=2)


def test_pages_are_drawn_in_any_order():
    with opened(paged_pdf(3)) as document:
        assert document.num_pages == 3
        pages = [document.page(index) for index in (2, 0, 1, 2)]

    assert all(np.array_equal(page, pages[0]) for page in pages)


def test_poster_is_drawn_coarser_and_not_refused():
    with opened(paged_pdf(1, size=(14_400, 14_400)), max_pixels=1_000_000) as document:
        assert 900_000 <= document.page(0).size <= 1_000_000


@pytest.mark.parametrize(
    ("data", "error", "told"),
    [
        (encrypted_pdf(), EncryptedDocument, "asks for a password"),
        (paged_pdf(3)[:200], UndecodableDocument, "damaged or cut short"),
        (b"%PDF-1.7\n", UndecodableDocument, "damaged or cut short"),
        (b"%PDF-" + bytes(1000), UndecodableDocument, "damaged or cut short"),
        (paged_pdf(0), UndecodableDocument, "no pages|damaged"),
        (write_pdf([b"<< /Type /Catalog >>"]), UndecodableDocument, "no pages|damaged"),
        (paged_pdf(5_000), TooManyPages, "has 5000 pages; the limit is 500"),
    ],
    ids=["encrypted", "cut short", "empty", "zeros", "0 pages", "no page tree", "5,000 pages"],
)
def test_bad_file_is_refused_and_no_process_stays(processes, data, error, told):
    with pytest.raises(error, match=told), opened(data):
        pass

    (process,) = processes
    assert process.returncode is not None


def test_page_that_never_ends_is_given_up(processes):
    with opened(laughing_pdf(), page_limit_s=1.0) as document, pytest.raises(TooLarge, match="longer than 1 s"):
        document.page(0)

    (process,) = processes
    assert process.returncode is not None


def test_huge_picture_on_a_page_takes_no_more_memory_than_the_process_may_have():
    # 40 billion pixels, were they decoded. PDFium may leave it out or fail; it is this process that must not notice.
    with opened(huge_picture_pdf(200_000), page_limit_s=20.0) as document:
        try:
            page = document.page(0)
        except (UndecodableDocument, TooLarge):
            return
    assert page.size <= MAX_PIXELS


def test_drawing_process_that_dies_is_an_error_of_the_page(processes):
    with opened(paged_pdf(1)) as document:
        processes[0].kill()
        with pytest.raises(UndecodableDocument, match="damaged, or takes more memory"):
            document.page(0)


def test_drawing_process_is_told_no_settings(monkeypatch):
    monkeypatch.setenv("DIGITS_API_KEY", "correct horse")
    told: dict[str, str] = {}
    original = subprocess.Popen

    def watched(*arguments, **options):
        told.update(options["env"])
        return original(*arguments, **options)

    monkeypatch.setattr(pdf.subprocess, "Popen", watched)
    with opened(paged_pdf(1)):
        pass
    assert told
    assert not [name for name in told if name.startswith("DIGITS_")]
