import cv2
import numpy as np
import pytest

from service.forms.draw import draw_page
from service.forms.page import BlankPage
from service.forms.places import FieldPlace, place_fields
from service.forms.template import Template, parse_template
from service.forms.warp import Warp
from tests.forms.composing import table_template

Table = tuple[Template, BlankPage]


def flat(page: BlankPage) -> Warp:
    """The page as it is."""
    return Warp((page.width, page.height), np.eye(3), np.zeros((2, 2, 2)))


def written(page: BlankPage, *, print_share: float, ink: int) -> np.ndarray:
    """Grainy paper, print of a share of its darkness, and bold strokes over the lines of every box; uint8."""
    grain = np.random.default_rng(0).integers(0, 6, page.print.shape)
    picture = np.rint(print_share * page.print + grain).clip(0, 255).astype(np.uint8)
    for box in page.boxes:
        rect = page.rect(box)
        for at in np.linspace(rect.left, rect.right, 9)[1:-1:2].astype(int):
            cv2.line(picture, (at - 12, rect.top - 6), (at + 8, rect.bottom + 4), ink, 9, cv2.LINE_AA)
    return picture


def likenesses(places: tuple[FieldPlace, ...]) -> list[float]:
    return [place.likeness for place in places if place.likeness is not None]


@pytest.mark.parametrize("print_share", [1.0, 0.3], ids=["as dark as ever", "pale"])
def test_fields_are_found_under_ink_that_is_darker_than_their_print(print_share: float, table: Table) -> None:
    page = table[1]
    places = place_fields(flat(page), written(page, print_share=print_share, ink=200), page)
    assert all(place.is_found for place in places)
    assert max(abs(shift) for place in places for shift in (place.shift_x, place.shift_y)) <= 2.0


def test_a_field_that_moved_is_found_where_it_is(table: Table) -> None:
    page = table[1]
    moved = np.roll(written(page, print_share=0.5, ink=200), (6, -8), axis=(0, 1))
    places = place_fields(flat(page), moved, page)
    assert np.median([place.shift_x for place in places]) == pytest.approx(-8.0, abs=1.0)
    assert np.median([place.shift_y for place in places]) == pytest.approx(6.0, abs=1.0)


def test_one_field_that_moved_alone_is_found_by_how_dark_the_others_are_printed(table: Table) -> None:
    page = table[1]
    picture = written(page, print_share=0.5, ink=200)
    rect = page.rect(page.boxes[3], margin=40)
    picture[rect.top : rect.bottom, rect.left : rect.right] = np.roll(
        picture[rect.top : rect.bottom, rect.left : rect.right], 14, axis=0
    )
    place = place_fields(flat(page), picture, page)[3]
    assert place.is_found
    assert place.shift_y == pytest.approx(14.0, abs=1.0)


def test_where_most_fields_are_elsewhere_those_that_coincide_are_not_found_either(table: Table) -> None:
    template = parse_template(table_template(rows=9))
    other = BlankPage(template.pages[0], draw_page(template, 1), [field.box for field in template.fields])
    places = place_fields(flat(other), written(table[1], print_share=1.0, ink=200), other)
    assert not any(place.is_found for place in places)
    assert np.median(likenesses(places)) < 0.3


def test_one_field_that_cannot_be_seen_is_not_found(table: Table) -> None:
    page = table[1]
    picture = written(page, print_share=1.0, ink=200)
    rect = page.rect(page.boxes[3], margin=30)
    picture[rect.top : rect.bottom, rect.left : rect.right] = 2
    is_found = [place.is_found for place in place_fields(flat(page), picture, page)]
    assert is_found == [index != 3 for index in range(len(page.boxes))]
