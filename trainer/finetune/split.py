"""Which of a person's own digits are held back to measure by."""

import hashlib
from collections import defaultdict

import numpy as np
from numpy.typing import NDArray

from trainer.finetune.digits import OwnDigits

HELD_BACK_SHARE = 0.2


def hold_back(own: OwnDigits) -> tuple[NDArray[np.bool_], str]:
    """About a fifth of the pictures, the same ones every time.

    Chance is a hash, of the writer or of the picture itself: no order of files matters, the same picture never stands
    on both sides, and a few more pictures move few of the others.

    Where several writers are named, whole writers are held back: a hand that was learned from says little about other
    hands. Else a fifth of each digit's pictures is.

    Returns:
        Which are held back, bool (n,); and what was drawn, `writer` or `picture`.
    """
    if own.writers is not None and len({*own.writers}) > 1:
        return _by_writer(list(own.writers)), "writer"
    return _by_picture(own), "picture"


def _by_writer(writers: list[str]) -> NDArray[np.bool_]:
    chosen: set[str] = set()
    in_order = sorted({*writers}, key=lambda writer: hashlib.sha256(writer.encode()).hexdigest())
    for writer in in_order[:-1]:  # someone has to be learned from
        chosen.add(writer)
        if sum(one in chosen for one in writers) >= HELD_BACK_SHARE * len(writers):
            break
    return np.array([writer in chosen for writer in writers])


def _by_picture(own: OwnDigits) -> NDArray[np.bool_]:
    of_digit: dict[int, set[str]] = defaultdict(set)
    for label, digest in zip(own.digits.labels, own.hashes, strict=True):
        of_digit[int(label)].add(digest)
    chosen: set[str] = set()
    for digests in of_digit.values():
        # At least one, so that every digit is measured; but the only one there is, is learned from.
        num_chosen = min(len(digests) - 1, max(1, round(HELD_BACK_SHARE * len(digests))))
        chosen.update(sorted(digests)[:num_chosen])
    return np.array([digest in chosen for digest in own.hashes])
