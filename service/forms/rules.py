"""Rules between the fields of a form: checked, and used.

A rule that holds makes its fields no surer here. But where all of a rule's fields are accepted but one, and that
one has a plausible reading with which the rule holds, this is the reading. Where all are accepted and the rule does
not hold, either the writer erred or a field was misread, so a person looks at all of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from service.forms.reading import FieldDigit, FieldReading
from service.forms.template import Rule, RuleKind
from service.recognition.policy import Decision, Reason, decide

PLAUSIBLE = 0.01  # probability from which an alternative may be what was written
RULE_BROKEN = 0.01  # share of forms on which the writer's own sum is wrong


@dataclass(frozen=True, slots=True)
class Check:
    """How a rule came out.

    Attributes:
        rule: of the template.
        is_satisfied: None where a field of it could not be read.
        settled: names of the fields whose value it chose.
    """

    rule: Rule
    is_satisfied: bool | None
    settled: tuple[str, ...]


def apply_rules(rules: Sequence[Rule], readings: Sequence[FieldReading]) -> tuple[list[FieldReading], list[Check]]:
    """Check rules, settle what they settle, and send to review what they speak against.

    Args:
        rules: of the template; those with a field that is not among the readings (it is on another page) are left out.
        readings: of one page, or of a whole document.

    Returns:
        The readings, in their order, and a check for each of the rules.
    """
    known = {reading.field.name: reading for reading in readings}
    rules = [rule for rule in rules if {*rule.of, rule.equals} <= known.keys()]
    settled: dict[int, list[str]] = {index: [] for index in range(len(rules))}
    has_changed = True
    while has_changed:  # each turn settles a field, so there are no more turns than fields
        has_changed = False
        for index, rule in enumerate(rules):
            found = _settle(rule, known)
            if found is not None:
                known[found.field.name] = found
                settled[index].append(found.field.name)
                has_changed = True
    checks = [Check(rule, _holds(rule, known), tuple(settled[index])) for index, rule in enumerate(rules)]
    confirmed = {name for check in checks if check.is_satisfied for name in (*check.rule.of, check.rule.equals)}
    for check in checks:
        if check.is_satisfied is False:
            for name in {*check.rule.of, check.rule.equals} - confirmed:
                known[name] = _doubted(known[name])
    return [known[reading.field.name] for reading in readings], checks


def _number(reading: FieldReading) -> int | None:
    """The number in a field; 0 for an empty one, None where it could not be read."""
    if reading.value:
        return int(reading.value)
    return 0 if reading.reason is Reason.BLANK else None


def _holds(rule: Rule, known: Mapping[str, FieldReading]) -> bool | None:
    numbers = [_number(known[name]) for name in rule.of]
    total = _number(known[rule.equals])
    if total is None or any(number is None for number in numbers):
        return None
    present = [number for number in numbers if number is not None]
    is_empty = known[rule.equals].reason is Reason.BLANK and any(known[name].value for name in rule.of)
    if is_empty:
        return None  # the total was not filled in
    return sum(present) == total if rule.kind is RuleKind.SUM else all(number == total for number in present)


def _settle(rule: Rule, known: Mapping[str, FieldReading]) -> FieldReading | None:
    """The rule's only doubtful field with the value that the others ask for; None where that is not plausible."""
    doubtful = [known[name] for name in (*rule.of, rule.equals) if known[name].decision is not Decision.ACCEPTED]
    if len(doubtful) != 1:
        return None
    reading = doubtful[0]
    if reading.reason is Reason.MISPLACED:
        return None
    wanted = _wanted(rule, reading, known)
    fitting = [
        alternative
        for alternative in reading.alternatives
        if alternative.text and int(alternative.text) == wanted and alternative.confidence >= PLAUSIBLE
    ]
    if len(fitting) != 1:
        return None
    prob = fitting[0].confidence
    confidence = prob / (prob + RULE_BROKEN * (1.0 - prob))
    decision, _ = decide(confidence, reading.threshold)
    if decision is not Decision.ACCEPTED:
        return None
    return replace(
        reading,
        value=fitting[0].text,
        confidence=confidence,
        decision=decision,
        reason=None,
        digits=_digits_of(fitting[0].text, reading.digits),
        is_settled_by_rule=True,
    )


def _wanted(rule: Rule, doubtful: FieldReading, known: Mapping[str, FieldReading]) -> int | None:
    """The number that a doubtful field must be for the rule to hold."""
    others = [_number(known[name]) for name in rule.of if name != doubtful.field.name]
    total = _number(known[rule.equals])
    if any(number is None for number in others):
        return None
    present = [number for number in others if number is not None]
    is_total = doubtful.field.name == rule.equals
    if rule.kind is RuleKind.EQUAL:
        return present[0] if is_total else total
    if is_total:
        return sum(present)
    return None if total is None else total - sum(present)


def _digits_of(text: str, digits: Sequence[FieldDigit]) -> tuple[FieldDigit, ...]:
    """The digits of a value that was chosen among alternatives; none where they cannot be told apart any more."""
    if len(digits) != len(text):
        return ()
    return tuple(
        replace(
            digit,
            digit=int(character),
            confidence=next((one.confidence for one in digit.alternatives if one.digit == int(character)), 0.0),
        )
        for digit, character in zip(digits, text, strict=True)
    )


def _doubted(reading: FieldReading) -> FieldReading:
    if reading.decision is not Decision.ACCEPTED:
        return reading
    return replace(reading, decision=Decision.REVIEW, reason=Reason.RULE_FAILED)
