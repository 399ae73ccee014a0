"""What a form is: its pages, the zones to be read on them, and the rules that hold between these.

A template comes from outside, as JSON. It is read strictly: an unknown key is a slip of the pen that would
otherwise go unseen, so it is refused like a wrong value, with its path.
"""

import json
import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from service.forms import schema
from service.recognition.allowed import AllowedList
from service.recognition.check_digits import CHECKS
from service.recognition.constraint import MAX_LENGTH, Constraint
from service.recognition.errors import InvalidParameter, InvalidTemplate
from service.recognition.pattern import MAX_PATTERN_CHARACTERS

A4_MM = (210.0, 297.0)
MIN_FIELD_MM = 1.5  # no pen writes a digit that is smaller
EDGE_SLACK = 1e-6  # of the page: rounding in 0.9 + 0.1 is no fault of the sender

T = TypeVar("T")


class FieldKind(StrEnum):
    """What stands in a field."""

    DIGIT = "digit"
    BOXED_DIGITS = "boxed_digits"  # one digit per cell
    NUMBER = "number"  # a free line
    CHECKBOX = "checkbox"


class RuleKind(StrEnum):
    """What holds between fields."""

    SUM = "sum"
    EQUAL = "equal"


@dataclass(frozen=True, slots=True)
class PageSize:
    """Size of a page in millimeters."""

    width_mm: float
    height_mm: float


@dataclass(frozen=True, slots=True)
class PageBox:
    """A rectangle in fractions of the page, 0 to 1; (x, y) is its top left."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Field:
    """One zone of a form.

    Attributes:
        name: unique within the template.
        label: what is printed beside it where the form is drawn; "" for its name.
        page: 1 for the first.
        kind: what stands in it.
        box: where it is.
        cells: one box per cell of `boxed_digits`, from left to right; the box itself for the other kinds.
        constraint: what its value satisfies, or None.
    """

    name: str
    label: str
    page: int
    kind: FieldKind
    box: PageBox
    cells: tuple[PageBox, ...]
    constraint: Constraint | None


@dataclass(frozen=True, slots=True)
class Rule:
    """`sum`: the fields `of` add up to the field `equals`. `equal`: each of them has its value."""

    kind: RuleKind
    of: tuple[str, ...]
    equals: str


@dataclass(frozen=True, slots=True)
class Template:
    """A form. See `schema.TEMPLATE_SCHEMA` for its JSON."""

    pages: tuple[PageSize, ...]
    fields: tuple[Field, ...]
    rules: tuple[Rule, ...]

    def fields_on(self, page: int) -> tuple[Field, ...]:
        """The fields of one page; 1 is the first."""
        return tuple(field for field in self.fields if field.page == page)


NO_LISTS: Mapping[str, AllowedList] = {}


def parse_template(
    source: bytes | str | Mapping[str, Any], *, allowed_lists: Mapping[str, AllowedList] = NO_LISTS
) -> Template:
    """Read a template and check all of it.

    Args:
        source: JSON as it was sent, or what it was decoded to.
        allowed_lists: by name, those that a constraint may ask for.

    Raises:
        InvalidTemplate: with the path of the first wrong value.
    """
    document = source if isinstance(source, Mapping) else _decode(source)
    root = _Node(document, "")
    root.keys({"fields"}, {"pages", "rules"})
    pages = root.items("pages", _page, most=schema.MAX_PAGES) if root.has("pages") else (PageSize(*A4_MM),)
    fields = root.items("fields", lambda node: _field(node, pages, allowed_lists), most=schema.MAX_FIELDS)
    names: set[str] = set()
    for index, field in enumerate(fields):
        if field.name in names:
            raise InvalidTemplate(
                f"fields[{index}].name", f'"{field.name}" is there twice; each field has its own name.'
            )
        names.add(field.name)
    _check_areas(fields)
    kinds = {field.name: field.kind for field in fields}
    rules = (
        root.items("rules", lambda node: _rule(node, kinds), least=0, most=schema.MAX_RULES)
        if root.has("rules")
        else ()
    )
    return Template(pages, fields, rules)


def _check_areas(fields: Sequence[Field]) -> None:
    """Fields lie beside each other; thousands one upon the other would be cut out of the whole page, each of them."""
    covered: dict[int, float] = defaultdict(float)
    for index, field in enumerate(fields):
        covered[field.page] += max(_area([field.box]), _area(field.cells))
        if covered[field.page] > schema.MAX_COVER:
            raise InvalidTemplate(
                f"fields[{index}].box",
                f"and those before it cover page {field.page} more than {schema.MAX_COVER} times over; fields lie "
                "beside each other.",
            )


def _area(boxes: Sequence[PageBox]) -> float:
    return sum(box.width * box.height for box in boxes)


def _decode(source: bytes | str) -> object:
    def refuse(constant: str) -> None:
        raise InvalidTemplate("", f"The template holds {constant}; numbers in JSON are finite.")

    try:
        return json.loads(source, parse_constant=refuse)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise InvalidTemplate("", f"The template is no JSON: {error.msg} in {place}.") from error
    except RecursionError as error:
        raise InvalidTemplate("", "The template is nested far deeper than any template is.") from error
    except ValueError as error:  # bytes that are no text, or a number of thousands of digits
        raise InvalidTemplate("", "The template is no JSON that can be read. Send it as UTF-8.") from error


class _Node:
    """A value of the document, and the path to it."""

    def __init__(self, value: object, path: str) -> None:
        self.value = value
        self.path = path

    def fail(self, message: str) -> InvalidTemplate:
        return InvalidTemplate(self.path, message)

    def has(self, key: str) -> bool:
        return isinstance(self.value, Mapping) and key in self.value

    def __getitem__(self, key: str) -> "_Node":
        value = self.value.get(key) if isinstance(self.value, Mapping) else None
        return _Node(value, f"{self.path}.{key}" if self.path else key)

    def keys(self, required: set[str], optional: set[str]) -> None:
        """Raises InvalidTemplate where this is no object, or not one with these keys."""
        if not isinstance(self.value, Mapping):
            raise self.fail(
                f"is {_shown(self.value)}; a JSON object is wanted." if self.path else "A template is a JSON object."
            )
        known = required | optional
        for key in self.value:
            if key not in known:
                raise self[_shortened(key)].fail(f"is not known here; {', '.join(sorted(known))} are.")
        for key in sorted(required - set(self.value)):
            raise self[key].fail("is missing.")

    def items(self, key: str, read: Callable[["_Node"], T], *, least: int = 1, most: int) -> tuple[T, ...]:
        node = self[key]
        if not isinstance(node.value, Sequence) or isinstance(node.value, str | bytes):
            raise node.fail(f"is {_shown(node.value)}; a list is wanted.")
        if not least <= len(node.value) <= most:
            raise node.fail(f"has {len(node.value)} entries; {least} to {most} are accepted.")
        return tuple(read(_Node(value, f"{node.path}[{index}]")) for index, value in enumerate(node.value))

    def number(self, low: float, high: float) -> float:
        is_number = isinstance(self.value, int | float) and not isinstance(self.value, bool)
        # The range alone: what is not finite is out of it, and an integer of 400 digits cannot be asked whether it is.
        if not is_number or not low <= self.value <= high:  # type: ignore[operator]
            raise self.fail(f"is {_shown(self.value)}; a number from {low:g} to {high:g} is accepted.")
        return float(self.value)  # type: ignore[arg-type]

    def integer(self, low: int, high: int) -> int:
        if not isinstance(self.value, int) or isinstance(self.value, bool) or not low <= self.value <= high:
            raise self.fail(f"is {_shown(self.value)}; a whole number from {low} to {high} is accepted.")
        return self.value

    def text(self, *, longest: int, pattern: str = "") -> str:
        if not isinstance(self.value, str) or len(self.value) > longest:
            raise self.fail(f"is {_shown(self.value)}; a text of at most {longest} characters is accepted.")
        if pattern and not re.fullmatch(pattern, self.value):
            raise self.fail(f"is {_shown(self.value)}; letters, digits, '_', '.' and '-' are accepted, 64 at most.")
        return self.value

    def choice(self, accepted: Sequence[str]) -> str:
        if not isinstance(self.value, str) or self.value not in accepted:
            raise self.fail(f"is {_shown(self.value)}; accepted are {', '.join(accepted)}.")
        return self.value


def _shown(value: object) -> str:
    """A wrong value as a message may show it: JSON, and not much of it."""
    if value is None or isinstance(value, str | int | float):
        return _shortened(json.dumps(value))
    return "an object" if isinstance(value, Mapping) else "a list"


def _shortened(text: object) -> str:
    shown = str(text)
    return shown if len(shown) <= 60 else shown[:57] + "..."


def _page(node: _Node) -> PageSize:
    node.keys({"width_mm", "height_mm"}, set())
    low, high = schema.MIN_PAGE_MM, schema.MAX_PAGE_MM
    return PageSize(node["width_mm"].number(low, high), node["height_mm"].number(low, high))


def _field(node: _Node, pages: Sequence[PageSize], allowed_lists: Mapping[str, AllowedList]) -> Field:
    node.keys({"name", "kind", "box"}, {"page", "label", "cells", "constraint"})
    name = node["name"].text(longest=64, pattern=schema.NAME_PATTERN)
    label = node["label"].text(longest=200) if node.has("label") else ""
    kind = FieldKind(node["kind"].choice([kind.value for kind in FieldKind]))
    page = node["page"].integer(1, len(pages)) if node.has("page") else 1
    box = _box(node["box"], pages[page - 1])
    return Field(
        name, label, page, kind, box, _cells(node, kind, box, pages[page - 1]), _constraint(node, kind, allowed_lists)
    )


def _box(node: _Node, page: PageSize) -> PageBox:
    node.keys({"x", "y", "width", "height"}, set())
    x, y, width, height = (node[key].number(0.0, 1.0) for key in ("x", "y", "width", "height"))
    for side, start, length, page_mm in (("width", x, width, page.width_mm), ("height", y, height, page.height_mm)):
        if start + length > 1.0 + EDGE_SLACK:
            raise node[side].fail(f"is {length:g}; from {start:g} on, the box would reach off the page.")
        if length * page_mm < MIN_FIELD_MM:
            raise node[side].fail(f"is {length:g}, {length * page_mm:.2g} mm; {MIN_FIELD_MM} mm is the least.")
    return PageBox(x, y, width, height)


def _cells(node: _Node, kind: FieldKind, box: PageBox, page: PageSize) -> tuple[PageBox, ...]:
    if kind is not FieldKind.BOXED_DIGITS:
        if node.has("cells"):
            raise node["cells"].fail(f"does not go with kind {kind}; only boxed_digits have cells.")
        return (box,)
    if not node.has("cells"):
        raise node["cells"].fail("is missing; boxed_digits have a count of cells, or a list of their boxes.")
    if isinstance(node["cells"].value, Sequence) and not isinstance(node["cells"].value, str):
        return node.items("cells", lambda cell: _box(cell, page), most=schema.MAX_CELLS)
    num_cells = node["cells"].integer(1, schema.MAX_CELLS)
    if box.width / num_cells * page.width_mm < MIN_FIELD_MM:
        raise node["cells"].fail(f"is {num_cells}; cells of the box would be narrower than {MIN_FIELD_MM} mm.")
    width = box.width / num_cells
    return tuple(PageBox(box.x + index * width, box.y, width, box.height) for index in range(num_cells))


def _constraint(node: _Node, kind: FieldKind, allowed_lists: Mapping[str, AllowedList]) -> Constraint | None:
    if not node.has("constraint"):
        return None
    node = node["constraint"]
    if kind not in (FieldKind.BOXED_DIGITS, FieldKind.NUMBER):
        raise node.fail(f"does not go with kind {kind}; boxed_digits and number have constraints.")
    lengths = ("length", "min_length", "max_length")
    node.keys(set(), {*lengths, "pattern", "check", "allowed"})
    asked = {key: node[key].integer(0, MAX_LENGTH) for key in lengths if node.has(key)}
    pattern = node["pattern"].text(longest=MAX_PATTERN_CHARACTERS) if node.has("pattern") else None
    check = node["check"].choice(CHECKS) if node.has("check") else None
    allowed = None
    if node.has("allowed"):
        name = node["allowed"].text(longest=64)
        if name not in allowed_lists:
            known = ", ".join(sorted(allowed_lists)) or "none"
            raise node["allowed"].fail(f"is {_shown(name)}; lists on this server: {known}.")
        allowed = allowed_lists[name]
    try:
        return Constraint(**asked, pattern=pattern, check=check, allowed=allowed)
    except InvalidParameter as error:  # two values that exclude each other, or a pattern that is none
        raise node.fail(str(error)) from error


def _rule(node: _Node, kinds: Mapping[str, FieldKind]) -> Rule:
    node.keys({"rule", "of", "equals"}, set())
    kind = RuleKind(node["rule"].choice([kind.value for kind in RuleKind]))

    def known(name: _Node) -> str:
        text = name.text(longest=64)
        if text not in kinds:
            raise name.fail(f"is {_shown(text)}; there is no such field.")
        if kinds[text] is FieldKind.CHECKBOX:
            raise name.fail(f"is {_shown(text)}, a checkbox; rules are about numbers.")
        return text

    of = node.items("of", known, most=schema.MAX_CELLS)
    equals = known(node["equals"])
    if equals in of or len(set(of)) < len(of):
        raise node["of"].fail("names a field twice, or the one that it equals.")
    return Rule(kind, of, equals)
