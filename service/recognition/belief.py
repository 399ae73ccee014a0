"""What the views of a line say about labels, and how much of it a constraint leaves.

A view is a distribution over labels, and several views of a line are believed alike: the probability of a label is the
mean over them. So a label that one view misses, because a stroke was lost there, may still be the likeliest.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from service.recognition.alphabet import NUM_CLASSES, classes_of
from service.recognition.automaton import Rule
from service.recognition.beam import Beam
from service.recognition.ctc import label_log_probs, symbol_shares
from service.recognition.probability import Probs
from service.recognition.satisfying_mass import satisfying_mass

NUM_EXACT = 12  # labels whose forward sum is computed; the beam's own masses order the others
TOLERABLE_LOSS = 0.002  # of what was found; below, the exact sum would not change the third digit of a confidence
NEGLIGIBLE = 1e-9  # of what all views say of a label; one that says less has no part in its shares

# One picture in a hundred is assumed not to show what was asked for: another form, a slip of the pen.
BROKEN_PRIOR = 0.01


@dataclass(frozen=True, slots=True)
class Candidate:
    """A label that the picture may show.

    Attributes:
        of_views: its probability in each view.
    """

    label: str
    of_views: tuple[float, ...]

    @property
    def prob(self) -> float:
        """The mean over the views."""
        return sum(self.of_views) / len(self.of_views)


@dataclass(frozen=True, slots=True)
class Belief:
    """How much of the free belief satisfies a constraint, and what the constraint makes of it.

    Dividing by the satisfying mass alone would say that the constraint holds for certain. A picture of something else
    would then be forced to the nearest text that is allowed, at full confidence. So the constraint is taken for a
    statement that is true of 99 pictures in 100. By Bayes' rule, a picture of which the share m of the free belief
    satisfies it breaks it with probability u = b / (b + (1 - b) m), where b is `BROKEN_PRIOR`; a text of free
    probability p, which satisfies it, is right with p ((1 - u) / m + u). With all the mass on satisfying texts that is
    p; with half of it, a lone text gets 0.99; with a tenth 0.92; with a hundredth 0.50; with a thousandth 0.09.

    The rule takes every text to be as likely to satisfy a constraint by chance as not. In truth few do, and that would
    make the constraint more credible still; what is left out is on the careful side.

    Attributes:
        least_mass: free probability of the satisfying texts, as far as it is known.
        most_mass: what it can be at most. The two differ where the search had to drop much and the rule has too many
            states for the exact sum; then the larger is divided by, and the smaller believed.
    """

    least_mass: float
    most_mass: float

    @staticmethod
    def of(views: Sequence[Probs], rule: Rule, beams: Sequence[Beam], satisfying: Sequence[Candidate]) -> "Belief":
        """The mean over the views of what each says.

        Args:
            views: float64 (num_frames, 12) each, rows summing to 1.
            rule: of the constraint.
            beams: of a search under the rule in each view.
            satisfying: what it found, with forward sums.
        """
        of_views = [
            _masses(probs, rule, beam, {one.label: one.of_views[index] for one in satisfying})
            for index, (probs, beam) in enumerate(zip(views, beams, strict=True))
        ]
        least, most = (sum(masses) / len(of_views) for masses in zip(*of_views, strict=True))
        return Belief(least, most)

    def confidence(self, prob: float) -> float:
        """Of a satisfying text with this free probability: how likely it is right, 0 to 1."""
        broken = BROKEN_PRIOR / (BROKEN_PRIOR + (1.0 - BROKEN_PRIOR) * self.least_mass)
        return min(prob * ((1.0 - broken) / self.most_mass + broken), 1.0)


def heaviest_candidates(views: Sequence[Probs], beams: Sequence[Beam]) -> list[Candidate]:
    """The heaviest labels of the searches with their exact probabilities, best first.

    Left out is what cannot be written into the first view, for nobody could say where its digits are. What that view
    itself finds heaviest is always among them.
    """
    masses: dict[str, float] = defaultdict(float)
    for beam in beams:
        for label, mass in beam.masses.items():
            masses[label] += mass
    heaviest = sorted(masses, key=masses.__getitem__, reverse=True)[:NUM_EXACT]
    labels = list(dict.fromkeys([*heaviest, *list(beams[0].masses)[:1]]))
    of_views = np.exp([label_log_probs(probs, labels) for probs in views])
    candidates = [
        Candidate(label, tuple(probs)) for label, probs in zip(labels, of_views.T.tolist(), strict=True) if probs[0]
    ]
    return sorted(candidates, key=lambda candidate: -candidate.prob)


def shares_of_symbols(views: Sequence[Probs], chosen: Candidate) -> NDArray[np.float64]:
    """`symbol_shares` of a label by all views together: float64 (len(label), 12), rows summing to 1."""
    if len(views) == 1:
        return symbol_shares(views[0], chosen.label)
    rows, classes = np.arange(len(chosen.label)), classes_of(chosen.label)
    total = np.zeros((len(chosen.label), NUM_CLASSES))
    for probs, prob in zip(views, chosen.of_views, strict=True):
        if prob > NEGLIGIBLE * chosen.prob:
            # A view counts by how likely it finds the label, and those that differ from it in the one place.
            shares = symbol_shares(probs, chosen.label)
            total += shares * (prob / shares[rows, classes])[:, np.newaxis]
    normalized: NDArray[np.float64] = total / total.sum(axis=1, keepdims=True)
    return normalized


def _masses(probs: Probs, rule: Rule, beam: Beam, exact: dict[str, float]) -> tuple[float, float]:
    """What satisfies a rule in one view: at least, and at most; `exact` are the forward sums that are known."""
    found = sum(mass for label, mass in {**beam.masses, **exact}.items() if label)
    if found and beam.lost > TOLERABLE_LOSS * found:
        mass = satisfying_mass(probs, rule)
        if mass is not None:
            return mass, mass
    return min(found, 1.0), min(found + beam.lost, 1.0)
