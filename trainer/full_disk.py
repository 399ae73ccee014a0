"""How a full disk shows, whoever meets it.

Nothing is lost to it: checkpoints, weights and models are written beside and renamed when they are whole, so half of
one is never picked up.
"""

import errno

_NUMBERS = (errno.ENOSPC, errno.EDQUOT)
# HDF5 and TensorFlow pass on the system's words, in errors of their own.
_WORDS = ("No space left on device", "Disk quota exceeded")


def is_disk_full(error: BaseException) -> bool:
    """Whether the error, or one that led to it, says that there was no room to write."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, OSError) and seen.errno in _NUMBERS:
            return True
        if any(words in str(seen) for words in _WORDS):
            return True
        seen = seen.__cause__ or seen.__context__
    return False
