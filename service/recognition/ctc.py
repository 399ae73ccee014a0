"""What connectionist temporal classification says about a label: how likely it is, and where its symbols stand.

A reader gives every frame a distribution over the classes. A *path* picks one class per frame; it writes a label by
dropping repeats first and blanks then, so "3_3" writes "33" and "33" writes "3". The probability of a label is the sum
over all paths that write it. It is computed on the label's *states*, its symbols with a blank before, between and
after:

    label "15"     states  _ 1 _ 5 _     a path stays, moves on by one, or skips a blank between unlike symbols

Everything here works on probabilities that were divided, frame by frame, by the largest of the frame. The likeliest
path then weighs 1, so no sum overflows, and what underflows is less than 1e-300 as likely as that path. That spares the
logarithms of the textbook, which would cost most of the time.

Source: Graves et al. 2006, "Connectionist Temporal Classification", section 4.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from service.recognition.alphabet import BLANK, NUM_CLASSES, SYMBOLS, classes_of
from service.recognition.probability import Probs

Floats: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Span:
    """The frames that a symbol is written in, both included."""

    first_frame: int
    last_frame: int


def greedy_label(probs: Probs) -> str:
    """The label of the likeliest path.

    Args:
        probs: float64 (num_frames, 12), each row summing to 1.
    """
    path = probs.argmax(axis=1)
    is_new = np.diff(path, prepend=BLANK) != 0
    return "".join(SYMBOLS[symbol] for symbol in path[is_new & (path != BLANK)])


def label_log_probs(probs: Probs, labels: Sequence[str]) -> Floats:
    """How likely each label is: the forward sum over all paths that write it.

    Args:
        probs: float64 (num_frames, 12), each row summing to 1.
        labels: strings over the digits and `?`, of any lengths, the empty one included.

    Returns:
        float64 (len(labels),), natural logarithms; minus infinity for a label that does not fit into the frames.
    """
    if not labels:
        return np.zeros(0)
    scaled, log_scale = _scale(probs)
    lattices = [_Lattice.of(label) for label in labels]
    num_states = max(len(lattice.classes) for lattice in lattices)
    classes = np.zeros((len(labels), num_states), dtype=np.int64)
    may_skip = np.zeros((len(labels), num_states))
    for row, lattice in enumerate(lattices):
        # What is padded behind a label's last state is never looked at: paths only move to the right.
        classes[row, : len(lattice.classes)] = lattice.classes
        may_skip[row, : len(lattice.classes)] = lattice.may_skip
    last = _walk(scaled[:, classes], may_skip)[-1]
    ends = np.array([len(lattice.classes) - 1 for lattice in lattices])
    rows = np.arange(len(labels))
    # A path ends in the last blank or in the last symbol; the empty label has the one blank only.
    total = last[rows, ends] + np.where(ends > 0, last[rows, ends - 1], 0.0)
    with np.errstate(divide="ignore"):
        log_probs: Floats = np.log(total) + log_scale
    return log_probs


def symbol_shares(probs: Probs, label: str) -> Floats:
    """For every symbol of a label: it, or another symbol in its place, or none?

    Each row compares the label with the eleven that differ from it in this one place, by their forward sums. All of
    them share the paths before and after that place, so one walk from the left and one from the right serve them
    together.

    Args:
        probs: float64 (num_frames, 12), each row summing to 1.
        label: string over the digits and `?` that fits into the frames.

    Returns:
        float64 (len(label), 12), rows summing to 1: at a symbol's class the share of the label that has this symbol in
        the place, at the blank's class that of the label without the place.
    """
    scaled, _ = _scale(probs)
    num_frames, num_symbols = len(scaled), len(label)
    if num_symbols == 0:
        return np.zeros((0, NUM_CLASSES))
    before, after = _walk_both_ways(scaled, label)
    classes = classes_of(label)
    places = np.arange(num_symbols)
    blank_before, symbol_before = 2 * places, 2 * places - 1
    blank_after, symbol_after = 2 * places + 2, 2 * places + 3
    has_before, has_after = places > 0, places < num_symbols - 1
    neighbor_before = np.where(has_before, np.roll(classes, 1), BLANK)
    neighbor_after = np.where(has_after, np.roll(classes, -1), BLANK)

    # What leads into place i at frame t, and what follows on it: through the blank, or straight from the neighbor.
    into_by_blank = _later(before[:, blank_before], first=~has_before)
    into_by_symbol = _later(np.where(has_before, before[:, symbol_before], 0.0))
    out_by_blank = _sooner(after[:, blank_after], last=~has_after)
    out_by_symbol = _sooner(np.where(has_after, after[:, np.minimum(symbol_after, after.shape[1] - 1)], 0.0))

    every_class = np.arange(NUM_CLASSES)
    differs_before = neighbor_before[:, None] != every_class  # (places, 12)
    differs_after = neighbor_after[:, None] != every_class
    enter = into_by_blank[:, :, None] + into_by_symbol[:, :, None] * differs_before  # (num_frames, places, 12)
    leave = out_by_blank[:, :, None] + out_by_symbol[:, :, None] * differs_after
    written = np.zeros((num_symbols, NUM_CLASSES))
    shares = np.zeros((num_symbols, NUM_CLASSES))
    for frame in range(num_frames):
        written += enter[frame]
        written *= scaled[frame]
        shares += written * leave[frame]

    # Without the place, the neighbor after it is entered from what lies before it.
    is_unlike = neighbor_before != neighbor_after
    onward = np.where(has_after, after[:, np.minimum(symbol_after, after.shape[1] - 1)], 0.0)
    dropped = ((into_by_blank + into_by_symbol * is_unlike) * onward).sum(axis=0)
    dropped[-1] = before[-1, blank_before[-1]] + (before[-1, symbol_before[-1]] if num_symbols > 1 else 0.0)
    shares[:, BLANK] = dropped
    result: Floats = shares / np.maximum(shares.sum(axis=1, keepdims=True), np.finfo(np.float64).tiny)
    return result


def align(probs: Probs, label: str) -> tuple[Span, ...]:
    """Where each symbol of a label is written, on the likeliest of its paths (Viterbi).

    Args:
        probs: float64 (num_frames, 12), each row summing to 1.
        label: string over the digits and `?` that fits into the frames.

    Returns:
        One span per symbol, from left to right, never overlapping.
    """
    lattice = _Lattice.of(label)
    num_frames, num_states = len(probs), len(lattice.classes)
    # A frame that rules a symbol out altogether still costs something finite, so that there always is a path.
    costs = -np.log(np.maximum(probs, np.finfo(np.float64).tiny))[:, lattice.classes]
    no_skip = np.where(lattice.may_skip > 0, 0.0, np.inf)
    ways = np.full((3, num_states), np.inf)  # stay, move on by one, skip a blank
    cheapest = np.full(num_states, np.inf)
    cheapest[:2] = costs[0, :2]
    steps = np.zeros((num_frames, num_states), dtype=np.int64)
    for frame in range(1, num_frames):
        ways[0] = cheapest
        ways[1, 1:] = cheapest[:-1]
        ways[2, 2:] = cheapest[:-2] + no_skip[2:]
        ways.argmin(axis=0, out=steps[frame])
        cheapest = ways.min(axis=0) + costs[frame]
    state = num_states - 1 if num_states == 1 or cheapest[-1] <= cheapest[-2] else num_states - 2
    first, last = [0] * len(label), [0] * len(label)
    for frame in range(num_frames - 1, -1, -1):
        if state % 2:
            symbol = state // 2
            last[symbol] = max(last[symbol], frame)
            first[symbol] = frame
        state -= int(steps[frame, state])
    return tuple(Span(*frames) for frames in zip(first, last, strict=True))


@dataclass(frozen=True, slots=True)
class _Lattice:
    """The states of a label.

    Attributes:
        classes: int64 (2 * len(label) + 1,), the class of each state.
        may_skip: float64 of the same shape, 1 where the blank before a state may be left out, else 0.
    """

    classes: NDArray[np.int64]
    may_skip: Floats

    @staticmethod
    def of(label: str) -> "_Lattice":
        classes = np.full(2 * len(label) + 1, BLANK, dtype=np.int64)
        classes[1::2] = classes_of(label)
        may_skip = np.zeros(len(classes))
        may_skip[3::2] = classes[3::2] != classes[1:-2:2]  # between equal symbols, the blank is what parts them
        return _Lattice(classes, may_skip)


def _scale(probs: Probs) -> tuple[Floats, float]:
    """Frames divided by their largest probability, and the logarithm of what was divided out."""
    largest = probs.max(axis=1, keepdims=True)
    return probs / largest, float(np.log(largest).sum())


def _walk(emitted: Floats, may_skip: Floats) -> Floats:
    """The forward variables of several labels at once.

    Args:
        emitted: float64 (num_frames, num_labels, num_states), scaled probability of each state's class; overwritten.
        may_skip: float64 (num_labels, num_states), 0 or 1.

    Returns:
        `emitted`, now the weight of all beginnings of paths that stand in a state at a frame, that frame included.
    """
    emitted[0, :, 2:] = 0.0  # a path starts in the first blank or in the first symbol
    skips = may_skip[:, 2:]
    reached = np.empty_like(emitted[0])
    for previous, weights in pairwise(emitted):
        np.copyto(reached, previous)
        reached[:, 1:] += previous[:, :-1]
        reached[:, 2:] += previous[:, :-2] * skips
        weights *= reached
    return emitted


def _walk_both_ways(scaled: Floats, label: str) -> tuple[Floats, Floats]:
    """Forward and backward variables of one label, both float64 (num_frames, num_states) and with their own frame."""
    lattice, mirrored = _Lattice.of(label), _Lattice.of(label[::-1])
    emitted = np.stack([scaled[:, lattice.classes], scaled[::-1, mirrored.classes]], axis=1)
    both = _walk(emitted, np.stack([lattice.may_skip, mirrored.may_skip]))
    return both[:, 0], both[::-1, 1, ::-1]


def _later(weights: Floats, *, first: NDArray[np.bool_] | None = None) -> Floats:
    """Move (num_frames, places) on by one frame; a place that `first` marks can begin the path."""
    moved = np.zeros_like(weights)
    moved[1:] = weights[:-1]
    if first is not None:
        moved[0] = first
    return moved


def _sooner(weights: Floats, *, last: NDArray[np.bool_] | None = None) -> Floats:
    """Move (num_frames, places) back by one frame; a place that `last` marks can end the path."""
    moved = np.zeros_like(weights)
    moved[:-1] = weights[1:]
    if last is not None:
        moved[-1] = last
    return moved
