from dataclasses import replace
from typing import Any

import pytest

from service.forms.rules import apply_rules
from service.forms.template import Template, parse_template
from service.forms.values import FieldReading
from service.recognition.number import TextAlternative
from service.recognition.policy import Decision, Reason
from service.recognition.prediction import Box

THRESHOLD = 0.8


def template(*rules: dict[str, Any]) -> Template:
    box = {"x": 0.1, "y": 0.1, "width": 0.3, "height": 0.05}
    fields = [{"name": name, "kind": "number", "box": box} for name in "abcd"]
    return parse_template({"fields": fields, "rules": list(rules)})


SUM = {"rule": "sum", "of": ["a", "b"], "equals": "c"}
EQUAL = {"rule": "equal", "of": ["c"], "equals": "d"}


def readings(form: Template, **values: str | dict[str, float]) -> list[FieldReading]:
    """A text is an accepted value; a dictionary holds the plausible values of a doubtful one, best first."""
    found = []
    for field in form.fields:
        value = values.get(field.name, "")
        if isinstance(value, dict):
            alternatives = tuple(TextAlternative(text, prob) for text, prob in value.items())
            best = alternatives[0]
            decision, reason = Decision.REVIEW, Reason.UNCERTAIN
        else:
            best, alternatives = TextAlternative(value, 0.99), (TextAlternative(value, 0.99),)
            decision, reason = Decision.ACCEPTED, None if value else Reason.BLANK
        found.append(
            FieldReading(
                field, best.text, best.confidence, decision, reason, (), Box(0, 0, 1, 1), alternatives, THRESHOLD
            )
        )
    return found


def applied(form: Template, **values: str | dict[str, float]) -> tuple[dict[str, FieldReading], list[bool | None]]:
    known, checks = apply_rules(form.rules, readings(form, **values))
    return {reading.field.name: reading for reading in known}, [check.is_satisfied for check in checks]


def test_a_sum_that_holds() -> None:
    known, satisfied = applied(template(SUM), a="12", b="30", c="42")
    assert satisfied == [True]
    assert known["c"].decision == "accepted"


def test_where_a_sum_does_not_hold_a_person_looks_at_all_of_its_fields() -> None:
    known, satisfied = applied(template(SUM), a="12", b="30", c="43", d="5")
    assert satisfied == [False]
    assert {name: reading.reason for name, reading in known.items()} == {
        "a": "rule_failed",
        "b": "rule_failed",
        "c": "rule_failed",
        "d": None,
    }


def test_a_broken_sum_is_mended_where_one_change_would_do_and_a_person_looks_at_that_field() -> None:
    form = template(SUM)
    found = readings(form, a="12", b="57", c="79")
    found[1] = replace(found[1], alternatives=(TextAlternative("57", 0.9), TextAlternative("67", 0.08)))
    known, checks = apply_rules(form.rules, found)
    assert [(one.value, one.decision, one.reason) for one in known[:3]] == [
        ("12", "accepted", None),
        ("67", "review", "rule_failed"),
        ("79", "accepted", None),
    ]
    assert known[1].confidence == 0.08
    assert (checks[0].is_satisfied, checks[0].settled) == (True, ("b",))


def test_a_broken_sum_that_two_changes_would_mend_is_left_to_a_person() -> None:
    form = template(SUM)
    found = readings(form, a="12", b="57", c="79")
    found[1] = replace(found[1], alternatives=(TextAlternative("57", 0.9), TextAlternative("67", 0.08)))
    found[2] = replace(found[2], alternatives=(TextAlternative("79", 0.9), TextAlternative("69", 0.08)))
    known, _ = apply_rules(form.rules, found)
    assert [one.value for one in known[:3]] == ["12", "57", "79"]
    assert {one.reason for one in known[:3]} == {"rule_failed"}


def test_but_not_at_those_that_another_rule_confirms() -> None:
    known, satisfied = applied(template(SUM, EQUAL), a="12", b="30", c="43", d="43")
    assert satisfied == [False, True]
    assert (known["a"].reason, known["c"].reason) == ("rule_failed", None)


def test_where_others_confirm_every_field_of_a_broken_rule_a_person_looks_at_all_of_them() -> None:
    equal = [{"rule": "equal", "of": [one], "equals": other} for one, other in ("ab", "cd", "ac")]
    known, satisfied = applied(template(*equal), a="12", b="12", c="13", d="13")
    assert satisfied == [True, True, False]
    assert [known[name].reason for name in "abcd"] == ["rule_failed", None, "rule_failed", None]


@pytest.mark.parametrize(("doubtful", "value"), [({"42": 0.6, "47": 0.39}, "42"), ({"47": 0.6, "42": 0.39}, "42")])
def test_the_one_doubtful_field_gets_the_value_with_which_the_sum_holds(doubtful: dict[str, float], value: str) -> None:
    form = template(SUM)
    known, checks = apply_rules(form.rules, readings(form, a="12", b="30", c=doubtful))
    settled = known[2]
    assert (settled.value, settled.decision, settled.reason) == (value, "accepted", None)
    assert settled.is_settled_by_rule
    assert settled.confidence > doubtful[value]
    assert checks[0].settled == ("c",)
    assert checks[0].is_satisfied


def test_an_addend_is_settled_too() -> None:
    known, _ = applied(template(SUM), a={"17": 0.5, "12": 0.45}, b="30", c="42")
    assert known["a"].value == "12"


def test_what_is_not_plausible_is_not_made_to_fit() -> None:
    known, satisfied = applied(template(SUM), a="12", b="30", c={"47": 0.7, "41": 0.2, "42": 0.001})
    assert (known["c"].value, known["c"].decision) == ("47", "review")
    assert satisfied == [False]


def test_a_value_that_is_nearly_impossible_stays_unsure_though_it_fits() -> None:
    known, _ = applied(template(SUM), a="12", b="30", c={"47": 0.97, "42": 0.02})
    assert known["c"].decision == "review"


def test_two_doubtful_fields_settle_nothing() -> None:
    known, _ = applied(template(SUM), a={"12": 0.6, "17": 0.3}, b={"30": 0.6, "80": 0.3}, c="42")
    assert not any(reading.is_settled_by_rule for reading in known.values())


def test_what_one_rule_settles_helps_the_next() -> None:
    known, satisfied = applied(template(SUM, EQUAL), a="12", b="30", c={"47": 0.5, "42": 0.4}, d={"12": 0.5, "42": 0.4})
    assert (known["c"].value, known["d"].value) == ("42", "42")
    assert satisfied == [True, True]


def test_empty_fields_count_as_nothing() -> None:
    _, satisfied = applied(template(SUM), a="42", b="", c="42")
    assert satisfied == [True]


def test_a_total_that_was_left_empty_is_not_held_against_the_others() -> None:
    known, satisfied = applied(template(SUM), a="12", b="30", c="")
    assert satisfied == [None]
    assert known["a"].decision == "accepted"


def test_leading_zeros_make_no_difference() -> None:
    _, satisfied = applied(template(SUM), a="012", b="30", c="0042")
    assert satisfied == [True]


def test_a_rule_over_a_field_of_another_page_is_left_to_the_whole_document() -> None:
    form = template(SUM)
    _, checks = apply_rules(form.rules, readings(form, a="1", b="2", c="4")[:2])
    assert checks == []


@pytest.mark.parametrize("doubtful", ["a", "c"])
def test_no_value_is_settled_by_an_equality_that_the_other_fields_break(doubtful: str) -> None:
    form = template({"rule": "equal", "of": ["a", "b"], "equals": "c"})
    values: dict[str, Any] = {"a": "12", "b": "13", "c": "12", doubtful: {"17": 0.5, "12": 0.4}}
    known, checks = apply_rules(form.rules, readings(form, **values))
    assert checks[0].settled == ()
    assert [one.value for one in known if one.field.name == doubtful] == ["17"]
    assert {one.decision for one in known[:3]} == {"review"}
