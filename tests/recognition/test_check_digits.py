"""Check digits, against numbers from their standards and against the textbook's way to compute them."""

import itertools

import numpy as np
import pytest

from service.recognition.automaton import is_allowed
from service.recognition.check_digits import CHECK_LENGTHS, CHECKS, check_rule


def weighted(text: str, weights: list[int]) -> int:
    return sum(int(digit) * weight for digit, weight in zip(text, weights, strict=True))


def is_luhn(text: str) -> bool:
    doubled = [int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(reversed(text))]
    return len(text) >= 2 and sum(sum(map(int, str(value))) for value in doubled) % 10 == 0


def is_mod97(text: str) -> bool:
    return len(text) >= 3 and int(text) % 97 == 1


def is_ean13(text: str) -> bool:
    return len(text) == 13 and weighted(text, [1, 3] * 6 + [1]) % 10 == 0


def is_isbn10(text: str) -> bool:
    return len(text) == 10 and weighted(text, list(range(10, 0, -1))) % 11 == 0


def is_isbn13(text: str) -> bool:
    return is_ean13(text) and text[:3] in ("978", "979")


def is_verhoeff(text: str) -> bool:
    """With the group as symmetries of a pentagon: 0-4 turn it, 5-9 mirror it."""
    permuted, product = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4], 0
    for place, character in enumerate(reversed(text)):
        digit = int(character)
        for _ in range(place):
            digit = permuted[digit]
        turned = (product - digit if product >= 5 else product + digit) % 5
        product = turned + 5 * ((product >= 5) ^ (digit >= 5))
    return len(text) >= 2 and product == 0


TEXTBOOK = {
    "luhn": is_luhn,
    "mod97": is_mod97,
    "ean13": is_ean13,
    "isbn10": is_isbn10,
    "isbn13": is_isbn13,
    "verhoeff": is_verhoeff,
}


@pytest.mark.parametrize(
    ("check", "text", "is_right"),
    [
        ("luhn", "79927398713", True),
        ("luhn", "4539578763621486", True),  # an even number of digits
        ("luhn", "79927398710", False),
        ("luhn", "0", False),  # a check digit of nothing
        ("mod97", "3214282912345698765432161182", True),  # GB82 WEST 1234 5698 7654 32, as its check rearranges it
        ("mod97", "3214282912345698765432161183", False),
        ("mod97", "01", False),
        ("ean13", "4006381333931", True),
        ("ean13", "4006381333932", False),
        ("ean13", "400638133393", False),
        ("isbn10", "0306406152", True),
        ("isbn10", "0306406153", False),
        ("isbn13", "9780306406157", True),
        ("isbn13", "4006381333931", False),  # a right EAN that is no book's
        ("verhoeff", "2363", True),
        ("verhoeff", "2364", False),
        ("verhoeff", "0", False),
    ],
)
def test_known_numbers(check, text, is_right):
    assert is_allowed(check_rule(check), text) is is_right


@pytest.mark.parametrize("check", CHECKS)
def test_every_short_number_is_judged_as_by_the_textbook(check):
    texts = ["".join(digits) for length in range(1, 4) for digits in itertools.product("0123456789", repeat=length)]

    assert [text for text in texts if is_allowed(check_rule(check), text)] == [
        text for text in texts if TEXTBOOK[check](text)
    ]


@pytest.mark.parametrize("check", CHECKS)
def test_long_numbers_are_judged_as_by_the_textbook(check):
    rng = np.random.default_rng(7)
    lengths = [CHECK_LENGTHS[check]] if check in CHECK_LENGTHS else [13, 17, 18, 25, 26, 32]
    num_right = 0
    for length, _ in itertools.product(lengths, range(8)):
        beginning = "978" if check == "isbn13" else ""
        body = beginning + "".join(map(str, rng.integers(0, 10, length - 2 - len(beginning))))
        for ending in range(100):
            text = f"{body}{ending:02d}"
            is_right = TEXTBOOK[check](text)
            assert is_allowed(check_rule(check), text) == is_right, text
            assert is_allowed(check_rule(check, length=length), text) == is_right, text
            num_right += is_right
    assert num_right > 0


@pytest.mark.parametrize(("check", "length"), [*CHECK_LENGTHS.items(), ("luhn", 16), ("luhn", 7), ("verhoeff", 12)])
def test_where_the_length_is_known_the_last_digit_is_settled_by_the_others(check, length):
    rule = check_rule(check, length=length)
    rng = np.random.default_rng(2)
    num_open = 0
    for _ in range(20):
        body = ("978" + "".join(map(str, rng.integers(0, 10, length - 4))))[: length - 1]
        state = rule.start
        for digit in body:
            state = rule.step(state, int(digit))
        last = [digit for digit in range(10) if rule.step(state, digit) is not None]
        assert last == [digit for digit in range(10) if TEXTBOOK[check](f"{body}{digit}")]
        assert all(rule.step(rule.step(state, digit), 0) is None for digit in last)
        num_open += len(last)
    assert num_open > 0


def test_a_check_of_two_digits_is_the_shortest():
    assert [f"{number:02d}" for number in range(100) if is_allowed(check_rule("luhn", length=2), f"{number:02d}")] == [
        f"{number:02d}" for number in range(100) if is_luhn(f"{number:02d}")
    ]
