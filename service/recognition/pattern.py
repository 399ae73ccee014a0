r"""Regular expressions over digits, matched whole and in linear time.

    digits 0-9   .   \d   [0-4]   [^05]   ( )   (?: )   |   *   +   ?   {3}   {2,}   {2,5}   ^ and $ at the ends

There are no back references and no looking around, so a pattern is a finite automaton, and a text is matched in one
pass whatever the pattern is. A state of the automaton is the set of places in the pattern where a text so far can
stand, kept as the bits of one integer; no table of states is made beforehand, so none can explode.

Source: Glushkov 1961, "The abstract theory of automata"; the sets as bits after Navarro and Raffinot 2005, "New
techniques for regular expression searching".
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NoReturn

from service.recognition.alphabet import DIGITS
from service.recognition.errors import InvalidParameter

MAX_PATTERN_CHARACTERS = 200
MAX_PLACES = 500  # digits with repeats written out; keeps a step at some 30 microseconds for the worst of patterns
MAX_REMEMBERED = 64  # patterns, of which the largest take 50 KB
_ALL_DIGITS = frozenset(range(10))
_SPECIAL = "|*+?{}()[]^$.\\"
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_START = 1  # the bit of the place before the first digit


@dataclass(frozen=True, slots=True)
class PatternRule:
    """The texts that a pattern matches whole. Made by `compile_pattern`; it is a `Rule`.

    Attributes:
        pattern: as it was given.
        follow: for each place the set of places that can come next; place 0 stands before the first digit.
        at_digit: for each digit the set of places that it can stand at.
        ends: the places where a text may end.
    """

    pattern: str
    follow: tuple[int, ...] = field(repr=False)
    at_digit: tuple[int, ...] = field(repr=False)
    ends: int = field(repr=False)

    @property
    def start(self) -> Hashable:
        """Before the first digit."""
        return _START

    def step(self, state: int, digit: int) -> Hashable | None:
        """Every place that can come next and takes the digit."""
        return self._after(state) & self.at_digit[digit] or None

    def accepts(self, state: int) -> bool:
        """Whether one of the places is a last one."""
        return bool(state & self.ends)

    def has_length(self, least: int, most: int | None) -> bool:
        """Whether a text of so many digits matches.

        Args:
            least: number of digits at least.
            most: number of digits at most; None for any number.
        """
        reached = _START
        for _ in range(least):
            reached = self._after(reached)
        if most is not None:
            for _ in range(least, most):
                if reached & self.ends:
                    break
                reached = self._after(reached)
            return bool(reached & self.ends)
        seen, new = reached, reached
        while new:
            new = self._after(new) & ~seen
            seen |= new
        return bool(seen & self.ends)

    def _after(self, places: int) -> int:
        """Every place that can come next, whatever the digit: each takes one at least."""
        reached = 0
        for place in _bits(places):
            reached |= self.follow[place]
        return reached


@lru_cache(maxsize=MAX_REMEMBERED)  # a template may hold two thousand fields to one pattern
def compile_pattern(pattern: str) -> PatternRule:
    """Turn a pattern into a rule.

    Args:
        pattern: at most 200 characters, for example "[1-9][0-9]*".

    Raises:
        InvalidParameter: it is not a pattern, or more than is understood here; the message names the position,
            counted from 0.
    """
    if len(pattern) > MAX_PATTERN_CHARACTERS:
        raise InvalidParameter(
            f"`pattern` has {len(pattern)} characters; at most {MAX_PATTERN_CHARACTERS} are accepted."
        )
    tree = _Parser(pattern).parse()
    places = _Places(pattern)
    whole = places.lay_out(tree)
    places.follow[0] = whole.first
    ends = whole.last | (_START if whole.is_nullable else 0)
    return PatternRule(pattern, tuple(places.follow), tuple(places.at_digit), ends)


@dataclass(frozen=True, slots=True)
class _Class:
    position: int  # in the pattern, for messages
    digits: frozenset[int]


@dataclass(frozen=True, slots=True)
class _Sequence:
    parts: tuple["_Node", ...]


@dataclass(frozen=True, slots=True)
class _Choice:
    options: tuple["_Node", ...]


@dataclass(frozen=True, slots=True)
class _Repeat:
    part: "_Node"
    least: int
    most: int | None  # None: any number of times


_Node = _Class | _Sequence | _Choice | _Repeat


class _Parser:
    """Recursive descent: a choice of sequences of repeated atoms."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._position = 0

    def parse(self) -> _Node:
        self._take("^")
        tree = self._choice()
        if self._peek() == ")":
            self._refuse("this ) closes nothing")
        if self._peek() == "^":
            self._refuse("^ may only stand at the start")
        if self._take("$") and self._peek():
            self._refuse("$ may only stand at the end", at=self._position - 1)
        return tree

    def _choice(self) -> _Node:
        options = [self._sequence()]
        while self._take("|"):
            options.append(self._sequence())
        return options[0] if len(options) == 1 else _Choice(tuple(options))

    def _sequence(self) -> _Node:
        parts: list[_Node] = []
        while self._peek() not in ("", "|", ")", "^", "$"):
            parts.append(self._repeated())
        return parts[0] if len(parts) == 1 else _Sequence(tuple(parts))

    def _repeated(self) -> _Node:
        atom = self._atom()
        start = self._position
        if self._take("*"):
            atom = _Repeat(atom, 0, None)
        elif self._take("+"):
            atom = _Repeat(atom, 1, None)
        elif self._take("?"):
            atom = _Repeat(atom, 0, 1)
        elif self._take("{"):
            least = self._number("how often what stands before { repeats")
            most: int | None = least
            if self._take(","):
                most = None if self._peek() == "}" else self._number("the most repeats, or }")
            if not self._take("}"):
                self._refuse("} is missing")
            if most is not None and most < least:
                self._refuse(f"{{{least},{most}}} asks for at least {least} and at most {most}", at=start)
            atom = _Repeat(atom, least, most)
        if self._peek() in ("*", "+", "?", "{") and self._position > start:
            self._refuse(f"{self._peek()} follows on another repeat; put what is repeated in ( )")
        return atom

    def _atom(self) -> _Node:
        position = self._position
        character = self._peek()
        if self._take("("):
            if self._take("?") and not self._take(":"):
                self._refuse("of groups with ? only (?: ) is understood", at=position)
            inner = self._choice()
            if not self._take(")"):
                if self._peek() in ("^", "$"):
                    self._refuse(f"{self._peek()} may only stand at an end of the whole pattern")
                self._refuse("this ( is never closed", at=position)
            return inner
        if self._take("["):
            return self._bracket(position)
        if self._take("."):
            return _Class(position, _ALL_DIGITS)
        if self._take("\\"):
            if self._take("d"):
                return _Class(position, _ALL_DIGITS)
            self._refuse("of escapes only \\d is understood", at=position)
        if character in ("*", "+", "?", "{"):
            self._refuse(f"{character} has nothing before it to repeat")
        if character in _SPECIAL:
            self._refuse(f"{character} cannot stand here")
        return _Class(position, frozenset([self._digit()]))

    def _bracket(self, position: int) -> _Node:
        is_negated = self._take("^")
        digits: set[int] = set()
        while not self._take("]"):
            if self._peek() == "":
                self._refuse("this [ is never closed", at=position)
            if self._take("\\"):
                if not self._take("d"):
                    self._refuse("of escapes only \\d is understood", at=self._position - 1)
                digits |= _ALL_DIGITS
                continue
            start = self._position
            low = high = self._digit()
            if self._take("-"):
                high = self._digit()
            if high < low:
                self._refuse(f"the range {low}-{high} runs backwards", at=start)
            digits.update(range(low, high + 1))
        allowed = _ALL_DIGITS - digits if is_negated else frozenset(digits)
        if not allowed:
            self._refuse("no digit fits these brackets", at=position)
        return _Class(position, allowed)

    def _digit(self) -> int:
        character = self._peek()
        # Not str.isdigit: that is also true of digits of other scripts.
        if character == "" or character not in DIGITS:
            self._refuse(
                f"{quoted(character)} is no digit; only digits are read" if character else "a digit is missing"
            )
        self._position += 1
        return int(character)

    def _number(self, wanted: str) -> int:
        start = self._position
        while self._peek() and self._peek() in DIGITS:
            self._position += 1
        if self._position == start:
            self._refuse(f"a number is missing: {wanted}")
        return int(self._pattern[start : self._position])

    def _peek(self) -> str:
        return self._pattern[self._position : self._position + 1]

    def _take(self, character: str) -> bool:
        if self._peek() != character:
            return False
        self._position += 1
        return True

    def _refuse(self, complaint: str, *, at: int | None = None) -> NoReturn:
        raise _bad_pattern(self._pattern, self._position if at is None else at, complaint)


@dataclass(frozen=True, slots=True)
class _Part:
    """The places of a part of the pattern: where it can begin and end, and whether it can be left out."""

    first: int
    last: int
    is_nullable: bool


_EMPTY = _Part(0, 0, is_nullable=True)


class _Places:
    """Gives every digit of the pattern a place, with repeats written out."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self.follow = [0]
        self.at_digit = [0] * 10

    def lay_out(self, node: _Node) -> _Part:
        match node:
            case _Class(position, digits):
                return self._place(position, digits)
            case _Sequence(parts):
                return self._join([self.lay_out(part) for part in parts])
            case _Choice(options):
                laid = [self.lay_out(option) for option in options]
                first = last = 0
                for option_laid in laid:
                    first, last = first | option_laid.first, last | option_laid.last
                return _Part(first, last, any(option_laid.is_nullable for option_laid in laid))
            case _Repeat(part, least, most):
                return self._repeat(part, least, most)

    def _place(self, position: int, digits: frozenset[int]) -> _Part:
        place = len(self.follow)
        if place > MAX_PLACES:
            raise _bad_pattern(
                self._pattern, position, f"with its repeats written out the pattern has more than {MAX_PLACES} digits"
            )
        self.follow.append(0)
        bit = 1 << place
        for digit in digits:
            self.at_digit[digit] |= bit
        return _Part(bit, bit, is_nullable=False)

    def _join(self, parts: Sequence[_Part]) -> _Part:
        """One part of several that follow on each other.

        They are joined from the end: so each join goes through the last places of one part, and not through those of
        all before it, of which there are hundreds where all of them can be left out.
        """
        whole = _EMPTY
        for part in reversed(parts):
            for place in _bits(part.last):
                self.follow[place] |= whole.first
            whole = _Part(
                part.first | (whole.first if part.is_nullable else 0),
                whole.last | (part.last if whole.is_nullable else 0),
                part.is_nullable and whole.is_nullable,
            )
        return whole

    def _repeat(self, node: _Node, least: int, most: int | None) -> _Part:
        turns: list[_Part] = []
        # What may repeat for ever is written out one more time than it must, and leads back to itself.
        for turn in range(least + 1 if most is None else most):
            before = len(self.follow)
            part = self.lay_out(node)
            if len(self.follow) == before:
                return _EMPTY  # the part is empty, however often it is repeated
            if turn == least and most is None:
                for place in _bits(part.last):
                    self.follow[place] |= part.first
            turns.append(_Part(part.first, part.last, is_nullable=True) if turn >= least else part)
        return self._join(turns)


def _bits(number: int) -> list[int]:
    """The positions of the bits that are set."""
    found = []
    while number:
        lowest = number & -number
        found.append(lowest.bit_length() - 1)
        number ^= lowest
    return found


def quoted(text: str) -> str:
    """A text in quotes, character for character, so that they can be counted; what cannot be seen is replaced."""
    return f"'{''.join(character if character.isprintable() else REPLACEMENT for character in text)}'"


def _bad_pattern(pattern: str, position: int, complaint: str) -> InvalidParameter:
    return InvalidParameter(f"`pattern` is {quoted(pattern)}; at position {position}: {complaint}.")
