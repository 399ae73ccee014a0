"""How much of what the frames may show satisfies a rule: the forward sum over all texts that it accepts, together.

Texts that lead a rule to the same state need not be told apart. So the sum runs over the rule's states, with the symbol
that was written last, as the forward sum of one label runs over its symbols. It is exact, and no beam could be where a
hundred thousand texts weigh a little each.
"""

import numpy as np

from service.recognition.alphabet import BLANK, NUM_CLASSES
from service.recognition.automaton import Automaton, Rule
from service.recognition.probability import Probs

MAX_STATES = 600  # some 50 microseconds a frame


def satisfying_mass(probs: Probs, rule: Rule) -> float | None:
    """The probability of all texts with at least one digit that a rule accepts.

    Args:
        probs: float64 (num_frames, 12), each row summing to 1.
        rule: one whose state before the first digit is no other text's.

    Returns:
        0 to 1; None where the rule has more than `MAX_STATES` states.
    """
    automaton = Automaton(rule)
    table = automaton.explore_all(MAX_STATES)
    if table is None:
        return None
    num_states = len(table)
    # What is written into closed states falls into one more row, which is cut off.
    targets = (np.where(table < 0, num_states, table) * NUM_CLASSES + np.arange(NUM_CLASSES)).ravel()
    num_targets = (num_states + 1) * NUM_CLASSES
    in_blank = np.zeros(num_states)
    in_blank[0] = 1.0
    in_symbol = np.zeros((num_states, NUM_CLASSES))  # by the state, and by the symbol that led to it
    for frame in probs:
        mass = in_blank + in_symbol.sum(axis=1)
        written = (mass[:, None] - in_symbol) * frame  # a repeated symbol needs a blank between
        arrived = np.bincount(targets, written.ravel(), minlength=num_targets).reshape(-1, NUM_CLASSES)[:-1]
        in_symbol *= frame
        in_symbol += arrived
        in_symbol[:, BLANK] = 0.0
        in_blank = mass * frame[BLANK]
    total = in_blank + in_symbol.sum(axis=1)
    is_accepting = np.array([automaton.accepts(state) for state in range(num_states)])
    is_accepting[0] = False  # the text without a digit
    return float(min(total[is_accepting].sum(), 1.0))
