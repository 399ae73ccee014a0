"""A golden canvas, now and then, through the very way that readings take.

Loading has shown that the device computes what was exported. The canary shows that it still does: a GPU
that hangs, fails or has begun to miscalculate makes the service not ready until it has recovered, so that
nobody is answered wrongly and a balancer sends its requests elsewhere.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from service.logs import EXTRA_FIELD
from service.recognition.errors import NotReady
from service.recognition.probability import Logits
from service.runtime.batching import Canvas, MicroBatcher
from service.runtime.golden import GOLDEN_TOLERANCE

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Probe:
    """What is asked of one model, and what it has to answer.

    Attributes:
        model: its name.
        canvas: uint8 (height, width, channels).
        logits: float32 (num_classes,), or (num_frames, num_classes) of a sequence reader.
        tolerance: how far off a logit may be.
    """

    model: str
    batcher: MicroBatcher
    canvas: Canvas
    logits: Logits
    tolerance: float = GOLDEN_TOLERANCE


class Canary:
    """Asks every model its golden canvas, and remembers whether all were right.

    A probe takes a place in a batch like any canvas, and is counted as no reading.

    Args:
        probes: one for each model.
        every_s: pause between two rounds.
        limit_s: an answer that takes longer is none.
        on_failure: is called for each round that failed.
        on_change: is told whether all were right, when that is another answer than before.
    """

    def __init__(
        self,
        probes: Sequence[Probe],
        *,
        every_s: float,
        limit_s: float,
        on_failure: Callable[[], None] = lambda: None,
        on_change: Callable[[bool], None] = lambda _is_right: None,
    ) -> None:
        self._probes = probes
        self._every_s = every_s
        self._limit_s = limit_s
        self._on_failure = on_failure
        self._on_change = on_change
        self._fault: str | None = None

    @property
    def fault(self) -> str | None:
        """What was wrong in the last round; None where nothing was."""
        return self._fault

    async def sing(self) -> None:
        """Ask until cancelled."""
        while True:
            await asyncio.sleep(self._every_s)
            await self.check()

    async def check(self) -> None:
        """Ask every model once."""
        faults = [fault for probe in self._probes if (fault := await self._fault_of(probe))]
        fault = " ".join(faults) or None
        if fault:
            self._on_failure()
            logger.error("canary failed", extra={EXTRA_FIELD: {"fault": fault}})
        elif self._fault:
            logger.warning("canary recovered", extra={EXTRA_FIELD: {"fault": self._fault}})
        has_changed = (fault is None) != (self._fault is None)
        self._fault = fault
        if has_changed:
            self._on_change(fault is None)

    async def _fault_of(self, probe: Probe) -> str | None:
        try:
            async with asyncio.timeout(self._limit_s):
                scored = await probe.batcher.submit(probe.canvas, has_place=True)
        except TimeoutError:
            return f"{probe.model} has not answered within {self._limit_s:g} s."
        except NotReady:  # the service is shutting down, which is no fault
            return None
        # Of whatever kind: a device has many ways to fail, and each is what this is here to find.
        except Exception as error:
            return f"{probe.model} failed: {type(error).__name__}."
        deviation = float(np.abs(scored.logits - probe.logits).max())
        if not deviation <= probe.tolerance:
            return f"{probe.model} is wrong: a logit is {deviation:.2g} off, and {probe.tolerance:g} is allowed."
        return None
