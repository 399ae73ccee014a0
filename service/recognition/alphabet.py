"""What the classes of a sequence reader mean. No other file knows the numbers.

    class    0       1 ... 10    11
    symbol   _       0 ... 9     ?
             blank   digits      other

Blank is CTC's class for a frame in which no symbol is written: paper, but also dots, commas, dashes and rules. Other is
a mark that stands where a digit might and is none: a letter, the X that fills an unused place, a crossed-out digit.

A *label* is what a reader writes: a string over the digits and `?`, such as "12?4". A *text* is a label without its
marks, such as "124": digits alone, and what a caller gets.
"""

import numpy as np
from numpy.typing import NDArray

BLANK_MARK = "_"
DIGITS = "0123456789"
OTHER_MARK = "?"
SYMBOLS = BLANK_MARK + DIGITS + OTHER_MARK  # in the order of the logits; manifests carry it as their alphabet

NUM_CLASSES = len(SYMBOLS)
BLANK = SYMBOLS.index(BLANK_MARK)
OTHER = SYMBOLS.index(OTHER_MARK)


def class_of_digit(digit: int) -> int:
    """The class of a digit from 0 to 9."""
    return SYMBOLS.index(DIGITS[digit])


def classes_of(label: str) -> NDArray[np.int64]:
    """The classes of a label, int64 (len(label),), each from 1 to `OTHER`."""
    return np.array([SYMBOLS.index(symbol) for symbol in label], dtype=np.int64)


def text_of(label: str) -> str:
    """The digits of a label, without its marks."""
    return label.replace(OTHER_MARK, "")


def others_in(label: str) -> tuple[int, ...]:
    """For each mark that is no digit, how many digits stand before it: "?12?4" gives (0, 2)."""
    return tuple(len(text_of(label[:position])) for position, symbol in enumerate(label) if symbol == OTHER_MARK)
