"""A bar on a terminal."""

import time
from collections.abc import Callable
from typing import TextIO

WIDTH = 30
EVERY_S = 0.1


class Progress:
    """Shows how far a count has come. Where nobody looks, as in a log or a pipe, it shows nothing.

    Args:
        total: of what is counted.
        stream: standard error.
        clock: in seconds.
    """

    def __init__(self, total: int, stream: TextIO, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._total = total
        self._stream = stream
        self._clock = clock
        self._is_shown = stream.isatty()
        self._began = self._last = clock()
        self._num_done = 0
        self._is_line_begun = False

    def advance(self, num_done: int = 1) -> None:
        """Count more."""
        self._num_done += num_done
        now = self._clock()
        if self._is_shown and (now - self._last >= EVERY_S or self._num_done >= self._total):
            self._last = now
            self._show(now)

    def tell(self, line: str) -> None:
        """Write a line of its own, whether somebody looks or not; the bar goes on below it."""
        self.end()
        self._stream.write(f"{line}\n")
        self._stream.flush()

    def end(self) -> None:
        """Leave the bar behind, for what is written next."""
        if self._is_line_begun:
            self._is_line_begun = False
            self._stream.write("\n")
            self._stream.flush()

    def _show(self, now: float) -> None:
        share = self._num_done / max(1, self._total)
        bar = ("#" * round(share * WIDTH)).ljust(WIDTH, ".")
        rate = self._num_done / max(1e-9, now - self._began)
        left_s = (self._total - self._num_done) / rate
        self._stream.write(f"\r[{bar}] {self._num_done}/{self._total} files, {rate:.1f}/s, {left_s:.0f} s left  ")
        self._stream.flush()
        self._is_line_begun = True
