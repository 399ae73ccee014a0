import pytest

from service.recognition.allowed import AllowedList
from service.recognition.check_digits import CHECKS
from service.recognition.constraint import Constraint
from service.recognition.errors import InvalidParameter

CODES = AllowedList("codes", ["12867", "12901", "7"])


@pytest.mark.parametrize(
    ("asked", "satisfying", "failing"),
    [
        ({"length": 3}, ["123", "000"], ["12", "1234", ""]),
        ({"min_length": 2}, ["12", "1" * 40], ["1", ""]),
        ({"max_length": 2}, ["1", "12"], ["123", ""]),
        ({"min_length": 1, "max_length": 3}, ["1", "123"], ["1234"]),
        ({"length": 2, "min_length": 1, "max_length": 32}, ["12"], ["1", "123"]),
        ({"max_length": 0}, [], ["", "1"]),
        ({"pattern": "[1-9][0-9]*"}, ["10", "7"], ["01", ""]),
        ({"pattern": "1{40}", "min_length": 32}, ["1" * 40], ["1" * 32]),
        ({"pattern": "[0-9]*", "max_length": 0}, [], ["", "0"]),
        ({"pattern": "[0-9]*"}, ["0"], [""]),  # a text without a digit is no reading
        ({"check": "luhn"}, ["18", "79927398713"], ["19", "0", ""]),
        ({"allowed": CODES}, ["12867", "7"], ["1286", "12868", ""]),
        ({"allowed": CODES, "length": 5}, ["12867", "12901"], ["7"]),
        ({"allowed": CODES, "length": 5, "pattern": ".*1"}, ["12901"], ["12867", "7"]),
        ({"allowed": CODES, "max_length": 4}, ["7"], ["12867"]),
        ({"allowed": CODES, "max_length": 0}, [], ["7", "12867"]),
        ({"check": "ean13", "pattern": "4.*"}, ["4006381333931"], ["9780306406157"]),
        ({"check": "luhn", "length": 2, "pattern": "[2-9].*"}, ["26"], ["18", "27", "0026"]),
        ({}, ["1", "1" * 40], [""]),
    ],
)
def test_all_that_is_asked_must_hold(asked, satisfying, failing):
    constraint = Constraint(**asked)

    assert [text for text in satisfying + failing if constraint.is_satisfied_by(text)] == satisfying


def test_a_constraint_that_asks_nothing_has_no_rule():
    assert Constraint().rule is None
    assert Constraint(min_length=0).rule is None


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"length": 33}, "`length` is 33; it must be a whole number from 0 to 32"),
        ({"min_length": -1}, "`min_length` is -1"),
        ({"max_length": 40}, "`max_length` is 40"),
        ({"min_length": 5, "max_length": 4}, "`min_length` asks for at least 5 digits and `max_length` for at most 4"),
        ({"length": 3, "min_length": 4}, "`min_length` asks for at least 4 digits and `length` for at most 3"),
        ({"length": 3, "max_length": 2}, "`length` asks for at least 3 digits and `max_length` for at most 2"),
        ({"check": "ean13", "length": 12}, "`check=ean13` asks for at least 13 digits and `length` for at most 12"),
        ({"check": "isbn10", "min_length": 11}, "`min_length` asks for at least 11 .* `check=isbn10` for at most 10"),
        (
            {"check": "mod97", "max_length": 2},
            "`check=mod97` asks for at least 3 digits and `max_length` for at most 2",
        ),
        ({"check": "crc32"}, f"`check` is 'crc32'; it must be one of {', '.join(CHECKS)}"),
        ({"pattern": "1)"}, "at position 1"),
        ({"pattern": "[1-3]{4}", "length": 5}, r"`pattern` is '\[1-3\]\{4\}'; it matches no number of 5 digits"),
        ({"pattern": "1|1{5}", "min_length": 2, "max_length": 4}, "it matches no number of 2 to 4 digits"),
        ({"pattern": "1{40}", "max_length": 32}, "it matches no number of 1 to 32 digits"),
        ({"pattern": "\\d{1,8}", "min_length": 9}, "it matches no number of 9 or more digits"),
        ({"pattern": "\\d{9}", "check": "isbn10"}, "it matches no number of 10 digits"),
        ({"pattern": "2{2}", "max_length": 1}, "it matches no number of 1 digit,"),
        (
            {"allowed": CODES, "length": 4},
            "`allowed` is 'codes'; it holds no number of 4 digits, so nothing could ever",
        ),
        ({"allowed": CODES, "min_length": 2, "max_length": 4}, "it holds no number of 2 to 4 digits"),
        ({"allowed": CODES, "min_length": 6}, "it holds no number of 6 or more digits"),
        ({"allowed": CODES, "check": "ean13"}, "it holds no number of 13 digits"),
        (
            {"allowed": CODES, "pattern": "[2-9]\\d*[0-6]"},
            "it holds no number that satisfies `pattern`, so nothing could",
        ),
        ({"allowed": CODES, "pattern": "\\d{3}"}, "it holds no number that satisfies `pattern`"),
        (
            {"allowed": CODES, "pattern": ".*7", "min_length": 2, "check": "luhn"},
            "that satisfies `check` and `pattern`",
        ),
        ({"allowed": CODES, "pattern": "7.*", "length": 5}, "no number of 5 digits that satisfies `pattern`"),
        ({"pattern": ""}, "`pattern` is ''; it matches no number of 1 or more digits"),  # nothing is no number
    ],
)
def test_what_can_never_be_is_refused(asked, words):
    with pytest.raises(InvalidParameter, match=words):
        Constraint(**asked)


def test_list_is_not_searched_for_ever_for_a_number_that_satisfies_the_rest():
    even = AllowedList("even", (f"{number:04d}" for number in range(0, 10_000, 2)))
    constraint = Constraint(allowed=even, pattern=r"\d{3}[13579]")  # every beginning goes on, and none of them ends

    assert not constraint.is_satisfied_by("0001")
    assert not constraint.is_satisfied_by("0002")
