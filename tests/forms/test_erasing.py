import cv2
import numpy as np
import pytest

from service.forms.erasing import erase_print


def test_pale_print_goes_and_ink_on_it_stays() -> None:
    printed = np.zeros((80, 80), np.uint8)
    printed[20:60, 30:34] = 60
    ink = printed.copy()
    ink[38:42, 10:70] = 200
    erased = erase_print(ink, printed, px_per_mm=8.0).ink
    assert erased[25, 30:34].max() == 0
    assert erased[40, 10:70].min() >= 100


@pytest.mark.parametrize(("print_level", "thickness"), [(60, 4), (110, 2), (230, 2)], ids=["pale", "gray", "black"])
def test_a_stroke_along_a_printed_line_stays(print_level: int, thickness: int) -> None:
    printed = np.zeros((80, 80), np.uint8)
    printed[40 : 40 + thickness] = print_level
    ink = printed.copy()
    ink[38:44, 10:50] = 200
    erased = erase_print(ink, printed, px_per_mm=8.0).ink
    assert erased[40, 15:45].min() >= 180
    assert erased[38:44, 60:].max() == 0


def test_print_in_dots_goes() -> None:
    """As a fax has it: here and there a line is as black as ink, and elsewhere it is not there."""
    printed = np.zeros((80, 200), np.uint8)
    printed[40:42] = 100
    ink = np.where(np.random.default_rng(0).random(printed.shape) < 0.4, np.uint8(255), np.uint8(0)) * (printed > 0)
    cv2.line(ink, (100, 10), (100, 70), 255, 5)
    erased = erase_print(ink, printed, px_per_mm=8.0).ink
    assert erased[15:65, 100].min() >= 200
    assert (erased[:, :80] >= 64).mean() <= 0.002


def test_broad_black_print_is_known_to_hide_ink() -> None:
    printed = np.zeros((80, 80), np.uint8)
    printed[36:44] = 230
    printed[10:12] = 230
    hidden = erase_print(printed, printed, px_per_mm=8.0).is_hidden
    assert hidden[37:43].all()
    assert not hidden[:30].any()


@pytest.mark.parametrize("thickness", [4, 6])
def test_a_stroke_is_continued_over_a_black_line(thickness: int) -> None:
    printed = np.zeros((80, 80), np.uint8)
    printed[40 - thickness // 2 : 40 + thickness // 2] = 230
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
