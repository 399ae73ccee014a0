"""A stack from its files to what becomes of each: the same for a request and for the command line."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from service.alerts.alerts import Alerts
from service.forms.template import FieldKind
from service.recognition.allowed import AllowedList
from service.recognition.errors import DeadlineExceeded, InvalidParameter, ModelNotFound
from service.runtime.digit_recognizer import RecognizedDigit
from service.runtime.machine import num_threads_here
from service.runtime.metrics import Metrics
from service.runtime.registry import AUTO, DEFAULT_SEQUENCE_MODEL
from service.runtime.sequence_recognizer import RecognizedNumber
from service.runtime.threads import PictureThreads
from service.stacks.entries import Entry, SentFile
from service.stacks.form_template import FormTemplate
from service.stacks.forms import FormLimits, FormStack, LineReader, RecognizedForm
from service.stacks.parameters import BatchKind, BatchParameters
from service.stacks.pictures import PictureReader, PictureStack
from service.stacks.readers import Readers
from service.stacks.templates import AUTO as AUTO_TEMPLATE
from service.stacks.templates import TemplateStore, chosen
from service.stacks.turns import Deadline, StackTurns

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class StackOptions:
    """What an operator decides about stacks; see the settings of the same names.

    Attributes:
        templates_dir: where templates are stored; None where they are not.
        queue_limit: of the service's queues.
        timeout_s: of a whole stack.
        max_error: error rate borne among accepted readings where a request does not say.
        limits: of a file, whatever it shows.
    """

    templates_dir: Path | None
    queue_limit: int
    timeout_s: float
    max_error: float
    limits: FormLimits


class StackReading:
    """Reads stacks with the models and within the limits of a process.

    Args:
        readers: of the process.
        options: its limits.
        lists: what numbers can be held to, by name.
        metrics: count the fields of forms.
        alerts: are told of those that were not accepted.
    """

    def __init__(
        self,
        readers: Readers,
        options: StackOptions,
        *,
        lists: Mapping[str, AllowedList],
        metrics: Metrics,
        alerts: Alerts,
    ) -> None:
        self._readers = readers
        self._options = options
        self._metrics = metrics
        self._alerts = alerts
        num_threads = num_threads_here()
        self.turns = StackTurns(queue_limit=options.queue_limit, num_threads=num_threads)
        self.templates = TemplateStore(options.templates_dir, max_pixels=options.limits.max_image_pixels, lists=lists)
        # Their own, so that a picture of one digit does not wait behind the pages of a document.
        self._page_threads = PictureThreads(num_threads=num_threads, queue_limit=options.queue_limit)

    async def on_thread(self, function: Callable[[], Result]) -> Result:
        """Call a function that reads files, or computes for long, beside the event loop; raises `QueueFull`."""
        return await self._page_threads.run(function)

    def close(self) -> None:
        """Refuse what waits for a thread."""
        self._page_threads.close()

    def deadline_of(self, parameters: BatchParameters) -> Deadline:
        """When a stack has to be done that is complete now."""
        return Deadline.after(min(parameters.timeout_s, self._options.timeout_s))

    @asynccontextmanager
    async def templates_of(
        self, kind: BatchKind, sent: Sequence[bytes], pages: Sequence[bytes], deadline: Deadline
    ) -> AsyncGenerator[list[FormTemplate]]:
        """While a stack is read: the templates that it names, or the one that it brings along; none without forms.

        Args:
            kind: what the files show.
            sent: names of stored templates, or one template as JSON.
            pages: blank pages of the latter.
            deadline: of the stack.

        Raises:
            InvalidParameter: there is none, or blank pages are there without JSON, or both are mixed; or something is
                there, and the files are no forms.
            TemplateNotFound, InvalidTemplate: one of them is none.
            RequestError: a blank page cannot be read.
            QueueFull: too many pages of such templates are in use, or wait for a thread.
            DeadlineExceeded: the stack's time is over.
        """
        if kind is not BatchKind.FORM:
            if any(sent) or any(pages):
                raise InvalidParameter(
                    f"`template` and `page` are for forms; `kind` is {kind.value!r}. Say kind=form, or leave them out."
                )
            yield []
            return
        if not sent:
            raise InvalidParameter(f"`template` is missing. Name a stored template, {AUTO_TEMPLATE!r}, or send JSON.")
        if any(one.lstrip().startswith(b"{") for one in sent):
            if len(sent) > 1:
                raise InvalidParameter("`template` is there several times; of templates sent as JSON there is one.")
            brought = self.templates.brought(sent[0], pages)
            with self.turns.brought(await self.on_thread(lambda: brought.num_pages)):
                yield [await self._in_time(brought.prepare, deadline)]
            return
        if pages:
            raise InvalidParameter("`page` is there, and the template is a stored one, which has its own.")
        names = [one.decode("utf-8", errors="replace").strip() for one in sent]
        yield await self._in_time(lambda: chosen(names, self.templates), deadline)

    async def _in_time(self, function: Callable[[], Result], deadline: Deadline) -> Result:
        """Call a function on a thread; raises `DeadlineExceeded` where it is not done in the stack's time."""
        try:
            async with asyncio.timeout(deadline.remaining_s()):
                return await self.on_thread(function)
        except TimeoutError as error:
            raise DeadlineExceeded(
                f"Looking at the templates took longer than {deadline.timeout_s * 1e3:.0f} ms. Try again when the "
                "service is less busy, with fewer templates or pages."
            ) from error

    def open(
        self,
        files: Iterable[SentFile],
        kind: BatchKind,
        parameters: BatchParameters,
        templates: Sequence[FormTemplate],
        deadline: Deadline,
        *,
        look_ahead: int,
    ) -> AsyncGenerator[Entry[Any]]:
        """Find what is needed to read the files; nothing is read before the entries are asked for.

        Args:
            files: are taken as they are needed.
            kind: what they show.
            parameters: how to read them.
            templates: of forms.
            deadline: of the stack.
            look_ahead: files that may be in memory and on their way; pages of forms are always few.

        Returns:
            What becomes of the files, as it is asked for: entries with a `RecognizedDigit`, a `RecognizedNumber` or a
            `RecognizedForm`, by their kind.

        Raises:
            NotReady: the models are not.
            ModelNotFound: there is no such model for this kind.
        """
        if kind is BatchKind.SEQUENCE:
            return self._numbers(files, parameters, deadline, look_ahead)
        if kind is BatchKind.FORM:
            return self._forms(files, parameters, templates, deadline)
        return self._digits(files, parameters, deadline, look_ahead)

    def _digits(
        self, files: Iterable[SentFile], parameters: BatchParameters, deadline: Deadline, look_ahead: int
    ) -> AsyncGenerator[Entry[Any]]:
        recognizer = self._readers.digit_recognizer(parameters.model or AUTO)
        max_error = self._max_error(parameters)

        async def read(data: bytes, *, timeout_s: float) -> RecognizedDigit:
            return await recognizer.read(data, max_error=max_error, top_k=parameters.top_k, timeout_s=timeout_s)

        return self._pictures(read).entries(files, deadline, look_ahead=look_ahead)

    def _numbers(
        self, files: Iterable[SentFile], parameters: BatchParameters, deadline: Deadline, look_ahead: int
    ) -> AsyncGenerator[Entry[Any]]:
        recognizer = self._readers.sequence_recognizer(parameters.model or DEFAULT_SEQUENCE_MODEL)
        max_error = self._max_error(parameters)

        async def read(data: bytes, *, timeout_s: float) -> RecognizedNumber:
            return await recognizer.read(
                data,
                max_error=max_error,
                top_k=parameters.top_k,
                constraint=parameters.constraint,
                timeout_s=timeout_s,
            )

        return self._pictures(read).entries(files, deadline, look_ahead=look_ahead)

    def _forms(
        self,
        files: Iterable[SentFile],
        parameters: BatchParameters,
        templates: Sequence[FormTemplate],
        deadline: Deadline,
    ) -> AsyncGenerator[Entry[Any]]:
        stack = FormStack(
            templates,
            cells=self._readers.digit_recognizer(parameters.model or AUTO),
            lines=self._line_reader(templates),
            turns=self.turns,
            threads=self._page_threads,
            limits=self._options.limits,
            max_error=self._max_error(parameters),
            on_read=self._hear,
        )
        return stack.entries(files, deadline)

    def _hear(self, form: RecognizedForm) -> None:
        """Count the fields of a page, and tell of those that were not accepted."""
        for reading in form.readings:
            self._metrics.count_field(reading.field.kind, reading.decision)
            self._alerts.hear_field(reading, template=form.template, max_error=form.max_error)

    def _line_reader(self, templates: Sequence[FormTemplate]) -> LineReader | None:
        """Who reads numbers; None where there is no such model, and no field that cannot do without."""
        try:
            return self._readers.sequence_recognizer(DEFAULT_SEQUENCE_MODEL)
        except ModelNotFound:
            kinds = {field.kind for template in templates for field in template.template.fields}
            if FieldKind.NUMBER in kinds:
                raise
            return None

    def _pictures(self, read: PictureReader[Any]) -> PictureStack[Any]:
        limits = self._options.limits
        return PictureStack(read, self.turns, max_image_bytes=limits.max_image_bytes, timeout_s=limits.timeout_s)

    def _max_error(self, parameters: BatchParameters) -> float:
        return self._options.max_error if parameters.max_error is None else parameters.max_error
