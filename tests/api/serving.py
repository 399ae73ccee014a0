"""The app in this process: real all the way from the body to the canvas, with a network of plain numpy."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any

import httpx2

from service.api.app import create_app
from service.api.dependencies import Container, DigitReader, NumberReader
from service.recognition.errors import ModelNotFound, NotReady
from service.recognition.manifest import SEQUENCE_READER, Manifest
from service.runtime.batching import MicroBatcher
from service.runtime.digit_network import BatchedNetwork
from service.runtime.digit_recognizer import DigitRecognizer
from service.runtime.line_network import LineNetwork
from service.runtime.readings import OnRead
from service.runtime.sequence_recognizer import SequenceRecognizer
from service.runtime.threads import PictureThreads
from service.runtime.turns import LoopTurns
from service.runtime.workplace import Workplace
from service.settings import Settings
from tests.project import ROOT
from tests.runtime.fakes import Network, manifest_of, reads, sure_of


class FakeModels:
    """What `Registry` is to the app, without TensorFlow.

    Args:
        network: answers for every digit classifier.
        may_load: where given, loading waits for it.
        reader: where given, answers in place of a recognizer around the network.
        line_network: answers for every sequence reader.
        number_reader: where given, answers in place of a recognizer around that network.
        on_read: is told of each reading.
        cascades: shown among the models; they read as `reader` does.
    """

    device = "cpu"

    def __init__(
        self,
        network: Network | None = None,
        *,
        may_load: asyncio.Event | None = None,
        reader: DigitReader | None = None,
        line_network: Network | None = None,
        number_reader: NumberReader | None = None,
        on_read: OnRead = lambda _recognized: None,
        cascades: Sequence[Manifest] = (),
    ) -> None:
        self._executor = ThreadPoolExecutor(1)
        self._workplace = Workplace(
            threads=PictureThreads(num_threads=2, queue_limit=8),
            turns=LoopTurns(queue_limit=8),
            max_pixels=25_000_000,
            timeout_s=30.0,
        )
        self._may_load = may_load
        self._is_loaded = False
        batcher = MicroBatcher(network or sure_of(7), executor=self._executor, queue_limit=8)
        self.batcher = batcher
        self._reader = reader or DigitRecognizer(
            manifest_of("cnn"),
            BatchedNetwork(manifest_of("cnn"), batcher),
            workplace=self._workplace,
            on_read=on_read,
        )
        self.line_batcher = MicroBatcher(line_network or reads("12867"), executor=self._executor, queue_limit=8)
        self._number_reader = number_reader or SequenceRecognizer(
            LineNetwork(manifest_of("crnn", kind=SEQUENCE_READER), self.line_batcher, workplace=self._workplace),
            workplace=self._workplace,
            on_read=on_read,
        )
        self._cascades = cascades
        self.fault: str | None = None

    async def load(self) -> None:
        if self._may_load:
            await self._may_load.wait()
        self._is_loaded = True

    async def close(self) -> None:
        await self.batcher.close()
        await self.line_batcher.close()
        self._executor.shutdown()
        self._workplace.close()

    def refuse_if_not_ready(self) -> None:
        self._check()
        if self.fault:
            raise NotReady(self.fault)

    def manifests(self) -> Sequence[Manifest]:
        self._check()
        models = [manifest_of("cnn"), manifest_of("crnn", kind=SEQUENCE_READER), manifest_of("dnn", 2)]
        return [*self._cascades, *models]

    def digit_recognizer(self, name: str) -> DigitReader:
        self._check()
        if name not in ("auto", "cnn"):
            raise ModelNotFound(f"There is no model {name!r} that reads single digits. Loaded are: cnn, dnn.")
        return self._reader

    def sequence_recognizer(self, name: str) -> NumberReader:
        self._check()
        if name != "crnn":
            raise ModelNotFound(f"There is no model {name!r} that reads numbers. Loaded are: crnn.")
        return self._number_reader

    def _check(self) -> None:
        if not self._is_loaded:
            raise NotReady("The models are not loaded yet.", retry_after_s=2.0)


class FakeCrew:
    """What a worker's line to its parent is to the app.

    Args:
        exposition: what a scrape gets; None where the others do not answer.
    """

    def __init__(self, exposition: bytes | None = b"") -> None:
        self._exposition = exposition
        self.is_ready = True

    def refuse_if_not_ready(self) -> None:
        if not self.is_ready:
            raise NotReady("One of the service's workers cannot read now.", retry_after_s=2.0)

    async def exposition(self) -> bytes:
        if self._exposition is None:
            raise NotReady("The metrics of all workers could not be collected in time.")
        return self._exposition


@asynccontextmanager
async def serving(
    models: FakeModels, settings: Settings | None = None, *, wait: bool = True, **parts: Any
) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of the app around the models; with `wait`, from when it is ready on. `parts` go to the container."""
    ready = asyncio.Event()
    app = create_app(Container(settings or Settings(), models, on_ready=ready.set, **parts))
    async with app.router.lifespan_context(app):
        if wait:
            await ready.wait()
        # Exceptions are answered, as a server would, so that a test sees what a client sees.
        transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
        async with httpx2.AsyncClient(transport=transport, base_url="http://service") as client:
            yield client


def check_problem(response: httpx2.Response, status: int, code: str) -> dict[str, object]:
    """The problem document of an answer, which must be one, and must give nothing of ours away."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    document = response.json()
    assert list(document) == ["type", "title", "status", "detail", "instance", "code", "request_id"]
    assert document["type"] == f"urn:problem-type:digits:{code}"
    assert (document["status"], document["code"]) == (status, code)
    assert document["request_id"] == response.headers["x-request-id"]
    assert document["title"]
    assert document["detail"]
    for ours in ("Traceback", "Error", "Exception", ".py", str(ROOT), "0x", "<class", "PIL", "cv2", "python"):
        assert ours not in document["detail"] + document["title"], document
    return document
