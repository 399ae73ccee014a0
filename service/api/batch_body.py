"""The body of a stack: its files, and what they are."""

from dataclasses import dataclass
from typing import Any

from starlette.requests import Request

from service.api.upload_parts import PartLimit, SentPart, read_parts
from service.api.uploads import MissingFile
from service.stacks.entries import SentFile

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
        pages: contents of the parts `page`.
    """

    files: list[SentFile]
    kinds: list[bytes]
    templates: list[bytes]
    pages: list[bytes]


async def read_batch_body(request: Request, *, max_bytes: int) -> BatchBody:
    """The body of a request for a stack.

    Raises:
        MissingFile: it has no files.
        RequestError: see `read_parts`.
    """
    parts = await read_parts(request, LIMITS, max_bytes=max_bytes, how_to_send=HOW_TO_SEND)
    if not parts["files"]:
        raise MissingFile(f"The multipart body has no part `files`. {HOW_TO_SEND}")
    files = [SentFile(index, part.filename, part.data) for index, part in enumerate(parts["files"])]
    return BatchBody(files, _contents(parts["kind"]), _contents(parts["template"]), _contents(parts["page"]))


def _contents(parts: list[SentPart]) -> list[bytes]:
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
                            "enum": ["digit", "sequence", "form"],
                            "description": "What the files show.",
                        },
                        "template": {
                            "type": "array",
                            "items": {"type": "string"},
                            "maxItems": MAX_TEMPLATES,
                            "description": "For forms: names of stored templates, of which each page is read by the "
                            "one that fits it best; `auto` for all that are stored; or one template as JSON.",
                        },
                        "page": {
                            "type": "array",
                            "items": _BINARY,
                            "maxItems": MAX_BLANK_PAGES,
                            "description": "The blank pages of a template that is sent as JSON: pictures, or one PDF.",
                        },
                    },
                }
            }
        },
    }
}
"""The body of `/batch`. It is read by `upload_parts`, of which FastAPI knows nothing."""
