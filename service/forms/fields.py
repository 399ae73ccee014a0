"""From a registered page to what is written in its cells."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from service.forms.cells import Boxes, Cell, Writing, strokes_of
from service.forms.editions import has_other_words
from service.forms.erasing import Erased, erase_print
from service.forms.faint import faint_level_of, level_of
from service.forms.page import BlankPage, PageRect
from service.forms.places import FieldPlace
from service.forms.registration import Registration
from service.forms.shade import without_shade
from service.forms.stamps import AROUND_MM, lies_under_stamp
from service.forms.template import Field, FieldKind, PageBox
from service.forms.visibility import PrintGauge, Surroundings
from service.recognition.prediction import Box

OVERHANG = 0.45  # of a cell's height: strokes may leave their cell by this much and are kept whole
MIN_INK_LEVEL = 45  # of 255, of the writing on a page; where nothing is as dark, somebody may have used a pencil
PALE_SHARE = 0.55  # of the page's level, below which a field is written with another pen; one pen keeps 0.6 at least
FAINT_SHARE = 0.1  # of the cells, that hold pale marks where a page is written in pencil; fewer may be creases


@dataclass(frozen=True, slots=True)
class CutField:
    """One field with its cells.

    Attributes:
        field: of the template.
        box: where it is, in pixels of the picture.
        cells: one per cell of `boxed_digits`, else one.
        line: the whole field as one picture; what a number reader gets.
        is_in_place: whether the print around the field and around each cell was found where it was looked for, and the
            words beside it are those of the blank page.
        is_pale: whether what is written in it is much paler than the rest of the page's writing: by another pen, or
            shining through from the back.
        has_beside: whether something as tall as a digit stands right or left of it, and in no other field.
        is_stamped: of a checkbox, whether the mark in it is a part of something that lies all around it.
    """

    field: Field
    box: Box
    cells: tuple[Cell, ...]
    line: Cell
    is_in_place: bool
    is_pale: bool = False
    has_beside: bool = False
    is_stamped: bool = False


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
    levels = [_cell_levels(zone, page) for zone in zones]
    level = _typical(levels) or _pencil_level(zones, page)
    rects = [[page.rect(box) for box in zone.field.cells] for zone in zones]
    gauge = PrintGauge([(zone.surroundings, cells) for zone, cells in zip(zones, rects, strict=True)])
    cut = [
        _cut(registration, page, zone, cells, (level, _typical([own])), gauge)
        for zone, cells, own in zip(zones, rects, levels, strict=True)
    ]
    is_other = has_other_words(registration, page)
    return tuple(replace(one, is_in_place=False) if other else one for one, other in zip(cut, is_other, strict=True))


def _zone(registration: Registration, page: BlankPage, field: Field, place: FieldPlace) -> _Zone:
    margin = OVERHANG * field.box.height * page.height
    rect = page.rect(field.box, margin=margin)
    lifted = registration.lift(rect, shift=(place.shift_x, place.shift_y))
    if field.kind is not FieldKind.CHECKBOX:  # which may be blacked out
        lifted = without_shade(lifted, px_per_mm=page.px_per_mm)
    page_print = page.print[rect.top : rect.bottom, rect.left : rect.right]
    erased = erase_print(lifted, page_print, px_per_mm=page.px_per_mm)
    return _Zone(field, rect, Surroundings.of(rect, lifted, page_print), erased, place)


def _cell_levels(zone: _Zone, page: BlankPage) -> list[float]:
    """How dark the writing is in each cell in which there is any, 0 to 255, measured where nothing is printed."""
    ink, is_clear = zone.erased.ink, zone.erased.is_clear
    levels = [level_of(ink[cell], is_clear[cell], least=MIN_INK_LEVEL) for cell in _cells(zone, page)]
    return [level for level in levels if level]


def _pencil_level(zones: list[_Zone], page: BlankPage) -> float:
    """The same of a page on which nothing is as dark as a pen; 0 where it is not written in pencil either."""
    cells = [(zone.erased, cell) for zone in zones for cell in _cells(zone, page)]
    levels = [faint_level_of(erased.ink[cell], erased.is_clear[cell]) for erased, cell in cells]
    return _typical([levels]) if np.count_nonzero(levels) >= FAINT_SHARE * len(cells) else 0.0


def _typical(levels: Sequence[Sequence[float]]) -> float:
    """The level in the middle of all that are not 0; 0 where there is none."""
    found = [level for of_field in levels for level in of_field if level]
    return float(np.median(found)) if found else 0.0


def _cells(zone: _Zone, page: BlankPage) -> list[tuple[slice, slice]]:
    return [_inside(page.rect(box), zone.rect) for box in zone.field.cells]


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
    levels: tuple[float, float],
    gauge: PrintGauge,
) -> CutField:
    """Cut out one field; `levels` are those of the page's writing and of its own, 0 where there is none."""
    shift = (zone.place.shift_x, zone.place.shift_y)
    level, own_level = levels
    is_pale = 0.0 < own_level < PALE_SHARE * level
    written = Writing.of(zone.erased, own_level if is_pale else level, _boxes(zone, page))

    def cell(rect: PageRect, *, height: int = 0) -> Cell:
        box = registration.picture_box(_shifted(rect, shift))
        return written.cell(_inside(rect, zone.rect), box, height=height)

    cells = tuple(cell(rect) for rect in rects)
    height = rects[0].bottom - rects[0].top
    line = cells[0] if len(cells) == 1 else cell(page.rect(zone.field.box), height=height)
    is_in_place = zone.place.is_found and all(gauge.sees_print(zone.surroundings, rect) for rect in rects)
    has_beside = written.pieces.has_beside(_inside(page.rect(zone.field.box), zone.rect), height)
    is_ticked = zone.field.kind is FieldKind.CHECKBOX and not cells[0].is_blank
    is_stamped = is_ticked and _is_stamped(registration, page, zone, own_level if is_pale else level)
    return CutField(zone.field, line.box, cells, line, is_in_place, is_pale, has_beside, is_stamped)


def _is_stamped(registration: Registration, page: BlankPage, zone: _Zone, level: float) -> bool:
    """Whether a checkbox was ticked by a stamp; `level` is that of its writing."""
    box = zone.field.box
    (own,) = _cells(zone, page)
    beside = strokes_of(zone.erased.ink, level) & zone.erased.is_clear
    beside[own] = 0
    if not beside.any():  # as around most ticks: they stay in their box
        return False
    rect = page.rect(box, margin=AROUND_MM * page.px_per_mm)
    lifted = registration.lift(rect, shift=(zone.place.shift_x, zone.place.shift_y))
    page_print = page.print[rect.top : rect.bottom, rect.left : rect.right]
    erased = erase_print(lifted, page_print, px_per_mm=page.px_per_mm)
    place = _inside(page.rect(box), rect)
    is_other = _is_other(page, rect, box)
    return lies_under_stamp(erased, strokes_of(erased.ink, level), place, is_other, px_per_mm=page.px_per_mm)


def _boxes(zone: _Zone, page: BlankPage) -> Boxes:
    is_boxed = zone.field.kind in (FieldKind.DIGIT, FieldKind.BOXED_DIGITS)
    return Boxes(tuple(_cells(zone, page)) if is_boxed else (), _is_other(page, zone.rect, zone.field.box))


def _is_other(page: BlankPage, rect: PageRect, own: PageBox) -> NDArray[np.bool_]:
    """Where in a part of the page fields are other than the one with this box, bool, of the size of `rect`."""
    is_other = np.zeros((rect.bottom - rect.top, rect.right - rect.left), bool)
    for box in page.boxes:
        if box != own:
            is_other[_inside(page.rect(box), rect)] = True
    return is_other


def _shifted(rect: PageRect, shift: tuple[float, float]) -> PageRect:
    x, y = round(shift[0]), round(shift[1])
    return PageRect(rect.left + x, rect.top + y, rect.right + x, rect.bottom + y)
