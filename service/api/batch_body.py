"""The body of a stack: its files, and what they are."""

from dataclasses import dataclass
from typing import Any

from starlette.requests import Request

from service.api.documentation import NOT_SENT_WHILE_EMPTY
from service.api.upload_parts import PartLimit, SentPart, read_parts
from service.api.uploads import MissingFile
from service.stacks.entries import SentFile
from service.stacks.pictures import EmptyFile

MAX_FILES = 512
MAX_TEMPLATES = 16
MAX_TEMPLATE_BYTES = 1_000_000
MAX_BLANK_PAGES = 50  # a template has no more pages

LIMITS = {
    "files": PartLimit(MAX_FILES),
    "kind": PartLimit(1, max_bytes=64),
    "template": PartLimit(MAX_TEMPLATES, max_bytes=MAX_TEMPLATE_BYTES),
    "page": PartLimit(MAX_BLANK_PAGES),
}

HOW_TO_SEND = (
    "Send multipart/form-data with a part `files` for every file, and for other things than digits a part `kind`; "
    "for forms also `template`, and `page` where the template is not a stored one."
)


@dataclass(frozen=True, slots=True)
class BatchBody:
    """What a stack was sent with.

    Attributes:
        files: in the order sent, at least one.
        kinds: contents of the parts `kind`, one at most.
        templates: contents of the parts `template`: names, or JSON.
        pages: contents of the parts `page`. Parts that are empty are left out of these three.
    """

    files: list[SentFile]
    kinds: list[bytes]
    templates: list[bytes]
    pages: list[bytes]


async def read_batch_body(request: Request, *, max_bytes: int) -> BatchBody:
    """The body of a request for a stack.

    Raises:
        MissingFile: it has no files.
        EmptyFile: a blank page of a template has no bytes.
        RequestError: see `read_parts`.
    """
    parts = await read_parts(request, LIMITS, max_bytes=max_bytes, how_to_send=HOW_TO_SEND)
    if not parts["files"]:
        raise MissingFile(f"The multipart body has no part `files`. {HOW_TO_SEND}")
    files = [SentFile(index, part.filename, part.data) for index, part in enumerate(parts["files"])]
    kinds, templates = _filled(parts["kind"]), _filled(parts["template"])
    pages = blank_pages(parts["page"]) if templates else _filled(parts["page"])
    return BatchBody(files, kinds, templates, pages)


def _filled(parts: list[SentPart]) -> list[bytes]:
    """What stands in fields of a form; one that was left empty says nothing, and browsers send it all the same."""
    return [part.data for part in parts if part.data]


def blank_pages(parts: list[SentPart]) -> list[bytes]:
    """The contents of the parts `page`; raises `EmptyFile` where one has none."""
    if not all(part.data for part in parts):
        raise EmptyFile("A part `page` has no bytes. Send the blank page, or leave the part out.")
    return [part.data for part in parts]


_BINARY = {"type": "string", "format": "binary"}
BATCH_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "Up to 512 files. A form's template is the name of a stored one, or JSON beside the blank page.",
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["files"],
                    "properties": {
                        "files": {
                            "type": "array",
                            "items": _BINARY,
                            "minItems": 1,
                            "maxItems": MAX_FILES,
                            "description": "Pictures; for forms also PDF, and TIFF with several pages.",
                        },
                        "kind": {
                            "type": "string",
                            # The first is what Swagger UI sends unless it is told otherwise.
                            "enum": ["", "digit", "sequence", "form"],
                            "description": "What the files show; empty where the query says it.",
                        },
                        "template": {
                            "type": "array",
                            "items": {"type": "string"},
                            "maxItems": MAX_TEMPLATES,
                            "default": [],
                            "description": "For forms: names of stored templates, of which each page is read by the "
                            "one that fits it best; `auto` for all that are stored; or one template as JSON.",
                        },
                        "page": {
                            "type": "array",
                            "items": _BINARY,
                            "maxItems": MAX_BLANK_PAGES,
                            "default": [],
                            "description": "The blank pages of a template that is sent as JSON: pictures, or one PDF.",
                        },
                    },
                },
                "encoding": {"page": NOT_SENT_WHILE_EMPTY},
            }
        },
    }
}
"""The body of `/batch`. It is read by `upload_parts`, of which FastAPI knows nothing."""
