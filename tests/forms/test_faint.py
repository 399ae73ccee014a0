"""A pencil among pens, a page in pencil, and what is as pale and no writing."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from service.forms.draw import draw_page
from service.forms.faint import FAINT, faint_ink, faint_level_of, largest_extent, level_of
from service.forms.fields import CutField, cut_fields
from service.forms.page import BlankPage
from service.forms.registration import register
from service.forms.template import Template
from tests.forms.composing import Camera, fill, hard_camera, photograph, printed_pen
from tests.forms.conftest import VALUES

Table = tuple[Template, BlankPage]
PENCILED = ("a0", "a1", "b9")


@pytest.fixture
def written(table: Table) -> Callable[[dict[str, str], float], np.ndarray]:
    """The form with some values, that take this share of what a pen takes from the paper's light."""
    template, _ = table
    blank = draw_page(template, 1).astype(np.float32)

    def written(values: dict[str, str], share: float) -> np.ndarray:
        inked = fill(draw_page(template, 1), template, values, printed_pen, np.random.default_rng(5))
        return np.rint(blank - share * (blank - inked)).astype(np.uint8)

    return written


def cut(page: np.ndarray, camera: Camera, table: Table) -> dict[str, CutField]:
    template, blank = table
    picture = photograph(page, camera, np.random.default_rng(3))
    return {found.field.name: found for found in cut_fields(register(picture, blank), blank, template.fields)}


def blanks_of(field: CutField) -> list[bool]:
    return [cell.is_blank for cell in field.cells]


@pytest.mark.parametrize("camera", [Camera(margin=0.02), hard_camera(np.random.default_rng(8))], ids=["scan", "photo"])
@pytest.mark.parametrize("share", [0.12, 0.2])
def test_a_page_in_pencil_is_cut_out_like_one_in_pen(
    share: float, camera: Camera, table: Table, written: Callable[[dict[str, str], float], np.ndarray]
) -> None:
    for name, field in cut(written(VALUES, share), camera, table).items():
        assert blanks_of(field) == [character == " " for character in VALUES.get(name, "").rjust(3)], name
        assert not any(cell.has_faint_mark for cell in field.cells)


@pytest.mark.parametrize("camera", [Camera(margin=0.02), hard_camera(np.random.default_rng(8))], ids=["scan", "photo"])
def test_a_pencil_among_pens_is_cut_out_and_marked(
    camera: Camera, table: Table, written: Callable[[dict[str, str], float], np.ndarray]
) -> None:
    inked = {name: "" if name in PENCILED else value for name, value in VALUES.items()}
    penciled = {name: value for name, value in VALUES.items() if name in PENCILED}
    page = np.minimum(written(inked, 1.0), written(penciled, 0.2))
    for name, field in cut(page, camera, table).items():
        assert blanks_of(field) == [character == " " for character in VALUES.get(name, "").rjust(3)], name
        marked = [cell.has_faint_mark for cell in field.cells]
        assert marked == [name in PENCILED and not is_blank for is_blank in blanks_of(field)], name


@pytest.mark.parametrize("camera", [Camera(margin=0.02), hard_camera(np.random.default_rng(8))], ids=["scan", "photo"])
def test_a_field_in_a_paler_pen_is_cut_out_at_its_own_level_and_marked(
    camera: Camera, table: Table, written: Callable[[dict[str, str], float], np.ndarray]
) -> None:
    dark = {name: value for name, value in VALUES.items() if name != "a0"}
    alone = cut(written(VALUES, 1.0), camera, table)
    found = cut(np.minimum(written(dark, 1.0), written({"a0": VALUES["a0"]}, 0.4)), camera, table)

    assert {name for name, field in found.items() if field.is_pale} == {"a0"}
    assert not any(field.is_pale for field in alone.values())
    fills = [[cell.fill for cell in cut_out["a0"].cells] for cut_out in (found, alone)]
    assert fills[0] == pytest.approx(fills[1], rel=0.25, abs=0.01)


@pytest.mark.parametrize("seed", range(3))
def test_an_empty_page_stays_empty(seed: int, table: Table) -> None:
    camera = hard_camera(np.random.default_rng(seed))
    for name, field in cut(draw_page(table[0], 1), camera, table).items():
        assert all(blanks_of(field)), name
        assert not any(cell.has_faint_mark for cell in field.cells), name


def stroke(darkness: int, *, x: int = 40, thickness: int = 5) -> np.ndarray:
    ink = np.zeros((80, 120), np.uint8)
    ink[10:70, x : x + thickness] = darkness
    return ink


EVERYWHERE = np.ones((80, 120), np.uint8)
NOWHERE = np.zeros((80, 120), np.uint8)


def test_a_pale_stroke_is_faint_and_paper_is_not() -> None:
    assert largest_extent(faint_ink(stroke(40), NOWHERE, EVERYWHERE)) == pytest.approx(60, abs=2)
    assert not faint_ink(stroke(12), NOWHERE, EVERYWHERE).any()


def test_the_soft_shade_of_a_fold_is_no_stroke() -> None:
    fold = cv2.GaussianBlur(stroke(90, x=30, thickness=40), (0, 0), 8)
    assert not faint_ink(fold, NOWHERE, EVERYWHERE).any()


def test_what_hangs_together_with_writing_belongs_to_it() -> None:
    ink = np.maximum(stroke(200), stroke(60, x=45))
    strokes = (ink >= 100).astype(np.uint8)
    assert not faint_ink(ink, strokes, EVERYWHERE).any()


@pytest.mark.parametrize(("thickness", "is_faint"), [(2, False), (8, True)])
def test_a_hair_beside_print_is_of_the_print(thickness: int, is_faint: bool) -> None:
    is_clear = EVERYWHERE.copy()
    is_clear[:, 36:40] = 0
    ink = stroke(60, x=40, thickness=thickness)
    assert faint_ink(ink, NOWHERE, is_clear).any() == is_faint


def test_a_hair_on_bare_paper_is_written() -> None:
    assert faint_ink(stroke(90, thickness=2), NOWHERE, EVERYWHERE).any()


def test_how_dark_a_pencil_is() -> None:
    assert level_of(stroke(90), EVERYWHERE, least=45) == 90
    assert level_of(stroke(40), EVERYWHERE, least=45) == 0
    assert faint_level_of(stroke(40), EVERYWHERE) == 40
    assert faint_level_of(stroke(FAINT + 3), EVERYWHERE) > FAINT + 3  # or what is left of the light would be ink
    assert faint_level_of(NOWHERE, EVERYWHERE) == 0
