"""Which digits may follow: a rule about texts, and the table of its states that a search looks up."""

from collections.abc import Hashable, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from service.recognition.alphabet import DIGITS, NUM_CLASSES, class_of_digit

_CLOSED = -1
_UNSEEN = -2


class Rule(Protocol):
    """What texts are allowed, told digit by digit. A state is whatever a rule likes to remember of a text."""

    @property
    def start(self) -> Hashable:
        """The state before the first digit."""

    def step(self, state: Any, digit: int) -> Hashable | None:
        """The state after one more digit; None where no allowed text goes on so."""

    def accepts(self, state: Any) -> bool:
        """Whether a text may end here."""


class AllOf:
    """Texts that satisfy every one of several rules.

    Args:
        rules: one or more.
    """

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = tuple(rules)

    @property
    def start(self) -> Hashable:
        """Every rule's own."""
        return tuple(rule.start for rule in self._rules)

    def step(self, state: tuple[Any, ...], digit: int) -> Hashable | None:
        """None as soon as one rule says so."""
        after = []
        for rule, before in zip(self._rules, state, strict=True):
            reached = rule.step(before, digit)
            if reached is None:
                return None
            after.append(reached)
        return tuple(after)

    def accepts(self, state: tuple[Any, ...]) -> bool:
        """Whether all do."""
        return all(rule.accepts(own) for rule, own in zip(self._rules, state, strict=True))


def is_allowed(rule: Rule, text: str) -> bool:
    """Whether a rule accepts a text of digits."""
    state: Hashable | None = rule.start
    for digit in text:
        state = rule.step(state, int(digit))
        if state is None:
            return False
    return rule.accepts(state)


def has_text(rule: Rule, *, most_states: int) -> bool | None:
    """Whether a rule accepts any text at all; None where that does not show within so many states.

    The first text is soon found where there are many, and where there is none the beginnings soon end. Only a rule that
    lets many texts begin, and none of them end, takes long.
    """
    waiting = [rule.start]
    for _ in range(most_states):
        if not waiting:
            return False
        state = waiting.pop()
        if rule.accepts(state):
            return True
        waiting += [reached for digit in range(10) if (reached := rule.step(state, digit)) is not None]
    return None


class Automaton:
    """The states of a rule as numbers, found as a search comes to them; the start is 0.

    A rule can have more states than anyone could list, such as every beginning of a million allowed texts. A search
    comes to a few hundred.
    """

    def __init__(self, rule: Rule) -> None:
        self._rule = rule
        self._states: list[Hashable] = [rule.start]
        self._numbers: dict[Hashable, int] = {rule.start: 0}
        self._next = np.full((64, NUM_CLASSES), _UNSEEN, dtype=np.int64)

    def is_open(self, states: NDArray[np.int64]) -> NDArray[np.bool_]:
        """What may follow.

        Args:
            states: int64 (n,), numbers that this automaton gave.

        Returns:
            bool (n, 12), per class of the alphabet; false for the blank and for marks that are no digit.
        """
        rows = self._next[states]
        unseen = rows[:, 0] == _UNSEEN
        if unseen.any():
            for state in set(states[unseen].tolist()):
                self._explore(state)
            rows = self._next[states]
        is_open: NDArray[np.bool_] = rows != _CLOSED
        return is_open

    def next_states(self, states: NDArray[np.int64], classes: NDArray[np.int64]) -> NDArray[np.int64]:
        """The states after one more digit each, int64 (n,); of states and classes that `is_open` has found open."""
        return self._next[states, classes]

    def explore_all(self, most: int) -> NDArray[np.int64] | None:
        """All states there are.

        Args:
            most: number of states from which on they are too many.

        Returns:
            int64 (num_states, 12), the next states by class, -1 where none follows; None where there are too many.
        """
        explored = 0
        while explored < len(self._states):
            if len(self._states) > most:
                return None
            if self._next[explored, 0] == _UNSEEN:
                self._explore(explored)
            explored += 1
        return self._next[:explored]

    def accepts(self, state: int) -> bool:
        """Whether a text may end in this state."""
        return self._rule.accepts(self._states[state])

    def _explore(self, state: int) -> None:
        row = np.full(NUM_CLASSES, _CLOSED, dtype=np.int64)
        for digit in range(len(DIGITS)):
            reached = self._rule.step(self._states[state], digit)
            if reached is not None:
                row[class_of_digit(digit)] = self._number(reached)
        self._next[state] = row

    def _number(self, state: Hashable) -> int:
        if state not in self._numbers:
            self._numbers[state] = len(self._states)
            self._states.append(state)
            if len(self._states) > len(self._next):
                self._next = np.concatenate([self._next, np.full_like(self._next, _UNSEEN)])
        return self._numbers[state]
