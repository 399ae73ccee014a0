"""A sequence reader and the digit classifier of its second look, as one: views of lines in, frames out."""

from collections.abc import Sequence
from dataclasses import dataclass

from service.recognition.manifest import Manifest
from service.recognition.probability import Logits
from service.recognition.second_look import first_look, second_look
from service.recognition.views import View
from service.runtime.batching import MicroBatcher, Scored
from service.runtime.workplace import Workplace


@dataclass(frozen=True, slots=True)
class ViewFrames:
    """What is known of views when the networks have answered.

    Attributes:
        logits: of each, float32 (num_frames, 12).
        queue_ms, model_ms: what that took.
    """

    logits: list[Logits]
    queue_ms: float
    model_ms: float


class LineNetwork:
    """Says what stands in each frame of a view.

    Args:
        manifest: of the reader.
        batcher: in front of the reader.
        workplace: where logits are made sense of.
        classifier: in front of the digit classifier of the manifest's second look; None where the manifest asks for
            none, or where the reader is on its own.
    """

    def __init__(
        self,
        manifest: Manifest,
        batcher: MicroBatcher,
        *,
        workplace: Workplace,
        classifier: MicroBatcher | None = None,
    ) -> None:
        self.manifest = manifest
        self.batcher = batcher
        self._classifier = classifier
        self._workplace = workplace

    @property
    def looks_twice(self) -> bool:
        """Whether a classifier is asked about the digits."""
        return self.manifest.second_look is not None and self._classifier is not None

    async def frames_of(self, views: Sequence[View], *, is_admitted: bool = False) -> ViewFrames:
        """What the reader says about views, and the classifier about the digits that were seen in them.

        All of them share batches.

        Args:
            views: of any number of lines.
            is_admitted: see `MicroBatcher.submit_all`.

        Raises:
            QueueFull: others have filled the queue.
        """
        scored = await self.batcher.submit_all([view.placed.canvas for view in views], is_admitted=is_admitted)
        logits, queue_ms, model_ms = _logits_and_times(scored)
        rule = self.manifest.second_look
        if rule is None or self._classifier is None:
            return ViewFrames(logits, queue_ms, model_ms)
        looks = await self._workplace.make_sense(
            lambda: [first_look(read, view.line.image, view.placed) for view, read in zip(views, logits, strict=True)]
        )
        scored = await self._classifier.submit_all([one for look in looks for one in look.canvases], is_admitted=True)
        digits, more_queue_ms, more_model_ms = _logits_and_times(scored)
        answers = iter(digits)
        fused = [
            second_look(
                read,
                look,
                [next(answers) for _ in look.canvases],
                weight=rule.weight,
                temperature=rule.classifier_temperature,
            )
            for read, look in zip(logits, looks, strict=True)
        ]
        return ViewFrames(fused, queue_ms + more_queue_ms, model_ms + more_model_ms)


def _logits_and_times(scored: Sequence[Scored]) -> tuple[list[Logits], float, float]:
    """Of canvases that were scored together: the logits, the longest wait and the longest batch, in milliseconds."""
    queue_ms = max((one.queue_ms for one in scored), default=0.0)
    return [one.logits for one in scored], queue_ms, max((one.model_ms for one in scored), default=0.0)
