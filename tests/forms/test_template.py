import json
from typing import Any

import pytest

from service.forms.template import FieldKind, RuleKind, parse_template
from service.recognition.allowed import AllowedList
from service.recognition.errors import InvalidTemplate

BOX = {"x": 0.1, "y": 0.1, "width": 0.3, "height": 0.05}


def form(**changes: Any) -> dict[str, Any]:
    return {"fields": [{"name": "a", "kind": "number", "box": BOX} | changes]}


def test_a_template_of_one_field_is_enough() -> None:
    template = parse_template(json.dumps(form()).encode())
    (field,) = template.fields
    assert (field.name, field.kind, field.page, field.constraint) == ("a", FieldKind.NUMBER, 1, None)
    assert (template.pages[0].width_mm, template.pages[0].height_mm) == (210.0, 297.0)


def test_a_count_of_cells_shares_the_box_evenly() -> None:
    (field,) = parse_template(form(kind="boxed_digits", cells=3)).fields
    assert [round(cell.x, 6) for cell in field.cells] == [0.1, 0.2, 0.3]
    assert {round(cell.width, 6) for cell in field.cells} == {0.1}


def test_cells_may_be_given_one_by_one() -> None:
    cells = [{"x": x, "y": 0.1, "width": 0.05, "height": 0.05} for x in (0.1, 0.2)]
    (field,) = parse_template(form(kind="boxed_digits", cells=cells)).fields
    assert [cell.x for cell in field.cells] == [0.1, 0.2]


def test_rules_name_fields() -> None:
    fields = [{"name": name, "kind": "number", "box": BOX} for name in "abc"]
    template = parse_template({"fields": fields, "rules": [{"rule": "sum", "of": ["a", "b"], "equals": "c"}]})
    assert template.rules[0].kind is RuleKind.SUM


@pytest.mark.parametrize(
    ("document", "path"),
    [
        (b"{", ""),
        (b"[" * 100_000, ""),
        (b"\xff\xfe", ""),
        (b'{"fields": [NaN]}', ""),
        (b"[]", ""),
        ({}, "fields"),
        ({"fields": []}, "fields"),
        ({"fields": {}}, "fields"),
        ({"fields": [3]}, "fields[0]"),
        (form() | {"title": "x"}, "title"),
        (form(colour="red"), "fields[0].colour"),
        (form(name="a b"), "fields[0].name"),
        (form(name=""), "fields[0].name"),
        (form(name="a\n"), "fields[0].name"),
        (form(kind="letters"), "fields[0].kind"),
        (form(page=2), "fields[0].page"),
        (form(page=True), "fields[0].page"),
        (form(box={"x": 0.1}), "fields[0].box.height"),
        (form(box=BOX | {"x": "0.1"}), "fields[0].box.x"),
        (form(box=BOX | {"width": 0.95}), "fields[0].box.width"),
        (form(box=BOX | {"height": 0.0001}), "fields[0].box.height"),
        (form(box=BOX | {"y": -0.1}), "fields[0].box.y"),
        (form(box=BOX | {"y": 1e999}), "fields[0].box.y"),
        (form(box=BOX | {"y": float("nan")}), "fields[0].box.y"),
        (form(box=BOX | {"x": 10**400}), "fields[0].box.x"),
        (form(cells=3), "fields[0].cells"),
        (form(kind="boxed_digits"), "fields[0].cells"),
        (form(kind="boxed_digits", cells=0), "fields[0].cells"),
        (form(kind="boxed_digits", cells=65), "fields[0].cells"),
        (form(kind="boxed_digits", cells=[BOX, BOX | {"x": 0.9}]), "fields[0].cells[1].width"),
        (form(kind="checkbox", constraint={"length": 1}), "fields[0].constraint"),
        (form(constraint={"length": 33}), "fields[0].constraint.length"),
        (form(constraint={"min_length": 4, "max_length": 3}), "fields[0].constraint"),
        (form(constraint={"pattern": "[1-9"}), "fields[0].constraint"),
        (form(constraint={"pattern": ""}), "fields[0].constraint"),
        (form(constraint={"pattern": "[1-3]{4}", "length": 5}), "fields[0].constraint"),
        (form(constraint={"check": "crc"}), "fields[0].constraint.check"),
        (form(constraint={"allowed": "cities"}), "fields[0].constraint.allowed"),
        ({"pages": [{"width_mm": 5, "height_mm": 297}], **form()}, "pages[0].width_mm"),
        ({"pages": [], **form()}, "pages"),
        ({"fields": form()["fields"] * 2}, "fields[1].name"),
        (form() | {"rules": [{"rule": "product", "of": ["a"], "equals": "a"}]}, "rules[0].rule"),
        (form() | {"rules": [{"rule": "sum", "of": ["b"], "equals": "a"}]}, "rules[0].of[0]"),
        (form() | {"rules": [{"rule": "sum", "of": ["a"], "equals": "a"}]}, "rules[0].of"),
    ],
)
def test_a_wrong_value_is_named_by_its_path(document: Any, path: str) -> None:
    with pytest.raises(InvalidTemplate) as caught:
        parse_template(document)
    assert caught.value.path == path
    assert len(str(caught.value)) < 400


def test_a_list_of_the_server_can_be_asked_for() -> None:
    lists = {"codes": AllowedList("codes", ["12", "34"])}
    (field,) = parse_template(form(constraint={"allowed": "codes"}), allowed_lists=lists).fields
    assert field.constraint is not None
    assert field.constraint.is_satisfied_by("34")
    assert not field.constraint.is_satisfied_by("56")


def test_too_many_fields_are_refused() -> None:
    fields = [{"name": f"f{index}", "kind": "number", "box": BOX} for index in range(2_001)]
    with pytest.raises(InvalidTemplate, match="2001 entries"):
        parse_template({"fields": fields})


WHOLE = {"x": 0.0, "y": 0.0, "width": 1.0, "height": 1.0}


def test_fields_may_be_many_beside_each_other_and_few_upon_each_other() -> None:
    fields = [form(name=f"f{index}", box=WHOLE)["fields"][0] for index in range(3)]
    assert len(parse_template({"fields": fields[:2]}).fields) == 2
    with pytest.raises(InvalidTemplate, match=r"fields\[2\].box.*page 1 more than 2 times"):
        parse_template({"fields": fields})
    fields[2]["page"] = 2
    assert parse_template({"fields": fields, "pages": [{"width_mm": 100, "height_mm": 100}] * 2}).fields


def test_nor_may_cells_lie_upon_each_other() -> None:
    with pytest.raises(InvalidTemplate, match="more than 2 times"):
        parse_template(form(kind="boxed_digits", cells=[WHOLE] * 3))
