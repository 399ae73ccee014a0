"""Several processes behind one port.

The parent takes the port, starts the workers, and hands each of them its share of the clients (see
`service.workers.acceptor`); each loads its own models. Workers are spawned: TensorFlow does not survive a fork
(tensorflow#51832), so the parent never loads it.
"""

import logging
import multiprocessing
import signal
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from types import FrameType

from prometheus_client import CollectorRegistry, ProcessCollector

from service.logs import EXTRA_FIELD
from service.recognition.errors import StartupError
from service.runtime.metrics import snapshot_of
from service.settings import Settings
from service.workers.acceptor import Acceptor, Seat
from service.workers.messages import make_line
from service.workers.switchboard import Subscriber, Switchboard

RESTART_PAUSE_S = 1.0  # so that a worker that dies at once does not keep a core busy with starting
TICK_S = 0.1
KILL_AFTER_S = 5.0  # beyond the time to drain

logger = logging.getLogger(__name__)

Work = Callable[[Settings, socket.socket, Connection, bool], None]
"""What a worker does: serve whom it is handed through the socket, an `Entrance`; talk on the connection, a `Line`; end
when the parent does.

The last argument says whether it has to load before it takes anybody in.
"""


@dataclass(frozen=True, slots=True)
class _Worker:
    process: BaseProcess
    subscriber: Subscriber
    seat: Seat


class Supervisor:
    """Runs workers, and starts another in place of each that has ended.

    Args:
        settings: of every worker.
        listener: bound to the port.
        work: a module's function, or a `partial` of one, for the workers import it.
    """

    def __init__(self, settings: Settings, listener: socket.socket, work: Work) -> None:
        self._settings = settings
        self._acceptor = Acceptor(listener)
        self._work = work
        registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self._board = Switchboard(lambda: snapshot_of(registry))
        self._workers: list[_Worker] = []
        self._signals: list[int] = []

    def run(self, num_workers: int, *, announce: Callable[[], None]) -> None:
        """Run so many until this process is told to stop.

        Args:
            num_workers: at least 1.
            announce: is called once, when all workers are ready.

        Raises:
            StartupError: a worker could not start.
        """
        before = {number: signal.signal(number, self._note) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            for _ in range(num_workers):
                self._start(loads_first=False)  # so that `/health/live` answers meanwhile
            self._watch(announce)
        finally:
            self._acceptor.close()  # or the system would go on taking connections that nobody answers
            self._stop(patience_s=self._settings.drain_s + KILL_AFTER_S)
            for number, handler in before.items():
                signal.signal(number, handler)
        signal.raise_signal(self._signals[0])  # ends as a single process does: by the signal

    def _note(self, number: int, _: FrameType | None) -> None:
        self._signals.append(number)

    def _watch(self, announce: Callable[[], None]) -> None:
        """Until a signal comes; raises `StartupError` where a worker ends before all were ready."""
        has_announced = False
        restarts_s: list[float] = []
        while not self._signals:
            self._attend()
            self._end_lost()
            for worker in self._without_ended():
                status, fault = worker.process.exitcode, worker.subscriber.failure
                if not has_announced:
                    raise StartupError(fault or f"a worker ended with status {status} before it was ready.")
                logger.error("worker ended", extra={EXTRA_FIELD: {"status": status, "fault": fault}})
                restarts_s.append(time.monotonic() + RESTART_PAUSE_S)
            while restarts_s and restarts_s[0] <= time.monotonic():
                del restarts_s[0]
                # Where others read, clients are not sent to one that cannot yet.
                self._start(loads_first=self._board.has_anyone_to_meet)
            if not has_announced and all(worker.subscriber.can_read for worker in self._workers):
                has_announced = True
                announce()

    def _start(self, *, loads_first: bool) -> None:
        context = multiprocessing.get_context("spawn")
        line, of_worker = make_line(context)
        entrance, of_clients = socket.socketpair()
        arguments = (self._settings, of_clients, of_worker, loads_first)
        process = context.Process(target=self._work, args=arguments, name="digits worker")
        # Ctrl-C reaches every process of a terminal. A worker, which inherits what is blocked, is ended by its parent.
        resource_tracker.ensure_running()  # or starting it would unblock what is blocked here
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        process.start()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        # The worker holds the only other ends, so each end is told when the other has gone.
        of_worker.close()
        of_clients.close()
        subscriber = self._board.connect(line, accepts=not loads_first)
        self._workers.append(_Worker(process, subscriber, self._acceptor.connect(entrance)))

    def _attend(self) -> None:
        sentinels = [worker.process.sentinel for worker in self._workers]
        self._board.attend([*sentinels, *self._acceptor.watched], timeout_s=TICK_S)
        self._acceptor.attend()

    def _end_lost(self) -> None:
        """End workers that stand still: `/health/live` is answered by the others, so nobody outside would notice."""
        for worker in self._workers:
            # Not while it loads: whoever imports TensorFlow from a slow disk holds Python's lock for as long.
            if worker.subscriber.can_read and self._acceptor.has_lost(worker.seat):
                logger.error("worker stands still", extra={EXTRA_FIELD: {"pid": worker.process.pid}})
                worker.process.kill()
                worker.process.join(KILL_AFTER_S)

    def _without_ended(self) -> list[_Worker]:
        """Those that have ended, which are workers no more."""
        ended = [worker for worker in self._workers if not worker.process.is_alive()]
        for worker in ended:
            self._workers.remove(worker)
            self._board.disconnect(worker.subscriber)
            self._acceptor.disconnect(worker.seat)
        return ended

    def _stop(self, *, patience_s: float) -> None:
        for worker in self._workers:
            worker.process.terminate()
        ends_s = time.monotonic() + patience_s
        while self._workers:
            self._attend()  # a scrape that has come before the end is still answered
            self._without_ended()
            if time.monotonic() >= ends_s:
                for worker in self._workers:
                    worker.process.kill()
