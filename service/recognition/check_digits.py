"""Numbers that carry their own proof: which texts have the right check digit.

Each is a rule that takes the digits from left to right, as the decoding does, and remembers just enough of them. Where
the length is known the last digit is settled by the others; then no other one is ever tried.
"""

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import TypeAlias

from service.recognition.alphabet import DIGITS
from service.recognition.automaton import Rule

CHECKS = ("luhn", "mod97", "ean13", "isbn10", "isbn13", "verhoeff")
CHECK_LENGTHS = {"ean13": 13, "isbn10": 10, "isbn13": 13}  # of those that have only one
LEAST_LENGTHS = {"luhn": 2, "mod97": 3, "verhoeff": 2}  # of the others: the check digits and one to check

_Table: TypeAlias = tuple[tuple[int, ...], ...]


def check_rule(check: str, *, length: int | None = None) -> Rule:
    """The rule of a check digit.

    Args:
        check: one of `CHECKS`. `mod97` is ISO/IEC 7064, MOD 97-10.
        length: number of digits, where it is known; at least 2.
    """
    length = CHECK_LENGTHS.get(check, length)
    if check == "mod97":
        return Mod97Rule()
    if length is None:
        return LuhnRule() if check == "luhn" else VerhoeffRule()
    match check:
        case "luhn":
            # Counted from the right, every second digit is doubled.
            worth = [_DOUBLED if place % 2 else _PLAIN for place in reversed(range(length))]
            return PlacesRule(tuple(worth), _sums(10))
        case "verhoeff":
            worth = [_POWERS[place % _PERIOD] for place in reversed(range(length))]
            # The product begins at the right, so each further digit from the left is multiplied from its right side.
            return PlacesRule(tuple(worth), tuple(zip(*_D5, strict=True)))
        case "isbn10":
            # Of a tenth digit that is written X there is no reading: X is no digit.
            return PlacesRule(_weighted(tuple(range(10, 0, -1)), 11), _sums(11))
        case "isbn13":
            return PlacesRule(_weighted((1, 3) * 6 + (1,), 10), _sums(10), prefixes=("978", "979"))
        case _:
            return PlacesRule(_weighted((1, 3) * 6 + (1,), 10), _sums(10))


@dataclass(frozen=True, slots=True)
class PlacesRule:
    """A fixed number of digits, each worth something by its place, that together come to 0.

    Attributes:
        worth: for each place from the left, what each digit is worth there.
        combined: what a total becomes with a further digit's worth: `combined[total][worth]`.
        prefixes: one of them must stand at the beginning; all of one length.
    """

    worth: _Table = field(repr=False)
    combined: _Table = field(repr=False)
    prefixes: tuple[str, ...] = ("",)
    start: Hashable = ("", 0, 0)

    def step(self, state: tuple[str, int, int], digit: int) -> Hashable | None:
        """State: the beginning as far as a prefix asks for it, number of digits, what they come to."""
        beginning, length, total = state
        if length == len(self.worth):
            return None
        if length < len(self.prefixes[0]):
            beginning += DIGITS[digit]
            if not any(prefix.startswith(beginning) for prefix in self.prefixes):
                return None
        total = self.combined[total][self.worth[length][digit]]
        if length + 1 == len(self.worth) and total != 0:
            return None
        return beginning, length + 1, total

    def accepts(self, state: tuple[str, int, int]) -> bool:
        """Whether all digits are there; what they come to, the last step has seen to."""
        return state[1] == len(self.worth)


@dataclass(frozen=True, slots=True)
class LuhnRule:
    """Luhn's check digit, of payment cards and many customer numbers; two digits or more (ISO/IEC 7812-1, annex B).

    Counted from the right, every second digit is doubled, and its digits are summed. While the length is not known,
    nor is which those are; so there are two sums modulo 10, one for either case, and each digit swaps them.
    """

    start: Hashable = (0, 0, 0)

    def step(self, state: tuple[int, int, int], digit: int) -> Hashable:
        """State: number of digits up to 2, the sum if the last digit is not doubled, the sum if it is."""
        length, plain, doubled = state
        twice = _DOUBLED[digit]
        return min(length + 1, 2), (doubled + digit) % 10, (plain + twice) % 10

    def accepts(self, state: tuple[int, int, int]) -> bool:
        """The rightmost digit is not doubled, and the sum ends in 0."""
        length, plain, _ = state
        return length == 2 and plain == 0


@dataclass(frozen=True, slots=True)
class Mod97Rule:
    """ISO/IEC 7064, MOD 97-10: two check digits at the end make the number 1 modulo 97; three digits or more."""

    start: Hashable = (0, 0)

    def step(self, state: tuple[int, int], digit: int) -> Hashable:
        """State: number of digits up to 3, the number modulo 97."""
        length, remainder = state
        return min(length + 1, 3), (10 * remainder + digit) % 97

    def accepts(self, state: tuple[int, int]) -> bool:
        """Whether the remainder is 1."""
        return state == (3, 1)


@dataclass(frozen=True, slots=True)
class VerhoeffRule:
    """Verhoeff's check digit; two digits or more.

    A digit is permuted as often as digits stand to its right. While the length is not known, nor is how many will; so
    the state is the text itself.

    Source: Verhoeff 1969, "Error detecting decimal codes", Mathematical Centre Tracts 29.
    """

    start: Hashable = ""

    def step(self, state: str, digit: int) -> Hashable:
        """One digit longer."""
        return state + DIGITS[digit]

    def accepts(self, state: str) -> bool:
        """Whether the product of the permuted digits, from the right, is the neutral element."""
        product = 0
        for place, digit in enumerate(reversed(state)):
            product = _D5[product][_POWERS[place % _PERIOD][int(digit)]]
        return len(state) >= 2 and product == 0


_PLAIN = tuple(range(10))
_DOUBLED = tuple(sum(divmod(2 * digit, 10)) for digit in range(10))

# Multiplication in the dihedral group of order ten, and the permutation that is applied once more at every place.
_D5 = (
    (0, 1, 2, 3, 4, 5, 6, 7, 8, 9),
    (1, 2, 3, 4, 0, 6, 7, 8, 9, 5),
    (2, 3, 4, 0, 1, 7, 8, 9, 5, 6),
    (3, 4, 0, 1, 2, 8, 9, 5, 6, 7),
    (4, 0, 1, 2, 3, 9, 5, 6, 7, 8),
    (5, 9, 8, 7, 6, 0, 4, 3, 2, 1),
    (6, 5, 9, 8, 7, 1, 0, 4, 3, 2),
    (7, 6, 5, 9, 8, 2, 1, 0, 4, 3),
    (8, 7, 6, 5, 9, 3, 2, 1, 0, 4),
    (9, 8, 7, 6, 5, 4, 3, 2, 1, 0),
)
_PERMUTATION = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)
_PERIOD = 8  # the permutation applied so often is the identity


def _powers() -> tuple[tuple[int, ...], ...]:
    powers = [tuple(range(10))]
    while len(powers) < _PERIOD:
        powers.append(tuple(_PERMUTATION[digit] for digit in powers[-1]))
    return tuple(powers)


_POWERS = _powers()


def _sums(modulus: int) -> _Table:
    return tuple(tuple((total + worth) % modulus for worth in range(modulus)) for total in range(modulus))


def _weighted(weights: tuple[int, ...], modulus: int) -> _Table:
    return tuple(tuple(weight * digit % modulus for digit in range(10)) for weight in weights)
