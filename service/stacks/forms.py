"""Stacks of filled-in forms: files to pages, pages to templates, fields to values."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import Protocol

from service.alerts.origin import begin_file
from service.documents.document import Document, is_document, open_document
from service.forms.fields import CutField, cut_fields
from service.forms.questions import digit_inks, number_questions
from service.forms.reading import read_fields
from service.forms.registration import Registration, register
from service.forms.rules import Check, apply_rules
from service.forms.values import FieldReading
from service.recognition.errors import DeadlineExceeded, RegistrationFailed, TooLarge
from service.recognition.image import GrayImage
from service.recognition.prediction import DigitReading
from service.runtime.sequence_recognizer import LocatedNumber, NumberRequest
from service.runtime.threads import PictureThreads
from service.stacks.entries import Entry, Job, SentFile, in_order
from service.stacks.form_template import FormTemplate
from service.stacks.pictures import EmptyFile
from service.stacks.turns import Deadline, StackTurns

NUM_ALTERNATIVES = 10  # of every cell and line, whatever the caller wants to see: rules choose among them


class CellReader(Protocol):
    """Reads the cells of a page; `DigitRecognizer` is one."""

    async def read_inks(self, inks: Sequence[GrayImage], *, max_error: float, top_k: int) -> list[DigitReading]:
        """See `DigitRecognizer.read_inks`."""


class LineReader(Protocol):
    """Reads the lines of a page; `SequenceRecognizer` is one."""

    async def read_inks(self, inks: Sequence[GrayImage], requests: Sequence[NumberRequest]) -> list[LocatedNumber]:
        """See `SequenceRecognizer.read_inks`."""


@dataclass(frozen=True, slots=True)
class RecognizedForm:
    """One page, read.

    Attributes:
        template: name of the template that fitted.
        page: of the template, from 1.
        width, height: of the picture, in pixels.
        registration: where the page was found in the picture.
        readings: of the page's fields, in the template's order.
        checks: of the rules between fields of this page.
        max_error: error rate among accepted readings that was asked for.
    """

    template: str
    page: int
    width: int
    height: int
    registration: Registration
    readings: tuple[FieldReading, ...]
    checks: tuple[Check, ...]
    max_error: float


@dataclass(frozen=True, slots=True)
class FormLimits:
    """What bounds a stack of forms; see the settings of the same names."""

    max_image_bytes: int
    max_image_pixels: int
    max_pages: int
    timeout_s: float


@dataclass(frozen=True, slots=True)
class _Found:
    """A page whose template and place have been found, cut into its fields."""

    template: FormTemplate
    page: int
    registration: Registration
    cut: tuple[CutField, ...]


class FormStack:
    """Reads a stack of forms. Pages are drawn one at a time and forgotten when they are read.

    Args:
        templates: of which each page is read by the one that fits it best; at least one.
        cells: reads boxed digits.
        lines: reads numbers; None where there is no such model, which the caller has found not to matter.
        turns: shared by all stacks.
        threads: where pages are drawn and registered.
        limits: of files and pages.
        max_error: error rate borne among accepted readings.
        on_read: is told of each page that was read.
    """

    def __init__(
        self,
        templates: Sequence[FormTemplate],
        *,
        cells: CellReader,
        lines: LineReader | None,
        turns: StackTurns,
        threads: PictureThreads,
        limits: FormLimits,
        max_error: float,
        on_read: Callable[[RecognizedForm], None] = lambda _form: None,
    ) -> None:
        self._templates = tuple(templates)
        self._cells = cells
        self._lines = lines
        self._turns = turns
        self._threads = threads
        self._limits = limits
        self._max_error = max_error
        self._on_read = on_read

    def entries(self, files: Iterable[SentFile], deadline: Deadline) -> AsyncGenerator[Entry[RecognizedForm]]:
        """An entry for every page of every file, in their order; one for a file that cannot be opened."""
        # While one page is read by the networks the next one is registered.
        return in_order(self._jobs(files, deadline), look_ahead=2)

    async def _jobs(self, files: Iterable[SentFile], deadline: Deadline) -> AsyncGenerator[Job[RecognizedForm]]:
        for file in files:
            try:
                deadline.remaining_s()
                document = await self._threads.run(partial(self._open, file.data))
            # Of whatever kind: it is the answer for this file, and the others go on.
            except Exception as error:
                yield _failed(Entry(file.index, file.name, error))
                continue
            try:
                for index in range(document.num_pages):
                    yield await self._page_job(file, document, index, deadline)
            finally:
                document.close()

    def _open(self, data: bytes) -> Document:
        if not data:
            raise EmptyFile("The file has no bytes. Check that it is not empty.")
        limits = self._limits
        if len(data) > limits.max_image_bytes and not is_document(data):
            raise TooLarge(f"The picture has {len(data)} bytes; the limit is {limits.max_image_bytes}.")
        return open_document(data, max_pages=limits.max_pages, max_pixels=limits.max_image_pixels)

    async def _page_job(
        self, file: SentFile, document: Document, index: int, deadline: Deadline
    ) -> Job[RecognizedForm]:
        """Draw a page, and say how to read it."""
        try:
            deadline.remaining_s()
            picture = await self._threads.run(lambda: document.page(index))
        except Exception as error:  # as above, for this page
            return _failed(Entry(file.index, file.name, error, index + 1))
        return self._entry(file, index, picture, deadline)

    async def _entry(self, file: SentFile, index: int, picture: GrayImage, deadline: Deadline) -> Entry[RecognizedForm]:
        begin_file(file.index, index + 1)
        found: _Found | None = None

        async def read(remaining_s: float) -> RecognizedForm:
            nonlocal found  # where the networks have no room, what comes before them is not done again
            async with self._in_time(remaining_s):
                if found is None:
                    found = await self._threads.run(lambda: find_template(picture, self._templates, index))
                return await self._read(found, picture.shape)

        outcome: RecognizedForm | Exception
        try:
            outcome = await self._turns.run(read, deadline, is_small=False, patience_s=self._limits.timeout_s)
            self._on_read(outcome)
        except Exception as error:  # as above, for this page
            outcome = error
        return Entry(file.index, file.name, outcome, index + 1)

    @asynccontextmanager
    async def _in_time(self, remaining_s: float) -> AsyncGenerator[None]:
        """While a page is read; raises `DeadlineExceeded` where that takes too long."""
        limit_s = min(remaining_s, self._limits.timeout_s)
        try:
            async with asyncio.timeout(limit_s):
                yield
        except TimeoutError as error:
            raise DeadlineExceeded(
                f"Reading the page took longer than {limit_s * 1e3:.0f} ms. Try again when the service is less busy."
            ) from error

    async def _read(self, found: _Found, shape: tuple[int, ...]) -> RecognizedForm:
        """The fields of a page, in a picture of this shape. A page may have thousands, so all is done on threads."""
        cut = found.cut
        inks = await self._threads.run(lambda: digit_inks(cut))
        digits = await self._cells.read_inks(inks, max_error=self._max_error, top_k=NUM_ALTERNATIVES)
        numbers: list[LocatedNumber] = []
        if self._lines is not None:
            questions = await self._threads.run(lambda: number_questions(cut, digits))
            requests = [NumberRequest(self._max_error, NUM_ALTERNATIVES, one.constraint) for one in questions]
            numbers = await self._lines.read_inks([one.ink for one in questions], requests)
        threshold = digits[0].threshold if digits else None  # without digits there is nothing that it could turn

        def conclude() -> tuple[list[FieldReading], list[Check]]:
            values = read_fields(cut, digits, [number.reading for number in numbers], threshold=threshold)
            return apply_rules(found.template.template.rules, values)

        readings, checks = await self._threads.run(conclude)
        height, width = shape
        return RecognizedForm(
            found.template.name,
            found.page,
            width,
            height,
            found.registration,
            tuple(readings),
            tuple(checks),
            self._max_error,
        )


def find_template(picture: GrayImage, templates: Sequence[FormTemplate], index: int) -> _Found:
    """Find out which page of which template a picture shows, and where its fields are.

    Of one template, the page is taken that would stand at this place of a document, if it is the picture's, else
    whichever is. Of several templates, the one whose print is most like the picture's.

    Args:
        picture: uint8 (height, width), luminance.
        templates: at least one.
        index: of the page in its document, from 0.

    Raises:
        RegistrationFailed: none of them fits.
    """
    best: _Found | None = None
    failure: RegistrationFailed | None = None
    for template in templates:
        try:
            found = _place(picture, template, index)
        except RegistrationFailed as error:
            failure = error
            continue
        if best is None or found.registration.likeness > best.registration.likeness:
            best = found
    if best is not None:
        return best
    if failure is not None and len(templates) == 1:
        raise failure
    names = ", ".join(template.name for template in templates)
    raise RegistrationFailed(f"The page fits none of the templates {names}. Check that its template is among them.")


def _place(picture: GrayImage, template: FormTemplate, index: int) -> _Found:
    blanks = template.blanks
    expected = index % len(blanks)
    failure: RegistrationFailed | None = None
    for place in chain([expected], (other for other in range(len(blanks)) if other != expected)):
        try:
            registration = register(picture, blanks[place])
        except RegistrationFailed as error:
            failure = failure or error  # the words about the page that it should have been
            continue
        cut = cut_fields(registration, blanks[place], template.template.fields_on(place + 1))
        return _Found(template, place + 1, registration, cut)
    raise failure or RegistrationFailed("The template has no pages.")


async def _failed(entry: Entry[RecognizedForm]) -> Entry[RecognizedForm]:
    """A job that is done."""
    return entry
