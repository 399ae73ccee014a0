"""The blank pages of a template, as they are shown and printed."""

import io
from itertools import islice
from typing import Any

from PIL import Image

from service.documents.document import is_pdf
from service.forms.draw import draw_pdf
from service.recognition.image import GrayImage
from service.stacks.form_template import FormTemplate

MM_PER_INCH = 25.4
_NO_DATES: dict[str, Any] = {"creationDate": None, "modDate": None}  # the same pages give the same bytes


def page_png(template: FormTemplate, number: int) -> bytes:
    """A blank page as PNG.

    Args:
        template: with its blank pages.
        number: of the page, from 1 to the number of the template's pages.

    Raises:
        RequestError: see `FormTemplate.pictures`.
    """
    file = io.BytesIO()
    Image.fromarray(next(islice(template.pictures(), number - 1, None))).save(file, "PNG")
    return file.getvalue()


def printable_pdf(template: FormTemplate) -> bytes:
    """All pages in their true size: the PDF that the template was stored with, or one that is made here.

    Raises:
        RequestError: see `FormTemplate.pictures`.
    """
    if len(template.page_files) == 1 and is_pdf(template.page_files[0]):
        return template.page_files[0]
    if not template.page_files:
        return draw_pdf(template.template)
    file = io.BytesIO()
    for size, picture in zip(template.template.pages, template.pictures(), strict=True):
        _append(file, picture, width_mm=size.width_mm)
    return file.getvalue()


def _append(file: io.BytesIO, picture: GrayImage, *, width_mm: float) -> None:
    """Add a page. Each is saved by itself: of pages that are saved together, all have the first one's resolution."""
    dots_per_inch = picture.shape[1] / width_mm * MM_PER_INCH
    is_first = not file.getbuffer().nbytes
    file.seek(0)
    Image.fromarray(picture).save(file, "PDF", resolution=dots_per_inch, append=not is_first, **_NO_DATES)
