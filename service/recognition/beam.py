"""The likeliest labels of a reader's frames, free or under a rule, by prefix search with a beam.

The search goes through the frames once. It keeps *beginnings* of labels, each with the mass of the paths that have
written just that so far; paths that write the same thing are one beginning, whatever blanks and repeats they had.
Light beginnings are dropped, and what they weighed is added up: no label that the search misses can weigh more.

A rule is asked which digits may follow. A beginning that no allowed text has is never kept, so that the beam is spent
on what can still be an answer.

Source: Graves 2012, "Supervised Sequence Labelling with Recurrent Neural Networks", 7.5.3, prefix search; in the
frame-by-frame form of Hannun et al. 2014, arXiv 1408.2873.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from service.recognition.alphabet import BLANK, SYMBOLS
from service.recognition.automaton import Automaton, Rule
from service.recognition.probability import Probs

# What is a million times lighter than the best is not followed: far below what makes a reading plausible, and on clean
# pictures it leaves a handful of beginnings.
FLOOR = 1e-6
FAINT = 1e-100  # where masses are scaled up again, before they vanish among the smallest floats
QUIET = 1e-5  # a frame whose symbols together are less probable than this is taken for blank paper


def without_long_blanks(probs: Probs) -> tuple[Probs, NDArray[np.int64]]:
    """Frames of which each run of blank paper is one.

    On a clean page most frames show nothing but blank, and everything that walks through the frames is the faster for
    their being put together. The blank keeps its probability exactly; what is left out are the paths that write a
    symbol in the middle of such a run, each less probable than `QUIET`.

    Args:
        probs: float64 (num_frames, 12), each row summing to 1.

    Returns:
        float64 (num_kept, 12), and int64 (num_kept,): for each the first of the frames that it stands for.
    """
    is_quiet = probs[:, BLANK] >= 1.0 - QUIET
    goes_on = is_quiet[1:] & is_quiet[:-1]
    firsts = np.flatnonzero(np.concatenate([[True], ~goes_on]))
    kept = probs[firsts]
    kept[:, BLANK] = np.multiply.reduceat(probs[:, BLANK], firsts)
    return kept, firsts


@dataclass(frozen=True, slots=True)
class Beam:
    """What a search found.

    Attributes:
        masses: probability of each label found, the heaviest first. It lacks the paths that went through a dropped
            beginning, so it is a lower bound, and a tight one for the heavy labels.
        lost: probability, 0 to 1, of all that was dropped for being light. What a rule forbids is not in it.
    """

    masses: dict[str, float]
    lost: float


def search(probs: Probs, *, width: int, rule: Rule | None = None) -> Beam:
    """The labels that the frames most likely show.

    Args:
        probs: float64 (num_frames, 12), each row summing to 1.
        width: most beginnings that are kept from frame to frame.
        rule: where given, only texts that it accepts are found, and no label with a mark that is no digit.
    """
    automaton = None if rule is None else Automaton(rule)
    labels, parents = [""], np.array([-1])
    states = np.array([0])
    last = np.array([BLANK])
    # The mass of a beginning, in two parts: the paths that are in a blank now, and those in its last symbol.
    in_blank, in_symbol = np.ones(1), np.zeros(1)
    mass, total = in_blank, 1.0
    unit = 1.0  # probability that a mass of 1 stands for; below 1 only after long stretches of noise
    lost = 0.0
    is_quiet = probs[:, BLANK] >= 1.0 - QUIET
    for frame, quiet in zip(probs, is_quiet, strict=True):
        if not labels:
            break  # the rule forbids all that the frames show
        if total < FAINT:
            mass, in_blank, in_symbol = mass / total, in_blank / total, in_symbol / total
            unit, total = unit * total, 1.0
        stay_blank = mass * frame[BLANK]
        stay_symbol = in_symbol * frame[last]
        if quiet:
            in_blank, in_symbol = stay_blank, stay_symbol
            before, mass = total, stay_blank + stay_symbol
            total = float(mass.sum())
            lost += unit * (before - total)
            continue

        longer = mass[:, None] * frame  # (num_beginnings, 12): each with each symbol behind it
        longer[np.arange(len(last)), last] = in_blank * frame[last]  # a repeated symbol needs a blank between
        longer[:, BLANK] = 0.0
        forbidden = 0.0
        if automaton is not None:
            is_open = automaton.is_open(states)
            forbidden = float(longer[~is_open].sum())
            longer *= is_open
        # A beginning whose parent is alive, too, gets what the parent writes now; it is not a second one.
        children = (parents >= 0).nonzero()[0]
        stay_symbol[children] += longer[parents[children], last[children]]
        longer[parents[children], last[children]] = 0.0

        kept = _heaviest(np.concatenate([stay_blank + stay_symbol, longer.ravel()]), width)
        stayed = kept[kept < len(last)]
        origins, symbols = np.divmod(kept[len(stayed) :] - len(last), len(SYMBOLS))
        grown = longer[origins, symbols]
        in_blank = np.concatenate([stay_blank[stayed], np.zeros(len(grown))])
        in_symbol = np.concatenate([stay_symbol[stayed], grown])
        before, mass = total, in_blank + in_symbol
        total = float(mass.sum())
        lost += unit * (before - forbidden - total)
        if len(grown) or len(stayed) < len(last):
            labels = [labels[row] for row in stayed.tolist()] + [
                labels[row] + SYMBOLS[symbol] for row, symbol in zip(origins.tolist(), symbols.tolist(), strict=True)
            ]
            places = {label: place for place, label in enumerate(labels)}
            parents = np.array([places.get(label[:-1], -1) if label else -1 for label in labels], dtype=np.int64)
            last = np.concatenate([last[stayed], symbols])
            if automaton is not None:
                states = np.concatenate([states[stayed], automaton.next_states(states[origins], symbols)])
    masses = dict(zip(labels, mass.tolist(), strict=True))
    if automaton is not None:
        accepted = [label for label, state in zip(labels, states.tolist(), strict=True) if automaton.accepts(state)]
        masses = {label: masses[label] for label in accepted}
    ranking = sorted(masses, key=masses.__getitem__, reverse=True)
    return Beam({label: unit * masses[label] for label in ranking}, float(np.clip(lost, 0.0, 1.0)))


def _heaviest(masses: NDArray[np.float64], width: int) -> NDArray[np.int64]:
    """Where the heaviest stand, at most `width` and none below the floor, in rising order."""
    kept: NDArray[np.int64] = (masses > masses.max() * FLOOR).nonzero()[0]
    if len(kept) > width:
        kept = np.sort(kept[np.argpartition(masses[kept], -width)[-width:]])
    return kept
