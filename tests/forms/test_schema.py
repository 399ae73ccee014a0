import jsonschema_rs
import pytest

from service.forms.schema import TEMPLATE_SCHEMA
from service.forms.template import parse_template
from service.recognition.check_digits import CHECKS
from service.recognition.errors import InvalidTemplate
from tests.forms.composing import table_template

VALIDATOR = jsonschema_rs.validator_for(dict(TEMPLATE_SCHEMA))
BOX = {"x": 0.1, "y": 0.1, "width": 0.3, "height": 0.05}


@pytest.mark.parametrize(
    "document",
    [
        table_template(),
        {
            "fields": [
                {"name": "a", "kind": "number", "box": BOX, "constraint": {"max_length": 6, "pattern": "[1-9][0-9]*"}}
            ]
        },
        {"fields": [{"name": "a", "kind": "boxed_digits", "box": BOX, "cells": [BOX]}], "rules": []},
    ],
)
def test_what_the_schema_allows_is_read(document: dict[str, object]) -> None:
    assert VALIDATOR.is_valid(document)
    parse_template(document)


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"fields": []},
        {"fields": [{"name": "a", "kind": "word", "box": BOX}]},
        {"fields": [{"name": "a", "kind": "number", "box": BOX, "colour": "red"}]},
        {"fields": [{"name": "a", "kind": "number", "box": BOX | {"x": -1}}]},
        {"fields": [{"name": "a", "kind": "boxed_digits", "box": BOX, "cells": 65}]},
    ],
)
def test_what_the_schema_refuses_is_refused(document: dict[str, object]) -> None:
    assert not VALIDATOR.is_valid(document)
    with pytest.raises(InvalidTemplate):
        parse_template(document)


def test_every_check_digit_can_be_asked_for() -> None:
    constraint = TEMPLATE_SCHEMA["properties"]["fields"]["items"]["properties"]["constraint"]
    assert set(constraint["properties"]["check"]["enum"]) == set(CHECKS)
