from collections.abc import Callable

import cv2
import numpy as np
import pytest

from service.forms.cells import Boxes, Cell, Pieces
from service.forms.draw import draw_page
from service.forms.erasing import Erased
from service.forms.fields import CutField, cut_fields
from service.forms.page import BlankPage
from service.forms.registration import register
from service.forms.template import Template, parse_template
from service.recognition.prediction import Box
from tests.forms.composing import Camera
from tests.forms.conftest import VALUES

HARD = Camera(turn_deg=93.0, tilt=0.04, curl=0.003, shadow=0.4, blur_px=0.8, noise=3.0, jpeg_quality=70, margin=0.08)


def cut(picture: np.ndarray, table: tuple[Template, BlankPage]) -> dict[str, CutField]:
    template, page = table
    return {found.field.name: found for found in cut_fields(register(picture, page), page, template.fields)}


def test_cells_are_blank_where_nothing_is_written(
    take: Callable[[Camera], np.ndarray], table: tuple[Template, BlankPage]
) -> None:
    for camera in (Camera(), HARD):
        for name, field in cut(take(camera), table).items():
            written = [character != " " for character in VALUES.get(name, "").rjust(3)]
            assert [not cell.is_blank for cell in field.cells] == written, (name, camera)
            assert field.is_in_place


def test_nothing_of_the_print_stays_in_the_ink(
    take: Callable[[Camera], np.ndarray], table: tuple[Template, BlankPage]
) -> None:
    cells = [cell for field in cut(take(HARD), table).values() for cell in field.cells if not cell.is_blank]
    for cell in cells:
        height, width = cell.ink.shape
        assert cell.ink.max() == 255
        assert max(height, width) < 1.2 * 0.028 * 2_376  # a box's frame would be larger than any digit in it
        assert (cell.ink[:, :2].mean() < 160) or width < 20


def test_the_box_of_a_cell_is_where_it_lies_in_the_picture(
    take: Callable[[Camera], np.ndarray], table: tuple[Template, BlankPage]
) -> None:
    field = cut(take(Camera()), table)["b0"]
    expected = table[1].rect(table[0].fields[1].box)
    assert abs(field.box.x - expected.left) <= 3
    assert abs(field.box.y - expected.top) <= 3
    assert abs(field.box.width - (expected.right - expected.left)) <= 5


@pytest.mark.parametrize("share", [1.0, 0.3], ids=["glare", "pale print in glare"])
def test_a_field_whose_frame_cannot_be_seen_is_out_of_place(
    share: float, take: Callable[[Camera], np.ndarray], table: tuple[Template, BlankPage]
) -> None:
    paper = 240 - share * (240 - take(Camera()).astype(np.float32).clip(max=240))
    picture = np.rint(paper).astype(np.uint8)
    template, page = table
    hidden = next(field for field in template.fields if field.name == "b0")
    cell = page.rect(hidden.cells[-1])
    around = cell.widened((cell.bottom - cell.top) // 3)
    picture[around.top : around.bottom, (cell.left + cell.right) // 2 : around.right] = 240
    assert [name for name, field in cut(picture, table).items() if not field.is_in_place] == ["b0"]


def test_a_page_without_ink_is_all_blank(table: tuple[Template, BlankPage]) -> None:
    fields = cut(table[1].image, table)
    assert all(cell.is_blank for field in fields.values() for cell in field.cells)


PLACE = (slice(0, 80), slice(0, 120))


def pieces_of(
    ink: np.ndarray,
    *,
    is_at_line: np.ndarray | None = None,
    is_hidden: np.ndarray | None = None,
    cells: tuple[tuple[slice, slice], ...] = (),
) -> Pieces:
    nothing = np.zeros_like(ink)
    is_hidden = nothing if is_hidden is None else is_hidden
    erased = Erased(ink, 1 - is_hidden, nothing if is_at_line is None else is_at_line, is_hidden)
    return Pieces(ink, erased, Boxes(cells, np.zeros(ink.shape, bool)))


def cell_of(pieces: Pieces, place: tuple[slice, slice] = PLACE) -> Cell:
    rows, columns = place
    box = Box(columns.start, rows.start, columns.stop - columns.start, rows.stop - rows.start)
    return pieces.cell(place, box)


@pytest.mark.parametrize(("thickness", "is_kept"), [(1, False), (6, True)], ids=["rest of a line", "written 1"])
def test_what_is_far_thinner_than_the_pen_is_no_stroke(thickness: int, is_kept: bool) -> None:
    ink = np.zeros((80, 120), np.uint8)
    ink[15:65, 20:26] = ink[15:21, 20:50] = 255  # a 7 the wrong way round, six pixels thick
    ink[30:60, 80 : 80 + thickness] = 255
    cell = cell_of(pieces_of(ink))
    assert (cell.ink.shape[1] > 50) is is_kept


def test_a_lone_thin_stroke_is_written() -> None:
    ink = np.zeros((80, 60), np.uint8)
    ink[10:70, 30:32] = 255
    cell = cell_of(pieces_of(ink), (slice(0, 80), slice(0, 60)))
    assert not cell.is_blank


def crumbs_of(ink: np.ndarray, is_at_line: np.ndarray | None = None) -> float:
    return cell_of(pieces_of(ink, is_at_line=is_at_line)).crumbs


def test_what_is_too_small_for_a_mark_is_counted_unless_it_is_dust_or_of_a_line() -> None:
    broken, dust, line = (np.zeros((80, 120), np.uint8) for _ in range(3))
    for y in range(10, 70, 12):
        broken[y : y + 8, 40:44] = 255  # a 1 in five pieces, each a tenth of the cell
        dust[y : y + 2, 40:42] = 255
    line[:, 40:42] = 1
    assert crumbs_of(broken) == pytest.approx(0.5)
    assert crumbs_of(dust) == 0.0
    assert crumbs_of(broken, is_at_line=line) == 0.0


def test_what_stays_is_not_counted() -> None:
    ink = np.zeros((80, 120), np.uint8)
    ink[10:70, 40:46] = 255
    assert crumbs_of(ink) == 0.0


@pytest.mark.parametrize(("x", "is_partly_hidden"), [(58, True), (40, False)], ids=["along", "across"])
def test_a_stroke_that_runs_under_black_print_is_partly_hidden(x: int, is_partly_hidden: bool) -> None:
    ink, is_hidden = np.zeros((80, 120), np.uint8), np.zeros((80, 120), np.uint8)
    is_hidden[:, 60:68] = 1
    ink[15:65, 40:46] = 255
    ink[40:46, 40:90] = 255  # across, and out again
    ink[15:65, x : x + 6] = np.where(is_hidden[15:65, x : x + 6] > 0, 0, 255)
    cell = cell_of(pieces_of(ink, is_hidden=is_hidden))
    assert cell.is_partly_hidden is is_partly_hidden


CELLS = tuple((slice(30, 90), slice(left, left + 50)) for left in (30, 80, 130))


def boxed(*strokes: tuple[tuple[int, int], ...]) -> Pieces:
    """A field of three cells of 50 x 60 pixels, in 210 x 120, with strokes of five pixels through points (x, y)."""
    ink = np.zeros((120, 210), np.uint8)
    for points in strokes:
        cv2.polylines(ink, [np.array(points)], False, 255, 5)
    return pieces_of(ink, cells=CELLS)


SEVEN = ((92, 42), (118, 42), (102, 80))


def test_a_stroke_through_a_cell_is_seen_and_a_digit_is_none() -> None:
    plain, struck = boxed(SEVEN), boxed(SEVEN, ((40, 66), (170, 60)))
    assert not cell_of(plain, CELLS[1]).is_struck
    assert cell_of(struck, CELLS[1]).is_struck


def test_what_goes_on_to_where_no_digit_reaches_is_seen() -> None:
    assert not cell_of(boxed(SEVEN), CELLS[1]).runs_far
    assert cell_of(boxed(((100, 45), (104, 119))), CELLS[1]).runs_far  # the edge of a stamp, a fold


def test_a_digit_across_two_cells_is_one_and_two_that_touch_are_two() -> None:
    moved = tuple((x + 20, y) for x, y in SEVEN)  # from 112 to 138, over the edge at 130
    one = boxed(moved)
    assert [cell_of(one, place).is_blank for place in CELLS] == [True, False, True]
    assert cell_of(one, CELLS[1]).ink.shape[1] == pytest.approx(31, abs=2)
    two = boxed(SEVEN, ((118, 42), (142, 42)), tuple((x + 50, y) for x, y in SEVEN))
    assert [cell_of(two, place).is_blank for place in CELLS] == [True, False, False]


def test_a_digit_beside_a_field_is_seen_and_a_comma_is_none() -> None:
    field = (slice(30, 90), slice(30, 180))
    assert boxed(((195, 40), (195, 80))).has_beside(field, 60)
    assert not boxed(((195, 76), (193, 84))).has_beside(field, 60)
    assert not boxed(SEVEN).has_beside(field, 60)


def test_a_checkbox_that_is_blacked_out_in_pencil_stays_so() -> None:
    box = {"x": 0.3, "y": 0.3, "width": 0.03, "height": 0.02}
    other = {"x": 0.5, "y": 0.3, "width": 0.1, "height": 0.03}
    template = parse_template(
        {
            "fields": [
                {"name": "yes", "kind": "checkbox", "box": box},
                {"name": "count", "kind": "number", "box": other},
            ]
        }
    )
    page = BlankPage(template.pages[0], draw_page(template, 1), [field.box for field in template.fields])
    picture = draw_page(template, 1).copy()
    yes, count = (page.rect(field.box) for field in template.fields)
    picture[yes.top + 4 : yes.bottom - 4, yes.left + 4 : yes.right - 4] = 180
    picture[count.top + 15 : count.bottom - 15, count.left + 40 : count.left + 47] = 180
    fields = {field.field.name: field for field in cut_fields(register(picture, page), page, template.fields)}
    assert fields["yes"].cells[0].fill > 0.65
    assert not fields["count"].line.is_blank
