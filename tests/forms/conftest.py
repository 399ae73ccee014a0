from collections.abc import Callable
from functools import cache

import numpy as np
import pytest

from service.forms.draw import draw_page
from service.forms.page import BlankPage
from service.forms.template import Template, parse_template
from tests.forms.composing import Camera, fill, photograph, printed_pen, table_template


@cache
def _drawn(rows: int, cells: int) -> tuple[Template, BlankPage]:
    template = parse_template(table_template(rows=rows, cells=cells))
    return template, BlankPage(template.pages[0], draw_page(template, 1), [field.box for field in template.fields])


@pytest.fixture
def table() -> tuple[Template, BlankPage]:
    """A form of twenty fields with three boxes each, and its blank page."""
    return _drawn(10, 3)


@pytest.fixture
def other_table() -> tuple[Template, BlankPage]:
    """Another one, with more rows of four boxes."""
    return _drawn(13, 4)


VALUES = {"a0": "123", "b0": "7", "a1": "X45", "b1": "", "a2": "906", "b2": "XX8", "a9": "18", "b9": "222"}


@pytest.fixture
def take(table: tuple[Template, BlankPage]) -> Callable[[Camera], np.ndarray]:
    """Fills the form with `VALUES` and photographs it."""
    template, _ = table

    def take(camera: Camera) -> np.ndarray:
        rng = np.random.default_rng(5)
        return photograph(fill(draw_page(template, 1), template, VALUES, printed_pen, rng), camera, rng)

    return take
