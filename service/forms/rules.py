"""Rules between the fields of a form: checked, and used.

A rule that holds makes its fields no surer here. But where all of a rule's fields are accepted but one, and that
one has a plausible reading with which the rule holds, this is the reading. Where all are accepted and the rule does
not hold, either the writer erred or a field was misread. If there is but one change of one field to something plausible
that mends it, the field is changed, and a person looks at it; otherwise at all of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from service.forms.template import Rule, RuleKind
from service.forms.values import FieldDigit, FieldReading
from service.recognition.number import TextAlternative
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
    for index, rule in enumerate(rules):
        mended = _mend(rule, rules, known)
        if mended is not None:
            known[mended.field.name] = mended
            settled[index].append(mended.field.name)
    checks = [Check(rule, _holds(rule, known), tuple(settled[index])) for index, rule in enumerate(rules)]
    confirmed = {name for check in checks if check.is_satisfied for name in (*check.rule.of, check.rule.equals)}
    for check in checks:
        if check.is_satisfied is False:
            names = {*check.rule.of, check.rule.equals}
            # Where other rules confirm each of them, one of those rules holds by two mistakes, and nobody knows which.
            for name in names - confirmed or names:
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
    fitting = _fitting(rule, reading, known)
    if len(fitting) != 1 or reading.reason is Reason.MISPLACED:
        return None
    prob = fitting[0].confidence
    confidence = prob / (prob + RULE_BROKEN * (1.0 - prob))
    decision, _ = decide(confidence, reading.threshold)
    if decision is not Decision.ACCEPTED:
        return None
    return replace(_with_value(reading, fitting[0].text), confidence=confidence, decision=decision, reason=None)


def _mend(rule: Rule, rules: Sequence[Rule], known: Mapping[str, FieldReading]) -> FieldReading | None:
    """The only field of a broken rule that a plausible value would mend; None where none would, or several."""
    names = (*rule.of, rule.equals)
    if _holds(rule, known) is not False or any(known[name].decision is not Decision.ACCEPTED for name in names):
        return None
    changes = [
        _with_value(known[name], alternative.text)
        for name in names
        for alternative in _fitting(rule, known[name], known)
        if not _breaks_another(name, alternative.text, rules, known)
    ]
    if len(changes) != 1:
        return None
    prob = next(one.confidence for one in changes[0].alternatives if one.text == changes[0].value)
    return replace(changes[0], confidence=prob, decision=Decision.REVIEW, reason=Reason.RULE_FAILED)


def _breaks_another(name: str, text: str, rules: Sequence[Rule], known: Mapping[str, FieldReading]) -> bool:
    """Whether a rule that holds would not hold any more with another value of a field."""
    changed = {**known, name: replace(known[name], value=text)}
    touched = [rule for rule in rules if name in (*rule.of, rule.equals)]
    return any(_holds(rule, known) is True and _holds(rule, changed) is False for rule in touched)


def _fitting(rule: Rule, reading: FieldReading, known: Mapping[str, FieldReading]) -> list[TextAlternative]:
    """Plausible values of a field with which a rule holds, the others being as they are read."""
    wanted = _wanted(rule, reading, known)
    return [
        alternative
        for alternative in reading.alternatives
        if alternative.text and int(alternative.text) == wanted and alternative.confidence >= PLAUSIBLE
    ]


def _with_value(reading: FieldReading, text: str) -> FieldReading:
    return replace(reading, value=text, digits=_digits_of(text, reading.digits), is_settled_by_rule=True)


def _wanted(rule: Rule, doubtful: FieldReading, known: Mapping[str, FieldReading]) -> int | None:
    """The number that a doubtful field must be for the rule to hold."""
    others = [_number(known[name]) for name in rule.of if name != doubtful.field.name]
    total = _number(known[rule.equals])
    if any(number is None for number in others):
        return None
    present = [number for number in others if number is not None]
    is_total = doubtful.field.name == rule.equals
    if rule.kind is RuleKind.EQUAL:
        values = set(present) if is_total else {*present, total}
        return values.pop() if len(values) == 1 else None
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
