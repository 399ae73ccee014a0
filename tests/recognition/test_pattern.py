"""The patterns, against Python's own regular expressions."""

import itertools
import re
import time

import pytest

from service.recognition import pattern as pattern_module
from service.recognition.automaton import is_allowed
from service.recognition.errors import InvalidParameter
from service.recognition.pattern import MAX_PATTERN_CHARACTERS, MAX_PLACES, REPLACEMENT, compile_pattern

TEXTS = ["".join(digits) for length in range(6) for digits in itertools.product("0127", repeat=length)]


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        "1",
        "12|7",
        "(12|7)0",
        "12|(7|0)1*",
        "[0-1]{2,3}",
        "[^12]1",
        "[127]+",
        "[^1-9]",
        "[\\d]2",
        "(1|2)*7?",
        "(12){2}",
        "1{3}",
        "1{2,}",
        "1{0}",
        "1{0,2}7",
        ".{0,3}",
        "\\d+",
        "^1[^12]$",
        "^1|2$",
        "(?:1|)2",
        "(|7)1",
        "((0*1)+2?){1,2}",
        "(1?){0,3}2",
        "(0|1)*1(0|1)",
        "(){5}1",
        "(1*)*",
        "((1*)+7)*",
        "[1-9][0-9]*",
        "(0|(1(01*0)*1))*",  # binary multiples of three
    ],
)
def test_a_pattern_matches_whole_texts_as_elsewhere(pattern):
    rule = compile_pattern(pattern)

    matched = [text for text in TEXTS if re.fullmatch(pattern, text)]
    assert [text for text in TEXTS if is_allowed(rule, text)] == matched
    for least, most in itertools.combinations_with_replacement(range(6), 2):
        assert rule.has_length(least, most) == any(least <= len(text) <= most for text in matched)


@pytest.mark.parametrize(
    ("pattern", "least", "has_length"),
    [
        ("1{4}", 4, True),
        ("1{4}", 5, False),
        ("1*", 1000, True),
        ("(1{3})*", 1000, True),  # some number that is longer
        ("1{40}", 33, True),
        ("(1?){500}", 500, True),
        ("(1?){500}", 501, False),
        ("1{0}", 1, False),
    ],
)
def test_lengths_without_an_upper_limit(pattern, least, has_length):
    assert compile_pattern(pattern).has_length(least, None) == has_length


def test_a_pattern_that_many_fields_have_is_compiled_once():
    assert compile_pattern("[1-9][0-9]{3}") is compile_pattern("[1-9][0-9]{3}")
    assert compile_pattern.cache_info().maxsize is not None


def test_digits_that_can_all_be_left_out_are_not_walked_through_again_for_each(monkeypatch):
    walked: list[int] = []
    monkeypatch.setattr(pattern_module, "_bits", lambda number: walked.extend(found := bits_of(number)) or found)
    compile_pattern.__wrapped__(f"(1?){{{MAX_PLACES}}}")

    assert 0 < len(walked) <= 2 * MAX_PLACES


def bits_of(number: int) -> list[int]:
    return [place for place in range(number.bit_length()) if number >> place & 1]


@pytest.mark.parametrize(
    ("pattern", "position", "words"),
    [
        ("(1", 0, "never closed"),
        ("1(2(3)", 1, "never closed"),
        ("1)", 1, "closes nothing"),
        ("1[23", 1, "never closed"),
        ("[]", 0, "no digit fits"),
        ("7[^0-9]", 1, "no digit fits"),
        ("[5-2]", 1, "runs backwards"),
        ("[1-]", 3, "no digit"),
        ("[1-", 3, "missing"),
        ("[a]", 1, "no digit"),
        ("[\\w]", 1, "only \\d"),
        ("*1", 0, "nothing before it"),
        ("1|+", 2, "nothing before it"),
        ("1**", 2, "another repeat"),
        ("1{2}{3}", 4, "another repeat"),
        ("1*?", 2, "another repeat"),
        ("1{", 2, "number is missing"),
        ("1{2", 3, "} is missing"),
        ("1{x}", 2, "number is missing"),
        ("1{4,2}", 1, "at least 4 and at most 2"),
        ("12a", 2, "'a' is no digit"),
        ("1 2", 1, "' ' is no digit"),
        ("\u0661", 0, "no digit"),  # a digit, but of another script
        ("(1)\\1", 3, "only \\d"),
        ("1\\", 1, "only \\d"),
        ("(?=1)2", 0, "only (?: )"),
        ("(?P<n>1)", 0, "only (?: )"),
        ("1^2", 1, "only stand at the start"),
        ("12$3", 2, "only stand at the end"),
        ("(1$)", 2, "end of the whole pattern"),
        ("1]", 1, "cannot stand here"),
        ("}", 0, "cannot stand here"),
        ("12{501}", 1, "more than 500 digits"),
        ("(\\d{30}){30}", 1, "more than 500 digits"),
    ],
)
def test_a_bad_pattern_is_refused_with_the_position(pattern, position, words):
    with pytest.raises(InvalidParameter, match=f"at position {position}: ") as refused:
        compile_pattern(pattern)

    assert words in str(refused.value)
    assert f"'{pattern}'" in str(refused.value)  # character for character, so that the position can be counted


def test_what_cannot_be_seen_keeps_its_place_in_the_message():
    with pytest.raises(InvalidParameter, match=f"'1{REPLACEMENT}{REPLACEMENT}2'; at position 1: "):
        compile_pattern("1\n\ud8002")


def test_a_pattern_that_is_too_long_is_refused():
    compile_pattern("1" * MAX_PATTERN_CHARACTERS)

    with pytest.raises(InvalidParameter, match=f"has {MAX_PATTERN_CHARACTERS + 1} characters"):
        compile_pattern("1" * (MAX_PATTERN_CHARACTERS + 1))


@pytest.mark.parametrize(
    "pattern",
    [
        "(1*)*(1*)*(1*)*2",
        "(1|1)*(1|1)*(1|1)*2",
        "(\\d{0,22}){0,22}",
        "(.*1.{200})",  # its table of states would have 2 ** 200 rows
        "((((1{0}){999999999}){999999999}){999999999})",
        "(|){999999999}2",
        "(" * 99 + "1" + ")" * 99,
    ],
)
def test_no_pattern_takes_long_to_compile_or_to_match(pattern):
    # A matcher that tries one way after the other would need more than the age of the universe for some of these.
    began = time.monotonic()
    for text in ("1" * 64, "12" * 32):
        is_allowed(compile_pattern(pattern), text)

    assert time.monotonic() - began < 2.0
