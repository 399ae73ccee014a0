"""The one thread that runs networks, and touches TensorFlow.

A daemon, unlike the threads of the standard library's pools: a device that has stopped answering would
otherwise keep the process from ending, for Python waits for those at its exit.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from queue import SimpleQueue
from typing import Any

_Call = tuple[Future[Any], Callable[[], Any]]


class DeviceThread(Executor):
    """Runs calls one after the other, in the order in which they came."""

    def __init__(self) -> None:
        self._calls: SimpleQueue[_Call | None] = SimpleQueue()
        self._is_shut = False
        self._thread = threading.Thread(target=self._run, name="tensorflow", daemon=True)
        self._has_started = False

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Have a function called on the thread. Cancelling the future takes a call that has not begun out."""
        if self._is_shut:
            raise RuntimeError("the thread has been shut down")
        if not self._has_started:
            self._has_started = True
            self._thread.start()
        future: Future[Any] = Future()
        self._calls.put((future, lambda: fn(*args, **kwargs)))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more calls, and end after those that were taken."""
        self._is_shut = True
        self._calls.put(None)
        if wait and self._has_started:
            self._thread.join()

    def _run(self) -> None:
        while (call := self._calls.get()) is not None:
            future, function = call
            if not future.set_running_or_notify_cancel():
                continue
            try:
                result = function()
            # Of whatever kind: it is the answer to the one who asked.
            except BaseException as error:
                future.set_exception(error)
            else:
                future.set_result(result)
            del call, future, function  # or the last batch would be held until the next one
