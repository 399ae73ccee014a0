"""Several processes behind one port.

The parent opens the port and starts the workers; each accepts from the same listening socket and loads its own
models. Workers are spawned: TensorFlow does not survive a fork (tensorflow#51832), so the parent never loads it.
"""

import logging
import multiprocessing
import signal
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from types import FrameType

from service.logs import EXTRA_FIELD
from service.recognition.errors import StartupError
from service.settings import Settings

READY = "ready"
RESTART_PAUSE_S = 1.0  # so that a worker that dies at once does not keep a core busy with starting
TICK_S = 0.1
KILL_AFTER_S = 5.0  # beyond the time to drain

logger = logging.getLogger(__name__)

Work = Callable[[Settings, socket.socket, Connection], None]
"""What a worker does: serve from the socket, send `READY` once or else why it failed, end when the parent does."""


@dataclass(slots=True)
class _Worker:
    process: BaseProcess
    news: Connection
    is_ready: bool = False


def supervise(settings: Settings, listener: socket.socket, work: Work, announce: Callable[[], None]) -> None:
    """Run the workers until this process is told to stop.

    Args:
        settings: of every worker.
        listener: bound to the port.
        work: a module's function, for the workers import it.
        announce: is called once, when all workers are ready.

    Raises:
        StartupError: a worker could not start.
    """
    signals: list[int] = []

    def note(number: int, _: FrameType | None) -> None:
        signals.append(number)

    before = {number: signal.signal(number, note) for number in (signal.SIGTERM, signal.SIGINT)}
    crew = [_start(settings, listener, work) for _ in range(settings.workers)]
    try:
        failure = _watch(settings, listener, work, crew, signals, announce)
    finally:
        listener.close()  # or the system would go on taking connections that nobody answers
        _stop(crew, patience_s=settings.drain_s + KILL_AFTER_S)
        for number, handler in before.items():
            signal.signal(number, handler)
    if failure is not None:
        raise StartupError(failure)
    signal.raise_signal(signals[0])  # ends as a single process does: by the signal


def _watch(
    settings: Settings,
    listener: socket.socket,
    work: Work,
    crew: list[_Worker],
    signals: list[int],
    announce: Callable[[], None],
) -> str | None:
    """Until a signal comes, or until a worker fails before all were ready; then its message."""
    has_announced = False
    while not signals:
        wait([worker.process.sentinel for worker in crew] + [worker.news for worker in crew], timeout=TICK_S)
        for index, worker in enumerate(crew):
            news = _news_of(worker)
            worker.is_ready = worker.is_ready or news == READY
            if worker.process.is_alive() and news in (None, READY):
                continue
            if not has_announced:
                return news or f"a worker ended with status {worker.process.exitcode} before it was ready."
            logger.error("worker ended", extra={EXTRA_FIELD: {"status": worker.process.exitcode, "fault": news}})
            time.sleep(RESTART_PAUSE_S)
            crew[index] = _start(settings, listener, work)
        if not has_announced and all(worker.is_ready for worker in crew):
            has_announced = True
            announce()
    return None


def _start(settings: Settings, listener: socket.socket, work: Work) -> _Worker:
    context = multiprocessing.get_context("spawn")
    news, to_parent = context.Pipe(duplex=True)
    process = context.Process(target=work, args=(settings, listener, to_parent), name="digits worker")
    process.start()
    to_parent.close()  # the worker holds the only other end, so each end is told when the other has gone
    return _Worker(process, news)


def _news_of(worker: _Worker) -> str | None:
    """What a worker has sent since it was last asked."""
    try:
        return str(worker.news.recv()) if not worker.is_ready and worker.news.poll() else None
    except EOFError:
        return None


def _stop(crew: list[_Worker], *, patience_s: float) -> None:
    for worker in crew:
        if worker.process.is_alive():
            worker.process.terminate()
    until = time.monotonic() + patience_s
    for worker in crew:
        worker.process.join(max(0.0, until - time.monotonic()))
        if worker.process.is_alive():
            worker.process.kill()
            worker.process.join()
        worker.news.close()
