"""What the app is given, and how routes get at it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Protocol

from fastapi import Depends, Request
from prometheus_client import CollectorRegistry

from service.api.tracing import Tracing
from service.recognition.manifest import Manifest
from service.runtime.metrics import Metrics
from service.runtime.recognizers import RecognizedDigit
from service.settings import Settings


class DigitReader(Protocol):
    """Reads the digit in a picture; `DigitRecognizer` is one."""

    def refuse_if_full(self) -> None:
        """See `DigitRecognizer.refuse_if_full`."""

    async def read(self, data: bytes, *, max_error: float, top_k: int, timeout_s: float = ...) -> RecognizedDigit:
        """See `DigitRecognizer.read`."""


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

    def recognizer(self, name: str) -> DigitReader:
        """See `Registry.recognizer`."""


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
        metrics: of this process.
        drain: set by the server.
        tracing: where requests are traced; None where nobody asked for it.
        on_ready: called once, when all models are loaded.
        on_failure: called once instead, with what kept them from loading.
    """

    settings: Settings
    models: Models
    metrics: Metrics = field(default_factory=lambda: Metrics(CollectorRegistry()))
    drain: Drain = field(default_factory=Drain)
    tracing: Tracing | None = None
    on_ready: Callable[[], None] = lambda: None
    on_failure: Callable[[BaseException], None] = lambda _: None


async def container_of(request: Request) -> Container:
    """The container that `create_app` was given. A coroutine, since FastAPI sends plain functions through a thread."""
    container: Container = request.app.state.container
    return container


Parts = Annotated[Container, Depends(container_of)]
