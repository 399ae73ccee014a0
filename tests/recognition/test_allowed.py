import numpy as np
import pytest

from service.recognition import allowed as allowed_module
from service.recognition.allowed import AllowedList, load_allowed_list, load_allowed_lists
from service.recognition.automaton import is_allowed
from service.recognition.errors import InvalidAllowedList


@pytest.fixture
def list_file(tmp_path):
    """Writes a list's file and returns its path."""

    def write(text: str | bytes, name: str = "codes.txt"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def test_a_list_accepts_its_entries_and_nothing_else():
    rng = np.random.default_rng(3)
    entries = {"".join(map(str, rng.integers(0, 3, rng.integers(1, 6)))) for _ in range(80)}
    allowed = AllowedList("codes", entries)

    texts = [f"{number:0{length}d}" for length in range(1, 6) for number in range(min(10**length, 3000))]
    assert {text for text in texts if is_allowed(allowed, text)} == {text for text in texts if text in entries}
    assert len(allowed) == len(entries)
    assert "" not in allowed
    assert all(entry in allowed for entry in entries)


def test_leading_zeros_and_entries_within_entries_are_told_apart():
    allowed = AllowedList("codes", ["7", "07", "0712", "712", "7"])

    assert len(allowed) == 4
    assert [text for text in ("7", "07", "007", "071", "0712", "712", "71") if text in allowed] == [
        "7",
        "07",
        "0712",
        "712",
    ]


def test_digits_that_no_entry_goes_on_with_are_closed():
    allowed = AllowedList("codes", ["12867", "12901"])
    state = allowed.start
    for digit in (1, 2):
        state = allowed.step(state, digit)

    assert [digit for digit in range(10) if allowed.step(state, digit) is not None] == [8, 9]
    assert not allowed.accepts(state)


@pytest.mark.parametrize("entry", ["", "12a", "1 2", "-1", "1" * 33, "\u0661\u0662"])
def test_what_is_no_number_cannot_be_an_entry(entry):
    with pytest.raises(InvalidAllowedList, match="Entry 2 of the list 'codes'"):
        AllowedList("codes", ["1", entry])


def test_an_empty_list_is_refused():
    with pytest.raises(InvalidAllowedList, match="no entry"):
        AllowedList("codes", [])


def test_a_file_has_one_number_per_line_and_comments(list_file):
    allowed = load_allowed_list(list_file("# codes in use\n00501\n\n 00544 # Holtsville\r\n99950"))

    assert allowed.name == "codes"
    assert len(allowed) == 3
    assert all(code in allowed for code in ("00501", "00544", "99950"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1\n2\nthree\n4", "Line 3 of .*codes.txt is 'three'"),
        ("1\n" + "2" * 33, "Line 2 of"),
        ("# nothing yet\n", "no entry"),
        (b"\xff\xfe1\x00", "cannot be read as a text file"),
    ],
)
def test_a_file_that_is_no_list_is_refused(list_file, text, words):
    with pytest.raises(InvalidAllowedList, match=words):
        load_allowed_list(list_file(text))


def test_a_file_that_is_too_large_is_not_even_read(list_file, monkeypatch):
    monkeypatch.setattr(allowed_module, "MAX_LIST_BYTES", 10)

    with pytest.raises(InvalidAllowedList, match="has 12 bytes; a list has at most 10"):
        load_allowed_list(list_file("1\n2\n3\n4\n5\n6\n"))


def test_a_list_of_too_many_entries_is_refused(monkeypatch):
    monkeypatch.setattr(allowed_module, "MAX_ENTRIES", 3)

    assert len(AllowedList("codes", ["1", "2", "3", "3"])) == 3
    with pytest.raises(InvalidAllowedList, match="more than 3 entries"):
        AllowedList("codes", ["1", "2", "3", "4"])


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(InvalidAllowedList, match="cannot be read"):
        load_allowed_list(tmp_path / "codes.txt")


@pytest.mark.parametrize("name", ["Codes.txt", "my codes.txt", "codes.v2.txt", "a" * 65 + ".txt"])
def test_a_file_whose_name_nobody_could_ask_for_is_refused(list_file, name):
    with pytest.raises(InvalidAllowedList, match="cannot be asked for by its name"):
        load_allowed_list(list_file("1\n", name))


def test_a_folder_holds_lists_by_their_names(list_file, tmp_path):
    list_file("1\n", "ones.txt")
    list_file("2\n", "twos.txt")
    list_file("not a list", "README.md")

    lists = load_allowed_lists(tmp_path)

    assert list(lists) == ["ones", "twos"]
    assert "2" in lists["twos"]


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(InvalidAllowedList, match="is no folder"):
        load_allowed_lists(tmp_path / "lists")
