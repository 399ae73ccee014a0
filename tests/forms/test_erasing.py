import cv2
import numpy as np

from service.forms.erasing import erase_print


def test_pale_print_goes_and_ink_on_it_stays() -> None:
    printed = np.zeros((80, 80), np.uint8)
    printed[20:60, 30:34] = 60
    ink = printed.copy()
    ink[38:42, 10:70] = 200
    erased = erase_print(ink, printed, px_per_mm=8.0).ink
    assert erased[25, 30:34].max() == 0
    assert erased[40, 10:70].min() >= 100


def test_a_stroke_is_continued_over_a_black_line() -> None:
    printed = np.zeros((80, 80), np.uint8)
    printed[38:42] = 230
    ink = printed.copy()
    cv2.line(ink, (40, 10), (40, 70), 200, 5)
    erased = erase_print(ink, printed, px_per_mm=8.0).ink
    assert erased[10:70, 40].min() >= 150
    assert erased[40, :30].max() == 0


def test_where_nothing_is_printed_ink_is_as_it_was() -> None:
    ink = np.random.default_rng(0).integers(0, 256, (40, 40), dtype=np.uint8)
    erased = erase_print(ink, np.zeros_like(ink), px_per_mm=8.0)
    assert np.array_equal(erased.ink, ink)
    assert erased.is_clear.all()
