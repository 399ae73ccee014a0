"""Asking a sequence reader how many digits a picture shows; see `service.recognition.recount`."""

from service.recognition.image import GrayImage
from service.recognition.manifest import Manifest
from service.recognition.recount import shows_several
from service.recognition.views import see_picture
from service.runtime.batching import MicroBatcher
from service.runtime.workplace import Workplace


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

    async def finds_several(self, gray: GrayImage, *, confidence: float) -> bool:
        """Whether there are two digits or more, read as one line, rather than the one digit that was read.

        The picture is a reading that has been let in, so it has a place in every queue.

        Args:
            gray: uint8 (height, width), as `decode_image` returns it.
            confidence: of the one digit; 0 where no digit was read.

        Raises:
            QueueFull: too many pictures wait to be looked at.
            NotReady: the service is shutting down.
        """
        seen = await self._workplace.threads.run(lambda: see_picture(gray, ()))
        if not seen.views:
            return False
        scored = await self._batcher.submit(seen.views[0].placed.canvas, has_place=True)
        return shows_several(scored.logits, temperature=self._temperature, confidence=confidence)
