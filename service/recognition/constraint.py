"""What a caller knows about a number before it is read."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from service.recognition.allowed import AllowedList
from service.recognition.automaton import AllOf, Rule, has_text, is_allowed
from service.recognition.check_digits import CHECK_LENGTHS, CHECKS, LEAST_LENGTHS, check_rule
from service.recognition.errors import InvalidParameter
from service.recognition.pattern import MAX_REMEMBERED, PatternRule, compile_pattern, quoted

MAX_LENGTH = 32
MAX_STATES_TRIED = 200  # of a list, in 10 ms; a list that has no such number mostly shows that in a dozen


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
        InvalidParameter: a value is out of range, or no number has a length that all of them allow; or no number of
            `allowed` satisfies the rest, as far as that soon shows. Whether the digits that a pattern and a check digit
            ask for go together is not looked at otherwise.
    """

    length: int | None = None
    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None
    check: str | None = None
    allowed: AllowedList | None = None
    rule: Rule | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        rule = _rule_of(*self._lengths(), self.check, self.pattern, self.allowed)
        object.__setattr__(self, "rule", rule)

    def is_satisfied_by(self, text: str) -> bool:
        """Whether a text of digits is all that is asked. A text without a digit never is."""
        return bool(text) and (self.rule is None or is_allowed(self.rule, text))

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


@lru_cache(maxsize=MAX_REMEMBERED)  # a template may hold two thousand fields to one constraint
def _rule_of(
    least: int, most: int | None, check: str | None, pattern: str | None, allowed: AllowedList | None
) -> Rule | None:
    """One rule for numbers of at least and at most so many digits, and all else that is asked; None for nothing."""
    rules: list[Rule] = []
    # Cheap rules first: the rules are asked in order, and the first that says no ends it.
    if least > 0 or most is not None:
        rules.append(LengthRule(least, most))
    if check is not None:
        rules.append(check_rule(check, length=least if least == most and least > 1 else None))
    if pattern is not None:
        rules.append(_pattern_rule(pattern, least, most))
    if allowed is not None:
        rules.append(allowed)
    rule = AllOf(rules) if rules else None
    if rule is not None and allowed is not None and most != 0:
        asked = [name for name, value in (("`check`", check), ("`pattern`", pattern)) if value is not None]
        _refuse_if_none_is_left(allowed, rule, least, most, asked)
    return rule


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


def _refuse_if_none_is_left(
    allowed: AllowedList, rule: Rule, least: int, most: int | None, asked: Sequence[str]
) -> None:
    """Raise `InvalidParameter` where no number of a list satisfies the rule, of which `asked` names all but lengths."""
    has_lengths = least > 0 or most is not None
    of_length = f" of {_num_digits(max(least, 1), most)}" if has_lengths else ""
    if not any(least <= length <= (most or length) for length in allowed.lengths):
        why = f"it holds no number{of_length}"
    elif asked and has_text(rule, most_states=MAX_STATES_TRIED) is False:
        why = f"it holds no number{of_length} that satisfies {' and '.join(asked)}"
    else:
        return
    raise InvalidParameter(f"`allowed` is {allowed.name!r}; {why}, so nothing could ever be read with it.")


def _num_digits(least: int, most: int | None) -> str:
    if most is None:
        return f"{least} or more digits"
    return f"{least} to {most} digits" if least < most else f"{least} digit{'s' if least > 1 else ''}"
