"""Time limits that nearly nobody reaches, at next to no cost.

A timer of the event loop for each request takes as long as many a stage of its reading, and is nearly always taken
back. Alarms of one and the same delay ring in the order in which they were set; so one timer, for the oldest, is
enough for all of them.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

Result = TypeVar("Result")

EARLY_S = 0.001  # event loops round their timers to milliseconds


class Alarms:
    """Calls back what has not been unset after a fixed delay.

    Args:
        delay_s: of every alarm.
    """

    def __init__(self, delay_s: float) -> None:
        self.delay_s = delay_s
        self._set: dict[object, tuple[float, Callable[[], None]]] = {}  # oldest first, so the next to ring is first
        self._timer: asyncio.TimerHandle | None = None

    def set(self, ring: Callable[[], None]) -> object:
        """Have a function called on the event loop after the delay; returns what `unset` takes."""
        alarm = object()
        loop = asyncio.get_running_loop()
        self._set[alarm] = (loop.time() + self.delay_s, ring)
        if self._timer is None:
            self._timer = loop.call_later(self.delay_s, self._ring)
        return alarm

    def unset(self, alarm: object) -> None:
        """Take an alarm back; nothing happens where it has rung."""
        self._set.pop(alarm, None)

    async def within(self, work: Awaitable[Result]) -> Result:
        """Do the work, or cancel it when the alarm rings.

        Raises:
            TimeoutError: it has rung.
        """
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("time is limited for tasks alone")
        num_cancels_before = task.cancelling()
        has_rung = False

        def ring() -> None:
            nonlocal has_rung
            has_rung = True
            task.cancel()

        alarm = self.set(ring)
        try:
            return await work
        except asyncio.CancelledError as error:
            # Somebody else may have cancelled the task as well; then it ends for him.
            if has_rung and task.uncancel() <= num_cancels_before:
                raise TimeoutError from error
            raise
        finally:
            self._set.pop(alarm, None)

    def _ring(self) -> None:
        self._timer = None
        loop = asyncio.get_running_loop()
        while self._set:
            alarm, (due_s, ring) = next(iter(self._set.items()))
            if due_s > loop.time() + EARLY_S:
                self._timer = loop.call_at(due_s, self._ring)
                return
            del self._set[alarm]
            ring()
