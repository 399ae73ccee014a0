"""A small network first, and a larger one only where the small one is not sure.

Most digits are easy, so most work is the small network's; the readings are nearly as good as if the larger one had made
them all. Which of the two answers depends on the canvas alone, never on how busy either is: a larger network whose
queue is full refuses, like any other.

Source: Viola and Jones 2001, "Rapid Object Detection using a Boosted Cascade of Simple Features", for the arrangement.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from service.recognition.canvas import DigitCanvas
from service.recognition.cascade import sureness
from service.recognition.members import CascadeRule
from service.recognition.probability import softmax
from service.runtime.digit_network import DigitNetwork, Opinion


class Cascade:
    """Two digit networks as one.

    Args:
        small: scores every canvas.
        large: scores those of which `small` is less sure than the rule says.
        rule: from the cascade's manifest.
        on_answer: is told, for each canvas, the name of the model that answered.
    """

    def __init__(
        self,
        small: DigitNetwork,
        large: DigitNetwork,
        rule: CascadeRule,
        *,
        on_answer: Callable[[str], None] = lambda _model: None,
    ) -> None:
        self._small = small
        self._large = large
        self._rule = rule
        self._on_answer = on_answer

    def refuse_if_full(self, num_waiting_elsewhere: int = 0) -> None:
        """See `DigitNetwork.refuse_if_full`; any canvas may have to pass through both queues."""
        self._small.refuse_if_full(num_waiting_elsewhere)
        self._large.refuse_if_full()

    async def score(self, canvas: DigitCanvas, *, is_clean: bool) -> Opinion:
        """See `DigitNetwork.score`."""
        opinion = await self._small.score(canvas, is_clean=is_clean)
        if not self._is_sure(opinion, is_clean):
            opinion = _after(opinion, await self._large.score(canvas, is_clean=is_clean))
        self._on_answer(opinion.model)
        return opinion

    async def score_all(self, canvases: Sequence[DigitCanvas], *, is_clean: bool) -> list[Opinion]:
        """See `DigitNetwork.score_all`."""
        opinions = await self._small.score_all(canvases, is_clean=is_clean)
        unsure = [index for index, opinion in enumerate(opinions) if not self._is_sure(opinion, is_clean)]
        seconds = await self._large.score_all([canvases[index] for index in unsure], is_clean=is_clean)
        for index, second in zip(unsure, seconds, strict=True):
            opinions[index] = _after(opinions[index], second)
        for opinion in opinions:
            self._on_answer(opinion.model)
        return opinions

    def _is_sure(self, opinion: Opinion, is_clean: bool) -> bool:
        probs = softmax(opinion.logits, temperature=opinion.temperature)
        return bool(sureness(probs) >= self._rule.sure_from_of(is_clean=is_clean))


def _after(first: Opinion, second: Opinion) -> Opinion:
    """The second opinion, with the time that both took."""
    return replace(second, queue_ms=first.queue_ms + second.queue_ms, model_ms=first.model_ms + second.model_ms)
