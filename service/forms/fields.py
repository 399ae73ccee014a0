"""From a registered page to what is written in its cells."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from service.forms.cells import Cell, Writing
from service.forms.erasing import Erased, erase_print
from service.forms.faint import faint_level_of, level_of
from service.forms.page import BlankPage, PageRect
from service.forms.places import FieldPlace
from service.forms.registration import Registration
from service.forms.shade import without_shade
from service.forms.template import Field, FieldKind
from service.forms.visibility import PrintGauge, Surroundings
from service.recognition.prediction import Box

OVERHANG = 0.45  # of a cell's height: strokes may leave their cell by this much and are kept whole
MIN_INK_LEVEL = 45  # of 255, of the writing on a page; where nothing is as dark, somebody may have used a pencil
FAINT_SHARE = 0.1  # of the cells, that hold pale marks where a page is written in pencil; fewer may be creases


@dataclass(frozen=True, slots=True)
class CutField:
    """One field with its cells.

    Attributes:
        field: of the template.
        box: where it is, in pixels of the picture.
        cells: one per cell of `boxed_digits`, else one.
        line: the whole field as one picture; what a number reader gets.
        is_in_place: whether the print around the field and around each cell was found where it was looked for.
    """

    field: Field
    box: Box
    cells: tuple[Cell, ...]
    line: Cell
    is_in_place: bool


@dataclass(frozen=True, slots=True)
class _Zone:
    """A field's surroundings, and the same without print: `rect` on the canvas is what both show."""

    field: Field
    rect: PageRect
    surroundings: Surroundings
    erased: Erased
    place: FieldPlace


def cut_fields(registration: Registration, page: BlankPage, fields: tuple[Field, ...]) -> tuple[CutField, ...]:
    """Cut out what is written in every field of a page.

    Args:
        registration: of the page.
        page: the blank page.
        fields: those whose boxes the page has, in its order.
    """
    zones = [_zone(registration, page, field, place) for field, place in zip(fields, registration.fields, strict=True)]
    level = _ink_level(zones, page)
    rects = [[page.rect(box) for box in zone.field.cells] for zone in zones]
    gauge = PrintGauge([(zone.surroundings, cells) for zone, cells in zip(zones, rects, strict=True)])
    return tuple(_cut(registration, page, zone, cells, level, gauge) for zone, cells in zip(zones, rects, strict=True))


def _zone(registration: Registration, page: BlankPage, field: Field, place: FieldPlace) -> _Zone:
    margin = OVERHANG * field.box.height * page.height
    rect = page.rect(field.box, margin=margin)
    lifted = registration.lift(rect, shift=(place.shift_x, place.shift_y))
    if field.kind is not FieldKind.CHECKBOX:  # which may be blacked out
        lifted = without_shade(lifted, px_per_mm=page.px_per_mm)
    page_print = page.print[rect.top : rect.bottom, rect.left : rect.right]
    erased = erase_print(lifted, page_print, px_per_mm=page.px_per_mm)
    return _Zone(field, rect, Surroundings.of(rect, lifted, page_print), erased, place)


def _ink_level(zones: list[_Zone], page: BlankPage) -> float:
    """How dark typical writing on the page is, 0 to 255, measured where nothing is printed; 0 where there is none."""
    cells = [(zone.erased, _inside(page.rect(box), zone.rect)) for zone in zones for box in zone.field.cells]
    levels = [level_of(erased.ink[cell], erased.is_clear[cell], least=MIN_INK_LEVEL) for erased, cell in cells]
    if not any(levels):
        levels = [faint_level_of(erased.ink[cell], erased.is_clear[cell]) for erased, cell in cells]
        if np.count_nonzero(levels) < FAINT_SHARE * len(cells):
            return 0.0
    return float(np.median([level for level in levels if level])) if any(levels) else 0.0


def _inside(rect: PageRect, outer: PageRect) -> tuple[slice, slice]:
    return (
        slice(max(0, rect.top - outer.top), max(0, rect.bottom - outer.top)),
        slice(max(0, rect.left - outer.left), max(0, rect.right - outer.left)),
    )


def _cut(
    registration: Registration,
    page: BlankPage,
    zone: _Zone,
    rects: Sequence[PageRect],
    level: float,
    gauge: PrintGauge,
) -> CutField:
    shift = (zone.place.shift_x, zone.place.shift_y)
    written = Writing.of(zone.erased, level)

    def cell(rect: PageRect, *, height: int = 0) -> Cell:
        box = registration.picture_box(_shifted(rect, shift))
        return written.cell(_inside(rect, zone.rect), box, height=height)

    cells = tuple(cell(rect) for rect in rects)
    height = rects[0].bottom - rects[0].top
    line = cells[0] if len(cells) == 1 else cell(page.rect(zone.field.box), height=height)
    is_in_place = zone.place.is_found and all(gauge.sees_print(zone.surroundings, rect) for rect in rects)
    return CutField(zone.field, line.box, cells, line, is_in_place)


def _shifted(rect: PageRect, shift: tuple[float, float]) -> PageRect:
    x, y = round(shift[0]), round(shift[1])
    return PageRect(rect.left + x, rect.top + y, rect.right + x, rect.bottom + y)
