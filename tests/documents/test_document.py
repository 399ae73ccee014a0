import io

import numpy as np
import pytest
from PIL import Image

from service.documents.document import is_document, is_pdf, open_document
from service.recognition.errors import RequestError, TooLarge, TooManyPages, UndecodableImage
from tests.documents.pdfs import paged_pdf
from tests.pictures import draw_seven, encode, png


def tiff(pages: list[np.ndarray]) -> bytes:
    file = io.BytesIO()
    first, *others = [Image.fromarray(page) for page in pages]
    first.save(file, "TIFF", save_all=True, append_images=others, compression="tiff_lzw")
    return file.getvalue()


def opened(data: bytes, **limits):
    return open_document(data, **{"max_pages": 500, "max_pixels": 25_000_000, **limits})


def test_picture_is_a_document_of_one_page():
    document = opened(png(draw_seven(50)))

    assert document.num_pages == 1
    assert np.array_equal(document.page(0), draw_seven(50))
    document.close()


def test_pages_of_a_tiff_are_its_frames():
    pages = [draw_seven(size) for size in (50, 80, 60)]
    document = opened(tiff(pages))

    assert document.num_pages == 3
    for index in (1, 0, 2, 1):
        assert np.array_equal(document.page(index), pages[index])


def test_broken_page_of_a_tiff_fails_alone():
    pages = [np.random.default_rng(index).integers(0, 256, (60, 60), dtype=np.uint8) for index in range(3)]
    file = io.BytesIO()
    first, *others = [Image.fromarray(page) for page in pages]
    first.save(file, "TIFF", save_all=True, append_images=others, compression="tiff_deflate")
    data = bytearray(file.getvalue())
    with Image.open(file) as image:
        image.seek(1)
        (start,), (length,) = image.tag_v2[273], image.tag_v2[279]  # strip offsets, strip byte counts
    data[start : start + length] = b"\xff" * length
    document = opened(bytes(data))

    assert document.num_pages == 3
    assert np.array_equal(document.page(0), pages[0])
    assert np.array_equal(document.page(2), pages[2])
    with pytest.raises(UndecodableImage):
        document.page(1)


def test_tiff_that_is_cut_short_between_pages_says_so_for_the_lost_one():
    pages = [draw_seven(50), draw_seven(60)]
    file = io.BytesIO()
    first, *others = [Image.fromarray(page) for page in pages]
    first.save(file, "TIFF", save_all=True, append_images=others)
    with Image.open(file) as image:
        image.seek(1)
        second = image.tag_v2._offset
    document = opened(file.getvalue()[: second + 4])

    assert np.array_equal(document.page(0), pages[0])
    if document.num_pages > 1:
        with pytest.raises(RequestError):
            document.page(1)


def test_tiff_of_too_many_pages_is_refused():
    data = tiff([draw_seven(20)] * 4)

    assert opened(data, max_pages=4).num_pages == 4
    with pytest.raises(TooManyPages, match="more than 3 pages"):
        opened(data, max_pages=3)


def test_page_of_too_many_pixels_fails_alone():
    document = opened(tiff([draw_seven(20), draw_seven(200)]), max_pixels=1000)

    assert document.page(0).shape == (20, 20)
    with pytest.raises(TooLarge):
        document.page(1)


@pytest.mark.parametrize(
    ("data", "pdf", "document"),
    [
        (paged_pdf(1), True, True),
        (b"\n\n%PDF-1.4", True, True),
        (b" " * 2000 + b"%PDF-1.4", False, False),
        (encode(draw_seven(20), "TIFF"), False, True),
        (png(draw_seven(20)), False, False),
        (b"", False, False),
    ],
)
def test_kind_of_a_file_is_found_from_its_bytes(data, pdf, document):
    assert is_pdf(data) is pdf
    assert is_document(data) is document


def test_pdf_is_opened_as_one():
    document = opened(paged_pdf(2))
    assert document.num_pages == 2
    document.close()
