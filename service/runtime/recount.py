"""Asking a sequence reader how many digits a picture shows; see `service.recognition.recount`."""

from dataclasses import dataclass

from service.recognition.image import GrayImage
from service.recognition.manifest import Manifest
from service.recognition.recount import shows_several
from service.recognition.views import see_picture
from service.runtime.batching import MicroBatcher
from service.runtime.workplace import Workplace


@dataclass(frozen=True, slots=True)
class Recounted:
    """What came of it.

    Attributes:
        has_several: whether there are two digits or more, read as one line, rather than the one digit that was read.
        queue_ms, model_ms: how long the picture waited, and how long its batch was computed.
    """

    has_several: bool
    queue_ms: float
    model_ms: float


class Recount:
    """Counts the digits in pictures of which no single digit was read for sure.

    Args:
        manifest: of the sequence reader.
        batcher: in front of it.
        workplace: where pictures are looked at.
    """

    def __init__(self, manifest: Manifest, batcher: MicroBatcher, *, workplace: Workplace) -> None:
        self._batcher = batcher
        self._workplace = workplace
        rule = manifest.second_look
        self._temperature = manifest.temperature if rule is None else rule.plain_temperature

    async def count(self, source: bytes | GrayImage, *, confidence: float) -> Recounted:
        """Count the digits of a picture.

        Args:
            source: a picture file, or uint8 (height, width) as `decode_image` returns it.
            confidence: of the one digit; 0 where no digit was read.

        Raises:
            QueueFull: too many pictures wait to be looked at.
            NotReady: the service is shutting down.
        """
        looked = await self._workplace.look(source, lambda gray: see_picture(gray, ()))
        queue_ms = looked.stages_ms["queue"]
        if not looked.seen.views:
            return Recounted(False, queue_ms, 0.0)
        # It is a reading that the reader's queue let in when it was a digit's.
        scored = await self._batcher.submit(looked.seen.views[0].placed.canvas, has_place=True)
        has_several = shows_several(scored.logits, temperature=self._temperature, confidence=confidence)
        return Recounted(has_several, queue_ms + scored.queue_ms, scored.model_ms)
