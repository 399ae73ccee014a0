from collections.abc import Callable

import numpy as np
import pytest

from service.forms.cells import Pieces
from service.forms.draw import draw_page
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


@pytest.mark.parametrize(("thickness", "is_kept"), [(1, False), (6, True)], ids=["rest of a line", "written 1"])
def test_what_is_far_thinner_than_the_pen_is_no_stroke(thickness: int, is_kept: bool) -> None:
    ink = np.zeros((80, 120), np.uint8)
    ink[15:65, 20:26] = ink[15:21, 20:50] = 255  # a 7 the wrong way round, six pixels thick
    ink[30:60, 80 : 80 + thickness] = 255
    cell = Pieces(ink, np.zeros_like(ink), np.zeros_like(ink)).cell((slice(0, 80), slice(0, 120)), Box(0, 0, 120, 80))
    assert (cell.ink.shape[1] > 50) is is_kept


def test_a_lone_thin_stroke_is_written() -> None:
    ink = np.zeros((80, 60), np.uint8)
    ink[10:70, 30:32] = 255
    cell = Pieces(ink, np.zeros_like(ink), np.zeros_like(ink)).cell((slice(0, 80), slice(0, 60)), Box(0, 0, 60, 80))
    assert not cell.is_blank


def crumbs_of(ink: np.ndarray, is_at_line: np.ndarray | None = None) -> float:
    nothing = np.zeros_like(ink)
    at_line = nothing if is_at_line is None else is_at_line
    return Pieces(ink, at_line, nothing).cell((slice(0, 80), slice(0, 120)), Box(0, 0, 120, 80)).crumbs


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
    cell = Pieces(ink, np.zeros_like(ink), is_hidden).cell((slice(0, 80), slice(0, 120)), Box(0, 0, 120, 80))
    assert cell.is_partly_hidden is is_partly_hidden


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
