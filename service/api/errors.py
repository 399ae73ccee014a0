"""Errors as the outside sees them: problem documents (RFC 9457).

This table is the only place that knows which error has which status.
"""

import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import orjson
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from service.api.access import WrongKey
from service.api.intake import BodyMemoryFull, BodyTimeout
from service.api.parameters import complaint
from service.api.upload_parts import RepeatedPart, TooManyParts
from service.api.uploads import EmptyBody, MissingFile, SeveralFiles, UnexpectedPart, UnsupportedMediaType
from service.recognition import errors
from service.stacks.pictures import EmptyFile
from service.stacks.templates import TemplateNotFound, TemplatesReadOnly, TemplatesUnavailable, TooManyTemplates

PROBLEM_MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:problem-type:digits:"

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Problem:
    """One kind of problem: its HTTP status, its code for programs and its title for people."""

    status: int
    code: str
    title: str


INTERNAL_ERROR = Problem(500, "internal_error", "The service failed")

PROBLEMS: Mapping[type[errors.DigitsError], Problem] = {
    errors.MalformedBody: Problem(400, "malformed_body", "The body is malformed"),
    EmptyBody: Problem(400, "empty_body", "There is no picture"),
    EmptyFile: Problem(400, "empty_file", "A file has no bytes"),
    MissingFile: Problem(400, "missing_file", "There is no file"),
    UnexpectedPart: Problem(400, "unexpected_part", "A part has a name that is not known here"),
    SeveralFiles: Problem(400, "several_files", "There is more than one file"),
    RepeatedPart: Problem(400, "repeated_part", "A part is there more than once"),
    errors.UndecodableImage: Problem(400, "undecodable_image", "The picture is damaged"),
    errors.UndecodableDocument: Problem(400, "undecodable_document", "The document cannot be read"),
    errors.EncryptedDocument: Problem(400, "encrypted_document", "The document asks for a password"),
    WrongKey: Problem(401, "wrong_api_key", "The API key is missing or wrong"),
    TemplatesReadOnly: Problem(403, "templates_read_only", "No templates are stored here"),
    TemplateNotFound: Problem(404, "template_not_found", "There is no such template"),
    errors.ModelNotFound: Problem(404, "model_not_found", "There is no such model"),
    BodyTimeout: Problem(408, "body_timeout", "The body came too slowly"),
    errors.TooLarge: Problem(413, "too_large", "The picture is too large"),
    errors.TooManyPages: Problem(413, "too_many_pages", "The document has too many pages"),
    TooManyTemplates: Problem(413, "too_many_templates", "There is no room for one more template"),
    TooManyParts: Problem(413, "too_many_parts", "There are too many files"),
    errors.UnsupportedImageFormat: Problem(415, "unsupported_image_format", "This is no picture that can be read here"),
    UnsupportedMediaType: Problem(415, "unsupported_media_type", "A picture cannot be sent like this"),
    errors.InvalidParameter: Problem(422, "invalid_parameter", "A parameter is wrong"),
    errors.InvalidTemplate: Problem(422, "invalid_template", "The template cannot be used"),
    errors.RegistrationFailed: Problem(422, "registration_failed", "The picture does not show the template's page"),
    errors.QueueFull: Problem(429, "queue_full", "The service is busy"),
    BodyMemoryFull: Problem(429, "body_memory_full", "Too many uploads at once"),
    errors.NotReady: Problem(503, "not_ready", "The service is not ready"),
    TemplatesUnavailable: Problem(503, "templates_unavailable", "Templates cannot be stored now"),
    errors.DeadlineExceeded: Problem(504, "deadline_exceeded", "The reading took too long"),
    # Below: raised on purpose, yet never meant for a client. Should one come this far, it is our fault.
    errors.DigitsError: INTERNAL_ERROR,
    errors.RequestError: INTERNAL_ERROR,
    errors.BlankImage: INTERNAL_ERROR,
    errors.Unavailable: INTERNAL_ERROR,
    errors.StartupError: INTERNAL_ERROR,
    errors.InvalidModel: INTERNAL_ERROR,
    errors.InvalidAllowedList: INTERNAL_ERROR,
    errors.DeviceNotFound: INTERNAL_ERROR,
}


def install_error_handlers(app: FastAPI) -> None:
    """Have every error of the app answered with a problem document.

    Unexpected errors pass through: `RequestFrame` in the middleware answers them, where the request id
    and the other headers still get onto the answer.
    """
    app.add_exception_handler(errors.DigitsError, _answer_digits_error)
    app.add_exception_handler(RequestValidationError, _answer_validation_error)
    app.add_exception_handler(HTTPException, _answer_http_exception)
    app.add_exception_handler(ClientDisconnect, _answer_disconnect)


def problem_response(
    scope: Mapping[str, Any], problem: Problem, detail: str, *, headers: Mapping[str, str] | None = None
) -> Response:
    """The problem document for one request."""
    document = {
        "type": TYPE_PREFIX + problem.code,
        "title": problem.title,
        "status": problem.status,
        "detail": encodable(detail),
        "instance": scope["path"],
        "code": problem.code,
        "request_id": scope["state"]["request_id"],
    }
    scope["state"]["code"] = problem.code  # for the log
    return Response(orjson.dumps(document), problem.status, dict(headers or {}), PROBLEM_MEDIA_TYPE)


def encodable(detail: str) -> str:
    """A detail that JSON can hold, whatever of the request it shows: half of a surrogate pair becomes its number."""
    return detail.encode(errors="backslashreplace").decode()


def internal_error_response(scope: Mapping[str, Any]) -> Response:
    """What a client gets for an error of ours: the request id, by which it is found in the log."""
    request_id = scope["state"]["request_id"]
    return problem_response(scope, INTERNAL_ERROR, f"An error on our side; it is logged under request id {request_id}.")


async def _answer_digits_error(request: Request, error: Exception) -> Response:
    problem = PROBLEMS.get(type(error), INTERNAL_ERROR) if isinstance(error, errors.DigitsError) else INTERNAL_ERROR
    if problem is INTERNAL_ERROR:
        raise error
    headers: dict[str, str] = {}
    if isinstance(error, errors.Unavailable):
        # Whole seconds (RFC 9110, 10.2.3), and never 0: that would invite a client to spin.
        headers["Retry-After"] = str(max(1, math.ceil(error.retry_after_s)))
        request.app.state.container.metrics.count_rejection(problem.status, problem.code)
    if problem.status == HTTPStatus.REQUEST_TIMEOUT:
        headers["Connection"] = "close"  # RFC 9110, 15.5.9; the rest of the body is still on its way
    if problem.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'ApiKey header="X-API-Key"'
    if problem.status == HTTPStatus.TOO_MANY_REQUESTS:
        await request.app.state.refusals.wait()
    return problem_response(request.scope, problem, str(error), headers=headers)


async def _answer_validation_error(request: Request, error: Exception) -> Response:
    found = error.errors() if isinstance(error, RequestValidationError) else []
    # Once each: a value that could have been of several types is refused for each of them.
    detail = " ".join(dict.fromkeys(complaint(item) for item in found))
    return problem_response(request.scope, PROBLEMS[errors.InvalidParameter], detail)


async def _answer_http_exception(request: Request, error: Exception) -> Response:
    """The framework's own refusals: no such path, or no such method on it."""
    status = HTTPStatus(error.status_code if isinstance(error, HTTPException) else 500)
    details = {
        HTTPStatus.NOT_FOUND: "There is nothing at this path. GET /docs lists the paths.",
        HTTPStatus.METHOD_NOT_ALLOWED: f"{request.method} is not possible here. GET /docs lists what is.",
    }
    problem = Problem(status, status.name.lower(), status.phrase)
    headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        headers |= _allowed_methods(request)
    return problem_response(request.scope, problem, details.get(status, status.description), headers=headers)


def _allowed_methods(request: Request) -> Mapping[str, str]:
    """The header Allow with all methods of a path; the framework knows those of one of its routes."""
    path = getattr(request.scope.get("route"), "path", None)
    routes = (route for route in iter_route_contexts(request.app.routes) if route.path == path)
    methods = sorted({method for route in routes for method in route.methods or ()})
    return {"Allow": ", ".join(methods)} if methods else {}


async def _answer_disconnect(request: Request, error: Exception) -> Response:
    """The client has gone. Nobody reads this answer; it puts the customary 499 into the access log."""
    problem = Problem(499, "client_disconnected", "The client closed the connection")
    return problem_response(request.scope, problem, "The connection was closed before there was an answer.")
