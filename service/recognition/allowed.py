"""Lists of the only numbers that can be right, such as the ZIP codes in use.

A list is a text file: one number per line, leading zeros kept; `#` begins a comment; empty lines are skipped.
"""

from bisect import bisect_left
from collections.abc import Hashable, Iterable, Mapping
from pathlib import Path

import numpy as np

from service.recognition.alphabet import DIGITS
from service.recognition.errors import InvalidAllowedList

MAX_ENTRIES = 1_000_000
MAX_DIGITS = 32
MAX_LIST_BYTES = 64_000_000  # a million of the longest numbers, and as much again for comments
LIST_SUFFIX = ".txt"
_NAME_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789_-")
_MAX_NAME_CHARACTERS = 64
_SHOWN_CHARACTERS = 60  # of a line that is no number


class AllowedList:
    """The texts of a list; it is a `Rule`.

    They stand sorted in one array. All that begin alike are neighbors in it, so a state is a stretch of the array, and
    a digit narrows it down by two binary searches. A million entries take as many bytes as their longest times that.

    Args:
        name: as requests name it.
        entries: strings of 1 to 32 digits; repetitions are dropped.

    Attributes:
        lengths: the numbers of digits that its entries have.

    Raises:
        InvalidAllowedList: an entry is no such string, or there is none, or too many.
    """

    def __init__(self, name: str, entries: Iterable[str]) -> None:
        self.name = name
        found: set[str] = set()
        for number, entry in enumerate(entries, start=1):
            if not is_entry(entry):
                raise InvalidAllowedList(
                    f"Entry {number} of the list {name!r} is {entry[:_SHOWN_CHARACTERS]!r}; "
                    f"an entry has 1 to {MAX_DIGITS} digits and nothing else."
                )
            found.add(entry)
            if len(found) > MAX_ENTRIES:
                raise InvalidAllowedList(f"The list {name!r} has more than {MAX_ENTRIES} entries.")
        if not found:
            raise InvalidAllowedList(f"The list {name!r} has no entry, so nothing could ever be read with it.")
        self.lengths = frozenset(map(len, found))
        self._entries = np.array(sorted(found), dtype=np.bytes_)

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, text: str) -> bool:
        return self.accepts((0, len(self), text))

    @property
    def start(self) -> Hashable:
        """State: where the texts that begin so begin and end in the array, and how they begin."""
        return 0, len(self), ""

    def step(self, state: tuple[int, int, str], digit: int) -> Hashable | None:
        """The stretch of those that go on with the digit."""
        begin, end, text = state
        longer = text + DIGITS[digit]
        begin = bisect_left(self._entries, longer.encode(), begin, end)
        end = bisect_left(self._entries, longer.encode() + b":", begin, end)  # the colon comes after every digit
        return (begin, end, longer) if begin < end else None

    def accepts(self, state: tuple[int, int, str]) -> bool:
        """Whether the text itself is in the list: it is the shortest of its stretch, hence the first."""
        begin, end, text = state
        place = bisect_left(self._entries, text.encode(), begin, end)
        return place < end and bool(self._entries[place] == text.encode())


def is_entry(text: str) -> bool:
    """Whether a text can stand in a list: 1 to 32 digits."""
    return 1 <= len(text) <= MAX_DIGITS and all(character in DIGITS for character in text)


def load_allowed_list(path: Path) -> AllowedList:
    """Read a list from its file; its name is the file's, without the suffix.

    Raises:
        InvalidAllowedList: it cannot be read, is too large, or a line is no number; the message names the line.
    """
    name = path.stem
    if not (set(name) <= _NAME_CHARACTERS and 1 <= len(name) <= _MAX_NAME_CHARACTERS):
        raise InvalidAllowedList(
            f"{path} cannot be asked for by its name; a list is named by at most {_MAX_NAME_CHARACTERS} "
            "lower-case letters, digits, - and _."
        )
    try:
        size_bytes = path.stat().st_size
        if size_bytes > MAX_LIST_BYTES:
            raise InvalidAllowedList(f"{path} has {size_bytes} bytes; a list has at most {MAX_LIST_BYTES}.")
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidAllowedList(f"{path} cannot be read as a text file: {error}.") from error
    entries = []
    for number, line in enumerate(lines, start=1):
        entry = line.partition("#")[0].strip()
        if entry and not is_entry(entry):
            raise InvalidAllowedList(
                f"Line {number} of {path} is {line[:_SHOWN_CHARACTERS]!r}; "
                f"a line has 1 to {MAX_DIGITS} digits, or a comment that begins with #."
            )
        if entry:
            entries.append(entry)
    return AllowedList(name, entries)


def load_allowed_lists(folder: Path) -> Mapping[str, AllowedList]:
    """Read every list of a folder, by name.

    Raises:
        InvalidAllowedList: one of them is not as it should be, or the folder is not there.
    """
    if not folder.is_dir():
        raise InvalidAllowedList(f"{folder} is no folder; it should hold the lists, as files named *{LIST_SUFFIX}.")
    lists = map(load_allowed_list, sorted(folder.glob(f"*{LIST_SUFFIX}")))
    return {allowed.name: allowed for allowed in lists}
