"""Which of a person's own digits are held back to measure by."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from trainer.finetune.digits import OwnDigits

HELD_BACK_SHARE = 0.2
MOST_HELD_BACK_SHARE = 0.35  # of whole writers; who wrote more is learned from


def hold_back(own: OwnDigits) -> tuple[NDArray[np.bool_], str]:
    """About a fifth of the pictures, the same ones every time.

    Chance is a hash, of the writer or of the picture itself: no order of files matters, the same picture never stands
    on both sides, and a few more pictures move few of the others.

    Where several writers are named, whole writers are held back: a hand that was learned from says little about other
    hands. Where none wrote so little that the others suffice to learn from, and where one wrote all, a fifth of each
    digit's pictures is.

    Returns:
        Which are held back, bool (n,); and what was drawn, `writer` or `picture`.
    """
    chosen = _writers_held_back(own.writers or ())
    if chosen:
        return np.array([writer in chosen for writer in own.writers or ()]), "writer"
    return _by_picture(own), "picture"


def _writers_held_back(writers: Sequence[str]) -> set[str]:
    """Writers of about a fifth of the pictures, none of whom makes it more than a third; perhaps nobody."""
    num_of = Counter(writers)
    chosen: set[str] = set()
    num_chosen = 0
    for writer in sorted(num_of, key=lambda writer: hashlib.sha256(writer.encode()).hexdigest()):
        if num_chosen >= HELD_BACK_SHARE * len(writers):
            break
        if num_chosen + num_of[writer] <= MOST_HELD_BACK_SHARE * len(writers):
            chosen.add(writer)
            num_chosen += num_of[writer]
    return chosen


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
