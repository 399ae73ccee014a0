"""What a caller knows about a number before it is read."""

from collections.abc import Hashable
from dataclasses import dataclass, field
from functools import lru_cache

from service.recognition.allowed import AllowedList
from service.recognition.automaton import AllOf, Rule, is_allowed
from service.recognition.check_digits import CHECK_LENGTHS, CHECKS, LEAST_LENGTHS, check_rule
from service.recognition.errors import InvalidParameter
from service.recognition.pattern import MAX_REMEMBERED, PatternRule, compile_pattern, quoted

MAX_LENGTH = 32


@dataclass(frozen=True, slots=True)
class LengthRule:
    """Texts of a certain length.

    Attributes:
        least: number of digits at least.
        most: number of digits at most; None for any number.
    """

    least: int
    most: int | None
    start: Hashable = 0

    def step(self, state: int, digit: int) -> Hashable | None:
        """State: number of digits; where there is no upper limit, it stops counting at the lower one."""
        if self.most is None:
            return min(state + 1, self.least)
        return state + 1 if state < self.most else None

    def accepts(self, state: int) -> bool:
        """Whether there are enough digits."""
        return state >= self.least


@dataclass(frozen=True, slots=True)
class Constraint:
    """What must be true of a number; where several things are given, all of them.

    Attributes:
        length: number of digits, 0 to 32.
        min_length: least number of digits, 0 to 32.
        max_length: largest number of digits, 0 to 32.
        pattern: a regular expression that matches the whole number; see `compile_pattern`.
        check: name of a check digit rule, one of `CHECKS`.
        allowed: the only numbers that it can be.
        rule: all of it as one rule for the decoding; None where nothing is asked.

    Raises:
        InvalidParameter: a value is out of range, or no number has a length that all of them allow; the entries of
            `allowed` are not looked at for that, and whether the digits themselves go together is not either.
    """

    length: int | None = None
    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None
    check: str | None = None
    allowed: AllowedList | None = None
    rule: Rule | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "rule", self._compile())

    def is_satisfied_by(self, text: str) -> bool:
        """Whether a text of digits is all that is asked. A text without a digit never is."""
        return bool(text) and (self.rule is None or is_allowed(self.rule, text))

    def _compile(self) -> Rule | None:
        rules: list[Rule] = []
        least, most = self._lengths()
        # Cheap rules first: the rules are asked in order, and the first that says no ends it.
        if least > 0 or most is not None:
            rules.append(LengthRule(least, most))
        if self.check is not None:
            rules.append(check_rule(self.check, length=least if least == most and least > 1 else None))
        if self.pattern is not None:
            rules.append(_pattern_rule(self.pattern, least, most))
        if self.allowed is not None:
            rules.append(self.allowed)
        return AllOf(rules) if rules else None

    def _lengths(self) -> tuple[int, int | None]:
        """The least and the largest number of digits, from everything that speaks of it."""
        if self.check is not None and self.check not in CHECKS:
            raise InvalidParameter(f"`check` is {self.check!r}; it must be one of {', '.join(CHECKS)}.")
        asked = {"length": self.length, "min_length": self.min_length, "max_length": self.max_length}
        for name, value in asked.items():
            if value is not None and not 0 <= value <= MAX_LENGTH:
                raise InvalidParameter(f"`{name}` is {value}; it must be a whole number from 0 to {MAX_LENGTH}.")
        of_check = f"check={self.check}"
        lowest = {"length": self.length, "min_length": self.min_length, of_check: LEAST_LENGTHS.get(self.check or "")}
        highest = {"length": self.length, "max_length": self.max_length}
        if self.check in CHECK_LENGTHS:
            lowest[of_check] = highest[of_check] = CHECK_LENGTHS[self.check]
        at_least = {name: value for name, value in lowest.items() if value is not None}
        at_most = {name: value for name, value in highest.items() if value is not None}
        for low_name, low in at_least.items():
            for high_name, high in at_most.items():
                if low > high:
                    raise InvalidParameter(
                        f"`{low_name}` asks for at least {low} digits and `{high_name}` for at most {high}; "
                        "no number has both. Leave one of them out."
                    )
        return max(at_least.values(), default=0), min(at_most.values(), default=None)


@lru_cache(maxsize=MAX_REMEMBERED)  # as the pattern's own; most of them are asked for with the same lengths each time
def _pattern_rule(pattern: str, least: int, most: int | None) -> PatternRule:
    """The rule of a pattern, which must match a number of at least so many digits, and of at most so many."""
    rule = compile_pattern(pattern)
    least = max(least, 1)  # a text without a digit is never what is asked
    if most != 0 and not rule.has_length(least, most):
        raise InvalidParameter(
            f"`pattern` is {quoted(pattern)}; it matches no number of {_num_digits(least, most)}, "
            "so nothing could ever be read with it."
        )
    return rule


def _num_digits(least: int, most: int | None) -> str:
    if most is None:
        return f"{least} or more digits"
    return f"{least} to {most} digits" if least < most else f"{least} digit{'s' if least > 1 else ''}"
