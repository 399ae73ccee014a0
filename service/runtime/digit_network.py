"""What scores the canvas of one digit: a network behind its batcher, or several of which one asks the other."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from service.recognition.canvas import DigitCanvas
from service.recognition.manifest import Manifest
from service.recognition.probability import Logits
from service.runtime.batching import MicroBatcher, Scored


@dataclass(frozen=True, slots=True)
class Opinion:
    """What a model says about one canvas.

    Attributes:
        logits: float32 (num_classes,), raw scores.
        temperature: divisor of the logits, the model's own for this kind of picture.
        model: name of the model that says so.
        version: its version.
        queue_ms: time that the canvas waited for batches.
        model_ms: time that its batches took.
    """

    logits: Logits
    temperature: float
    model: str
    version: int
    queue_ms: float
    model_ms: float


class DigitNetwork(Protocol):
    """Scores canvases of digits; `BatchedNetwork` and `Cascade` are two."""

    def refuse_if_full(self, num_waiting_elsewhere: int = 0) -> None:
        """See `MicroBatcher.refuse_if_full`."""

    async def score(self, canvas: DigitCanvas, *, is_clean: bool) -> Opinion:
        """Have one canvas scored. Cancelling this call takes the canvas out of every queue.

        Args:
            canvas: uint8 (28, 28, 1), paper 0 and ink 255.
            is_clean: of the picture that it is from, see `service.recognition.ink.Ink`.

        Raises:
            QueueFull: too many wait already; says when trying again makes sense.
            NotReady: the service is shutting down.
        """

    async def score_all(self, canvases: Sequence[DigitCanvas], *, is_clean: bool) -> list[Opinion]:
        """Have many canvases of one caller scored, in their order; see `MicroBatcher.submit_all`."""


class BatchedNetwork:
    """One digit classifier.

    Args:
        manifest: of the classifier.
        batcher: in front of it.
    """

    def __init__(self, manifest: Manifest, batcher: MicroBatcher) -> None:
        self._manifest = manifest
        self._batcher = batcher

    def refuse_if_full(self, num_waiting_elsewhere: int = 0) -> None:
        """See `DigitNetwork.refuse_if_full`."""
        self._batcher.refuse_if_full(num_waiting_elsewhere)

    async def score(self, canvas: DigitCanvas, *, is_clean: bool) -> Opinion:
        """See `DigitNetwork.score`."""
        return self._opinion(await self._batcher.submit(canvas), is_clean)

    async def score_all(self, canvases: Sequence[DigitCanvas], *, is_clean: bool) -> list[Opinion]:
        """See `DigitNetwork.score_all`."""
        return [self._opinion(scored, is_clean) for scored in await self._batcher.submit_all(canvases)]

    def _opinion(self, scored: Scored, is_clean: bool) -> Opinion:
        manifest = self._manifest
        temperature = manifest.temperature_of(is_clean=is_clean)
        return Opinion(scored.logits, temperature, manifest.name, manifest.version, scored.queue_ms, scored.model_ms)
