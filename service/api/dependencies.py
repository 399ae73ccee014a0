"""What the app is given, and how routes get at it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Protocol

from fastapi import Depends, Request
from prometheus_client import CollectorRegistry

from service.alerts.alerts import Alerts
from service.api.disconnect import PATIENCE_S
from service.api.tracing import Tracing
from service.recognition.allowed import AllowedList
from service.recognition.errors import NotReady
from service.recognition.manifest import Manifest
from service.runtime.alarms import Alarms
from service.runtime.metrics import Metrics
from service.settings import Settings
from service.stacks import readers
from service.stacks.forms import FormLimits
from service.stacks.reading import StackOptions, StackReading


class DigitReader(readers.DigitReader, Protocol):
    """Reads the digit in a picture; `DigitRecognizer` is one."""

    def refuse_if_full(self) -> None:
        """See `DigitRecognizer.refuse_if_full`."""


class NumberReader(readers.NumberReader, Protocol):
    """Reads the number in a picture; `SequenceRecognizer` is one."""

    def refuse_if_full(self) -> None:
        """See `SequenceRecognizer.refuse_if_full`."""


class Models(Protocol):
    """The models behind the app; `Registry` is one. Before `load` is done, asking for anything raises `NotReady`."""

    async def load(self) -> None:
        """See `Registry.load`."""

    async def close(self) -> None:
        """See `Registry.close`."""

    @property
    def device(self) -> str:
        """See `Registry.device`."""

    def refuse_if_not_ready(self) -> None:
        """See `Registry.refuse_if_not_ready`."""

    def manifests(self) -> Sequence[Manifest]:
        """See `Registry.manifests`."""

    def digit_recognizer(self, name: str) -> DigitReader:
        """See `Registry.digit_recognizer`."""

    def sequence_recognizer(self, name: str) -> NumberReader:
        """See `Registry.sequence_recognizer`."""


class Crew(Protocol):
    """The processes that share the port with this one; `service.workers.line.Line` leads to them."""

    def refuse_if_not_ready(self) -> None:
        """Pass where all of them can read; raises `NotReady`."""

    async def exposition(self) -> bytes:
        """What a scrape gets: the metrics of all of them, and of this one; raises `NotReady`."""


@dataclass(slots=True)
class Drain:
    """Whether the service has been told to stop: it finishes what it has, and asks to be sent no more."""

    has_begun: bool = False


@dataclass(frozen=True, slots=True)
class Container:
    """The parts that the app is made of.

    Attributes:
        settings: of this process.
        models: loaded while the app already answers `/health/live`.
        lists: what numbers can be held to, by name.
        metrics: of this process.
        drain: set by the server.
        tracing: where requests are traced; None where nobody asked for it.
        alerts: are told of readings; the models have been given them too.
        crew: the processes that share the port with this one; None where it is alone.
        patience: of requests that are being read, before they listen for their client's goodbye.
        on_ready: called once, when all models are loaded.
        on_failure: called once instead, with what kept them from loading.
    """

    settings: Settings
    models: Models
    lists: Mapping[str, AllowedList] = field(default_factory=dict)
    metrics: Metrics = field(default_factory=lambda: Metrics(CollectorRegistry()))
    drain: Drain = field(default_factory=Drain)
    tracing: Tracing | None = None
    alerts: Alerts = field(default_factory=Alerts)
    crew: Crew | None = None
    patience: Alarms = field(default_factory=lambda: Alarms(PATIENCE_S))
    on_ready: Callable[[], None] = lambda: None
    on_failure: Callable[[BaseException], None] = lambda _: None

    def refuse_if_not_ready(self) -> None:
        """Pass where the service may be sent work, by whichever process it is met.

        Raises:
            NotReady: this process, or another that shares the port, cannot read now, or is about to end.
        """
        if self.drain.has_begun:
            raise NotReady("The service is shutting down. Try again with another instance.")
        self.models.refuse_if_not_ready()
        if self.crew is not None:
            self.crew.refuse_if_not_ready()

    def is_ready(self) -> bool:
        """Whether `refuse_if_not_ready` would pass."""
        try:
            self.refuse_if_not_ready()
        except NotReady:
            return False
        return True


def stack_reading_for(container: Container) -> StackReading:
    """Who reads stacks in a process of these parts; it is to be closed with them."""
    settings = container.settings
    options = StackOptions(
        templates_dir=settings.templates_dir,
        queue_limit=settings.queue_limit,
        timeout_s=settings.batch_timeout_ms / 1e3,
        max_error=settings.max_error,
        limits=FormLimits(
            max_image_bytes=settings.max_image_bytes,
            max_image_pixels=settings.max_image_pixels,
            max_pages=settings.max_pages,
            timeout_s=settings.timeout_ms / 1e3,
        ),
    )
    return StackReading(
        container.models, options, lists=container.lists, metrics=container.metrics, alerts=container.alerts
    )


async def container_of(request: Request) -> Container:
    """The container that `create_app` was given. A coroutine, since FastAPI sends plain functions through a thread."""
    container: Container = request.app.state.container
    return container


Parts = Annotated[Container, Depends(container_of)]
