"""Probes of health, answered as soon as they are seen.

The event loop first looks at all of its sockets, and then works on what has come, in that order. Under overload that is
a hundred requests at a time, and a probe that has come among them waits for those before it once more. But its answer
takes no longer than putting it into the queue. An orchestrator that waits in vain restarts the service when it is
needed most.
"""

import contextvars
from collections.abc import Callable, Coroutine, Generator
from types import coroutine
from typing import Any

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from service.head import ShortHeadProtocol

PROBES = "/health/"


class PromptProtocol(ShortHeadProtocol):
    """uvicorn's protocol with short heads, and with probes that do not wait for a turn of the loop."""

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        if not cycle.scope["path"].startswith(PROBES):
            super()._start_asgi_task(cycle, app)
            return
        answering = _answering(cycle.run_asgi(app))
        context = contextvars.copy_context()
        try:
            context.run(answering.send, None)
        except StopIteration:
            return
        # It has to wait for something after all: a client that does not take its answer.
        task = self.loop.create_task(answering, context=context)
        task.add_done_callback(self.tasks.discard)
        self.tasks.add(task)


async def _answering(work: Coroutine[Any, Any, None]) -> None:
    await _stopping_over(work)


@coroutine
def _stopping_over(work: Coroutine[Any, Any, None]) -> Generator[Any, Any, None]:
    """Go through a coroutine, and stop where it first has to wait: whoever goes on from there must be a task."""
    step: Callable[[Any], Any] = work.send
    given: Any = None
    has_stopped = False
    while True:
        try:
            awaited = step(given)
        except StopIteration:
            return
        try:
            if not has_stopped:
                has_stopped = True
                yield
            step, given = work.send, (yield awaited)
        except BaseException as error:  # a task's cancellation is one, and meant for the coroutine
            step, given = work.throw, error
