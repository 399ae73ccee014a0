import json
from typing import Any

import cv2
import numpy as np
import pytest

from service.forms.draw import draw_page
from service.forms.editions import has_other_words
from service.forms.page import BlankPage
from service.forms.patches import at_level
from service.forms.places import FieldPlace
from service.forms.registration import Registration
from service.forms.template import Template, parse_template
from service.forms.warp import Warp
from tests.forms.composing import table_template

WORDS = ("Men counted", "Women counted", "Beds in use", "Meals served", "Home visits") * 2
OTHERS = ("Night shift total", "Bags left over", "Calls per day", "Trays of pairs", "East and north") * 2


def page_with(words: tuple[str, ...]) -> tuple[Template, BlankPage]:
    """Five rows of two fields, each under one of the words."""
    document: dict[str, Any] = json.loads(json.dumps(table_template(rows=5)))
    for field, word in zip(document["fields"], words, strict=True):
        field["label"] = word
    template = parse_template(document)
    return template, BlankPage(template.pages[0], draw_page(template, 1), [field.box for field in template.fields])


TEMPLATE, PAGE = page_with(WORDS)


def placed(ink: np.ndarray) -> Registration:
    """A page that lies flat in its picture; `ink` is uint8, how dark that is."""
    flat = at_level(ink, (PAGE.width // 2, PAGE.height // 2))
    warp = Warp((PAGE.width, PAGE.height), np.eye(3), np.zeros((2, 2, 2)))
    fields = (FieldPlace(0.0, 0.0, 1.0),) * len(PAGE.boxes)
    return Registration("marks", 4, 0.0, 1.0, 1.0, warp=warp, ink=ink, scale=1.0, fields=fields, flat=flat)


def seen(page: BlankPage, *, share: float = 1.0, blur_px: float = 0.8, off_px: int = 0) -> np.ndarray:
    """The print of a page in a picture, paler, blurred and a little off, on grainy paper; uint8."""
    soft = cv2.GaussianBlur(page.print, (0, 0), blur_px).astype(np.float64) * share
    grain = np.random.default_rng(0).normal(0.0, 3.0, soft.shape)
    return np.roll((soft + grain).clip(0, 255).astype(np.uint8), off_px, axis=(0, 1))


def test_each_field_has_its_words() -> None:
    assert sorted(label.fields for label in PAGE.labels) == [(number,) for number in range(10)]


@pytest.mark.parametrize(
    "picture",
    [
        seen(PAGE),
        seen(PAGE, share=0.3),  # a pale copy
        seen(PAGE, blur_px=3.0),  # out of focus
        seen(PAGE, off_px=8),  # a millimeter off
        np.where(seen(PAGE) > 127, 255, 0).astype(np.uint8),  # in black and white
        np.zeros_like(PAGE.print),  # nothing to be seen, which others have to notice
    ],
    ids=["plain", "pale", "blurred", "off", "black and white", "nothing"],
)
def test_the_same_words_are_known_again(picture: np.ndarray) -> None:
    assert not has_other_words(placed(picture), PAGE).any()


@pytest.mark.parametrize("blur_px", [0.8, 2.5])
def test_a_page_with_the_same_boxes_under_other_words_is_another_edition(blur_px: float) -> None:
    _, edition = page_with(OTHERS)
    assert has_other_words(placed(seen(edition, blur_px=blur_px)), PAGE).all()


def test_where_few_words_differ_only_their_fields_are_doubted() -> None:
    _, edition = page_with((*WORDS[:1], OTHERS[1], *WORDS[2:6], OTHERS[1], *WORDS[7:]))
    assert np.flatnonzero(has_other_words(placed(seen(edition)), PAGE)).tolist() == [1, 6]


def test_writing_over_a_word_leaves_it_what_it_is() -> None:
    picture = seen(PAGE)
    for label in PAGE.labels[:4]:
        cv2.line(picture, (label.left - 20, label.bottom), (label.right + 20, label.top), 200, 5, cv2.LINE_AA)
    assert not has_other_words(placed(picture), PAGE).any()
