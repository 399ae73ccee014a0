import io

import cv2
import numpy as np
import pytest
from PIL import Image

from service.forms.draw import draw_page, draw_pdf, draw_png
from service.forms.marks import find_marks
from service.forms.template import parse_template
from tests.forms.composing import table_template

TEMPLATE = parse_template(table_template())
TWO_PAGES = parse_template(
    {
        "pages": [{"width_mm": 210, "height_mm": 297}, {"width_mm": 297, "height_mm": 210}],
        "fields": [
            {"name": "a", "kind": "number", "box": {"x": 0.2, "y": 0.3, "width": 0.3, "height": 0.04}},
            {"name": "b", "page": 2, "kind": "checkbox", "box": {"x": 0.5, "y": 0.5, "width": 0.03, "height": 0.04}},
        ],
    }
)


def test_the_same_template_gives_the_same_drawing() -> None:
    assert np.array_equal(draw_page(TEMPLATE, 1), draw_page(TEMPLATE, 1))
    assert draw_pdf(TEMPLATE) == draw_pdf(TEMPLATE)
    assert draw_png(TEMPLATE) == draw_png(TEMPLATE)


@pytest.mark.parametrize("page", [1, 2])
def test_each_page_has_its_own_four_marks(page: int) -> None:
    drawn = draw_page(TWO_PAGES, page)
    marks = find_marks(drawn)
    assert sorted(marks) == [4 * (page - 1) + corner for corner in range(4)]
    top_left = marks[4 * (page - 1)][0]
    assert (top_left < 0.1 * np.array(drawn.shape[::-1])).all()


def test_boxes_are_drawn_where_the_template_has_them() -> None:
    drawn = draw_page(TWO_PAGES, 1)
    height, width = drawn.shape
    left, top = round(0.2 * width), round(0.3 * height)
    assert (drawn[top : top + round(0.04 * height), left] < 200).all()
    assert (drawn[top, left : left + round(0.3 * width)] < 200).all()


@pytest.mark.parametrize("threshold", [127, 150])
def test_boxes_stay_in_print_and_scan_in_black_and_white(threshold: int) -> None:
    drawn = draw_page(TWO_PAGES, 1)
    scanned = cv2.GaussianBlur(drawn, (0, 0), 0.8)
    height, width = drawn.shape
    left, right = round(0.2 * width), round(0.5 * width)
    top, bottom = round(0.3 * height), round(0.34 * height)
    assert (drawn[top, left:right] <= threshold).all()
    for part in (scanned[top - 3 : top + 4, left:right], scanned[bottom - 4 : bottom + 3, left:right]):
        assert (part.min(axis=0) <= threshold).all()


def test_the_pdf_has_every_page_at_its_true_size() -> None:
    file = draw_pdf(TWO_PAGES)
    assert file.startswith(b"%PDF-")
    assert file.count(b"/MediaBox") == 2
    first = file.split(b"/MediaBox [ 0 0 ")[1].split(b" ]")[0].split()
    assert [round(float(length) / 72 * 25.4) for length in first] == [210, 297]


def test_the_png_knows_its_size() -> None:
    with Image.open(io.BytesIO(draw_png(TEMPLATE))) as image:
        assert image.size == (1_680, 2_376)
        assert image.info["dpi"][0] == pytest.approx(203.2, abs=0.1)


def test_a_small_page_is_drawn_without_marks() -> None:
    template = parse_template(
        {
            "pages": [{"width_mm": 50, "height_mm": 40}],
            "fields": [{"name": "a", "kind": "digit", "box": {"x": 0.4, "y": 0.4, "width": 0.2, "height": 0.3}}],
        }
    )
    assert find_marks(draw_page(template, 1)) == {}
