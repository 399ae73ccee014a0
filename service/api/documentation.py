"""What routes say about themselves in the OpenAPI document."""

from typing import Any

from service.api.errors import INTERNAL_ERROR, PROBLEM_MEDIA_TYPE, PROBLEMS, TYPE_PREFIX, Problem
from service.api.schemas import ProblemOut
from service.api.uploads import PART_NAME
from service.recognition.errors import DigitsError

Responses = dict[int | str, dict[str, Any]]


def problems(*kinds: int | type[DigitsError]) -> Responses:
    """The error answers of a route, 500 among them, each with the codes that it may carry.

    Args:
        kinds: errors that the route may end with; a status stands for all that have it.
    """
    found = {INTERNAL_ERROR}.union(*(_problems_of(kind) for kind in kinds))
    return {status: _response(status, found) for status in sorted({problem.status for problem in found})}


def _problems_of(kind: int | type[DigitsError]) -> set[Problem]:
    if isinstance(kind, int):
        return {problem for problem in PROBLEMS.values() if problem.status == kind}
    return {PROBLEMS[kind]}


def _response(status: int, found: set[Problem]) -> dict[str, Any]:
    of_status = sorted((problem for problem in found if problem.status == status), key=lambda problem: problem.code)
    response: dict[str, Any] = {
        "description": "; ".join(f"`{problem.code}`: {problem.title}" for problem in of_status),
        "content": {
            PROBLEM_MEDIA_TYPE: {
                "schema": ProblemOut.model_json_schema(),
                "examples": {problem.code: {"value": _example(problem)} for problem in of_status},
            }
        },
    }
    if status in (429, 503, 504):
        response["headers"] = {
            "Retry-After": {
                "description": "Seconds after which trying again makes sense.",
                "schema": {"type": "integer"},
                "example": 2,
            }
        }
    return response


def _example(problem: Problem) -> dict[str, Any]:
    return {
        "type": TYPE_PREFIX + problem.code,
        "title": problem.title,
        "status": problem.status,
        "detail": "What is wrong with this request, and what to do.",
        "instance": "/the/path/of/the/request",
        "code": problem.code,
        "request_id": "01JD3Y7VQK8B0W5N2R6T9XZC4M",
    }


NOT_SENT_WHILE_EMPTY = {"style": "form", "explode": True}
"""Encoding of a list of files in a multipart body: a part for each, as is the default, and none where there is none.

Said for Swagger UI, which otherwise sends a list in which nothing has been chosen as one empty part.
"""

PICTURE_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "One picture: PNG, JPEG, WebP, BMP or TIFF. The format is found from the bytes.",
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": [PART_NAME],
                    "properties": {
                        PART_NAME: {
                            "type": "string",
                            "format": "binary",
                            "description": "The picture.",
                        }
                    },
                }
            },
            "image/*": {"schema": {"type": "string", "format": "binary"}},
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
        },
    }
}
"""The body of `/predict` and `/sequence`. It is read by `uploads`, of which FastAPI knows nothing."""
