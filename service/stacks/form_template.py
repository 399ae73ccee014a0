"""A template with its blank pages, and what is computed from both before a page can be read."""

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property

from service.documents.document import Document, open_document
from service.forms.draw import DOTS_PER_MM, draw_page
from service.forms.features import MIN_INLIERS
from service.forms.page import BlankPage
from service.forms.template import PageSize, Template, parse_template
from service.recognition.allowed import AllowedList
from service.recognition.errors import InvalidTemplate
from service.recognition.image import GrayImage

LEAST_PX_PER_MM = 2.0  # 50 dpi: what is printed can still be told from what is not
ENOUGH_PX = 600  # of a page's longer side, however large its sheet
MAX_DISTORTION = 1.15  # of a blank page's proportions against those that the template says


@dataclass(frozen=True)
class FormTemplate:
    """A template and its blank pages.

    Attributes:
        name: "" where a request has brought it along.
        source: its JSON, as sent.
        page_files: the blank pages as sent: one PDF or several pictures; empty where the template is drawn.
        max_pixels: that a blank page may have.
        lists: by name, those that its constraints may ask for.
    """

    name: str
    source: bytes
    page_files: tuple[bytes, ...]
    max_pixels: int
    lists: Mapping[str, AllowedList] = field(default_factory=dict)

    @cached_property
    def template(self) -> Template:
        """What the JSON says; raises `InvalidTemplate`."""
        return parse_template(self.source, allowed_lists=self.lists)

    @property
    def num_pages(self) -> int:
        """Its pages; raises `InvalidTemplate`."""
        return len(self.template.pages)

    @cached_property
    def blanks(self) -> tuple[BlankPage, ...]:
        """The blank pages, ready to be found in pictures. Raises as `pictures` does."""
        template = self.template
        blanks = []
        for index, (size, picture) in enumerate(zip(template.pages, self.pictures(), strict=True)):
            _check_picture(picture, size, index)
            blanks.append(BlankPage(size, picture, [zone.box for zone in template.fields_on(index + 1)]))
        return tuple(blanks)

    def pictures(self) -> Iterator[GrayImage]:
        """The blank pages as gray pictures, uint8 (height, width) each, one at a time.

        Raises:
            InvalidTemplate: their number is another than the template's, or one is too large to be drawn.
            RequestError: one of them cannot be read.
        """
        if not self.page_files:
            for number, size in enumerate(self.template.pages, start=1):
                if size.width_mm * size.height_mm * DOTS_PER_MM**2 > self.max_pixels:
                    raise InvalidTemplate(
                        f"pages[{number - 1}]",
                        f"is {size.width_mm:g} x {size.height_mm:g} mm: too large to be drawn. Send its blank page.",
                    )
                yield draw_page(self.template, number)
            return
        with ExitStack() as opened:
            documents = [self._opened(data, opened) for data in self.page_files]
            num_sent = sum(document.num_pages for document in documents)
            if num_sent != self.num_pages:
                raise InvalidTemplate("pages", f"has {self.num_pages} entries, and {num_sent} blank pages were sent.")
            for document in documents:
                for index in range(document.num_pages):
                    yield document.page(index)

    def prepare(self) -> "FormTemplate":
        """Check all of it and compute what registration needs.

        Raises:
            InvalidTemplate: it cannot be used, or a blank page has nothing by which it could be found.
            RequestError: a blank page cannot be read.
        """
        for index, blank in enumerate(self.blanks):
            if len(blank.features.points) < MIN_INLIERS and not blank.marks:
                raise InvalidTemplate(
                    f"pages[{index}]",
                    "has too little print in its blank page to be found again. Send the page as it is printed, with "
                    "its lines and words, or with registration marks.",
                )
            # Computed here, once, and not with the first page that is read.
            blank.patches  # noqa: B018
            blank.labels  # noqa: B018
        return self

    def _opened(self, data: bytes, opened: ExitStack) -> Document:
        document = open_document(data, max_pages=self.num_pages, max_pixels=self.max_pixels)
        opened.callback(document.close)
        return document


def num_pages_of(templates: Sequence[FormTemplate]) -> int:
    """Pages of several templates together."""
    return sum(template.num_pages for template in templates)


def _check_picture(picture: GrayImage, size: PageSize, index: int) -> None:
    """Raises `InvalidTemplate` where a picture cannot be that of a blank page of this size."""
    height, width = picture.shape
    shown = f"a blank page of {width} x {height} px"
    least_px = min(ENOUGH_PX, LEAST_PX_PER_MM * max(size.width_mm, size.height_mm))
    if max(width, height) < least_px:
        raise InvalidTemplate(f"pages[{index}]", f"has {shown}; its longer side must have {math.ceil(least_px)} px.")
    distortion = width / height / (size.width_mm / size.height_mm)
    if max(distortion, 1 / distortion) > MAX_DISTORTION:
        raise InvalidTemplate(
            f"pages[{index}]",
            f"is {size.width_mm:g} x {size.height_mm:g} mm and has {shown}, which has other proportions. Send the "
            "whole page, upright, or correct the size.",
        )
