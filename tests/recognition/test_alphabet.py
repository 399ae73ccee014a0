import pytest

from service.recognition.alphabet import (
    BLANK,
    NUM_CLASSES,
    OTHER,
    SYMBOLS,
    class_of_digit,
    classes_of,
    others_in,
    text_of,
)


def test_blank_is_the_first_class_then_the_digits_in_order_then_the_rest():
    assert (BLANK, OTHER, NUM_CLASSES) == (0, 11, 12)
    assert [class_of_digit(digit) for digit in range(10)] == list(range(1, 11))
    assert SYMBOLS == "_0123456789?"


def test_symbols_of_a_label_have_their_classes():
    assert classes_of("09?").tolist() == [1, 10, 11]
    assert classes_of("").shape == (0,)


@pytest.mark.parametrize(
    ("label", "text", "others"),
    [
        ("124", "124", ()),
        ("12?4", "124", (2,)),
        ("?12??", "12", (0, 2, 2)),
        ("??", "", (0, 0)),
        ("", "", ()),
    ],
)
def test_a_text_is_a_label_without_its_marks(label, text, others):
    assert text_of(label) == text
    assert others_in(label) == others
