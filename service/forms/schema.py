"""The JSON Schema of templates, as it is published for those who write them.

It describes the shape of a template. What a schema cannot say (names that are there twice, boxes that reach off their
page, rules over fields that do not exist) is checked by `template.parse_template` as well, which names the wrong value.
"""

from collections.abc import Mapping
from typing import Any

from service.recognition.check_digits import CHECKS
from service.recognition.constraint import MAX_LENGTH
from service.recognition.pattern import MAX_PATTERN_CHARACTERS

MAX_PAGES = 50
MAX_FIELDS = 2_000
MAX_COVER = 2  # of a page's area, that all fields on it take together
MAX_CELLS = 64
MAX_RULES = 200
MIN_PAGE_MM, MAX_PAGE_MM = 10.0, 2_000.0
NAME_PATTERN = "^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$"

_FRACTION = {"type": "number", "minimum": 0, "maximum": 1}
_BOX = {
    "description": "A rectangle in fractions of the page; (x, y) is its top left, the page's top left is the origin.",
    "type": "object",
    "properties": {
        "x": _FRACTION,
        "y": _FRACTION,
        "width": {"type": "number", "exclusiveMinimum": 0, "maximum": 1},
        "height": {"type": "number", "exclusiveMinimum": 0, "maximum": 1},
    },
    "required": ["x", "y", "width", "height"],
    "additionalProperties": False,
}
_LENGTH = {"type": "integer", "minimum": 0, "maximum": MAX_LENGTH}
_NAME = {"type": "string", "pattern": NAME_PATTERN}

TEMPLATE_SCHEMA: Mapping[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Form template",
    "type": "object",
    "properties": {
        "pages": {
            "description": "Size of each page in millimeters; where it is left out, one page of A4.",
            "type": "array",
            "minItems": 1,
            "maxItems": MAX_PAGES,
            "items": {
                "type": "object",
                "properties": {
                    "width_mm": {"type": "number", "minimum": MIN_PAGE_MM, "maximum": MAX_PAGE_MM},
                    "height_mm": {"type": "number", "minimum": MIN_PAGE_MM, "maximum": MAX_PAGE_MM},
                },
                "required": ["width_mm", "height_mm"],
                "additionalProperties": False,
            },
        },
        "fields": {
            "type": "array",
            "minItems": 1,
            "maxItems": MAX_FIELDS,
            "items": {
                "type": "object",
                "properties": {
                    "name": _NAME,
                    "label": {
                        "description": "Printed beside the field when the form is drawn.",
                        "type": "string",
                        "maxLength": 200,
                    },
                    "page": {"type": "integer", "minimum": 1, "maximum": MAX_PAGES, "default": 1},
                    "kind": {"enum": ["digit", "boxed_digits", "number", "checkbox"]},
                    "box": _BOX,
                    "cells": {
                        "description": "Of boxed_digits: how many cells share the box evenly, or the box of each.",
                        "oneOf": [
                            {"type": "integer", "minimum": 1, "maximum": MAX_CELLS},
                            {"type": "array", "minItems": 1, "maxItems": MAX_CELLS, "items": _BOX},
                        ],
                    },
                    "constraint": {
                        "description": "What every value of the field satisfies; of boxed_digits and number.",
                        "type": "object",
                        "properties": {
                            "length": _LENGTH,
                            "min_length": _LENGTH,
                            "max_length": _LENGTH,
                            "pattern": {"type": "string", "minLength": 1, "maxLength": MAX_PATTERN_CHARACTERS},
                            "check": {"enum": list(CHECKS)},
                            "allowed": {
                                "description": "Name of a list on the server.",
                                "type": "string",
                                "maxLength": 64,
                            },
                        },
                        "additionalProperties": False,
                    },
                },
                "required": ["name", "kind", "box"],
                "additionalProperties": False,
            },
        },
        "rules": {
            "type": "array",
            "maxItems": MAX_RULES,
            "items": {
                "type": "object",
                "properties": {
                    "rule": {"enum": ["sum", "equal"]},
                    "of": {"type": "array", "minItems": 1, "maxItems": MAX_CELLS, "items": _NAME},
                    "equals": _NAME,
                },
                "required": ["rule", "of", "equals"],
                "additionalProperties": False,
            },
        },
    },
    "required": ["fields"],
    "additionalProperties": False,
}
