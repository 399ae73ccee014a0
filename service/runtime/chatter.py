"""Notices of native libraries that no setting keeps off standard error, where logs are JSON."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_chatter() -> Iterator[None]:
    """Send what C++ writes to standard error nowhere, unless an operator has asked TensorFlow for more.

    Python's own errors are raised, and so not lost; its log lines of other threads would be, so this is for loading.
    """
    if os.environ.get("TF_CPP_MIN_LOG_LEVEL", "2") < "2":
        yield
        return
    sys.stderr.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
