"""Notices of native libraries that no setting keeps off standard error, which is for what an operator has to read."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_chatter() -> Iterator[None]:
    """Send what C++ writes to standard error nowhere, unless an operator has asked TensorFlow for more.

    Errors are raised, and so not lost; but whatever another thread writes there meanwhile is, so this is for loading.
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
