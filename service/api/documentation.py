"""What routes say about themselves in the OpenAPI document."""

from typing import Any

from service.api.errors import INTERNAL_ERROR, PROBLEM_MEDIA_TYPE, PROBLEMS
from service.api.schemas import ProblemOut
from service.api.uploads import PART_NAME

Responses = dict[int | str, dict[str, Any]]


def problems(*statuses: int) -> Responses:
    """The error answers of a route: the given statuses and 500, each with the codes that it may carry."""
    return {status: _problem(status) for status in (*statuses, INTERNAL_ERROR.status)}


def _problem(status: int) -> dict[str, Any]:
    kinds = sorted({(problem.code, problem.title) for problem in PROBLEMS.values() if problem.status == status})
    response: dict[str, Any] = {
        "description": "; ".join(f"`{code}`: {title}" for code, title in kinds),
        "content": {PROBLEM_MEDIA_TYPE: {"schema": ProblemOut.model_json_schema()}},
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
