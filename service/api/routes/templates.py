"""Templates of forms: stored, shown, drawn and deleted."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import JSONResponse, Response

from service.api.access import WrongKey, require_key
from service.api.batch_body import MAX_BLANK_PAGES, MAX_TEMPLATE_BYTES, blank_pages
from service.api.dependencies import Parts
from service.api.documentation import NOT_SENT_WHILE_EMPTY, problems
from service.api.intake import BodyMemoryFull, BodyTimeout
from service.api.template_schemas import TemplateOut, TemplatesOut
from service.api.upload_parts import PartLimit, RepeatedPart, TooManyParts, read_parts
from service.api.uploads import EmptyBody, MissingFile, UnexpectedPart, UnsupportedMediaType
from service.forms.schema import TEMPLATE_SCHEMA
from service.recognition import errors
from service.recognition.errors import InvalidParameter
from service.stacks.pictures import EmptyFile
from service.stacks.reading import StackReading
from service.stacks.template_pages import page_png, printable_pdf
from service.stacks.templates import TemplateNotFound, TemplatesReadOnly, TemplatesUnavailable, TooManyTemplates

router = APIRouter(prefix="/templates", tags=["templates"], dependencies=[Depends(require_key)])

SCHEMA_MEDIA_TYPE = "application/schema+json"
HOW_TO_SEND = (
    "Send multipart/form-data with a part `template`, the template's JSON, and the blank pages in parts `page`, as one "
    "PDF or as pictures. Without `page`, the form is drawn here."
)
_BINARY = {"type": "string", "format": "binary"}
_EXAMPLE = """{
  "fields": [
    {"name": "total", "kind": "boxed_digits", "cells": 4, "box": {"x": 0.6, "y": 0.2, "width": 0.3, "height": 0.03}}
  ]
}"""
_LIMITS = {"template": PartLimit(1, max_bytes=MAX_TEMPLATE_BYTES), "page": PartLimit(MAX_BLANK_PAGES)}
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "The template, and its blank pages if it has any.",
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["template"],
                    "properties": {
                        "template": {
                            "type": "string",
                            "description": "JSON; see `/templates/schema.json`.",
                            "example": _EXAMPLE,
                        },
                        "page": {
                            "type": "array",
                            "items": _BINARY,
                            "maxItems": MAX_BLANK_PAGES,
                            "default": [],
                            "description": "The blank pages: one PDF, or a PNG, JPEG, WebP, BMP or TIFF for each.",
                        },
                    },
                },
                "encoding": {"page": NOT_SENT_WHILE_EMPTY},
            }
        },
    }
}

_ALWAYS = (WrongKey, errors.InvalidParameter)
_BODY_ERRORS = (
    errors.MalformedBody,
    EmptyBody,
    EmptyFile,
    MissingFile,
    UnexpectedPart,
    RepeatedPart,
    BodyTimeout,
    errors.TooLarge,
    TooManyParts,
    UnsupportedMediaType,
    BodyMemoryFull,
)
_PAGE_ERRORS = (
    errors.UndecodableImage,
    errors.UndecodableDocument,
    errors.EncryptedDocument,
    errors.TooLarge,
    errors.TooManyPages,
    errors.UnsupportedImageFormat,
)
_STORED_ERRORS = (TemplateNotFound, errors.InvalidTemplate, errors.QueueFull)

TemplateName = Annotated[str, Path(max_length=64, description="Name of a template: a-z, 0-9, _ and -.")]
PageNumber = Annotated[int, Query(ge=1, le=MAX_BLANK_PAGES, description="Page of the form, from 1.", examples=[1])]


@router.get("", summary="All templates", responses=problems(*_ALWAYS, errors.QueueFull))
async def list_templates(request: Request) -> TemplatesOut:
    """The names of the templates that are stored."""
    reading = _reading(request)
    return TemplatesOut(templates=tuple(await reading.on_thread(reading.templates.names)))


@router.get(
    "/schema.json",
    summary="What a template looks like",
    response_class=Response,
    responses={
        200: {"description": "JSON Schema.", "content": {SCHEMA_MEDIA_TYPE: {"schema": {"type": "object"}}}},
        **problems(*_ALWAYS),
    },
)
async def schema() -> Response:
    """The JSON Schema of templates. A template that fits it may still be refused: boxes must lie on their page."""
    return JSONResponse(TEMPLATE_SCHEMA, media_type=SCHEMA_MEDIA_TYPE)


@router.put(
    "/{name}",
    summary="Store a template",
    responses={
        201: {"model": TemplateOut, "description": "It is new."},
        200: {"description": "It has taken the place of the one of this name."},
        **problems(
            *_ALWAYS,
            *_BODY_ERRORS,
            *_PAGE_ERRORS,
            TemplatesReadOnly,
            TooManyTemplates,
            errors.InvalidTemplate,
            errors.QueueFull,
            TemplatesUnavailable,
        ),
    },
    openapi_extra=_BODY,
)
async def put_template(name: TemplateName, request: Request, parts: Parts, response: Response) -> TemplateOut:
    """Store a template, after all of it has been checked; others see the old one or the new one, never half of it."""
    reading = _reading(request)
    sent = await read_parts(request, _LIMITS, max_bytes=parts.settings.max_batch_bytes, how_to_send=HOW_TO_SEND)
    if not sent["template"]:
        raise MissingFile(f"The multipart body has no part `template`. {HOW_TO_SEND}")
    source, pages = sent["template"][0].data, blank_pages(sent["page"])
    stored, is_new = await reading.on_thread(lambda: reading.templates.save(name, source, pages))
    response.status_code = 201 if is_new else 200
    return TemplateOut.of(stored)


@router.get(
    "/{name}",
    summary="One template",
    response_class=Response,
    responses={
        200: {"description": "Its JSON, as it was sent.", "content": {"application/json": {"schema": TEMPLATE_SCHEMA}}},
        **problems(*_ALWAYS, *_STORED_ERRORS),
    },
)
async def get_template(name: TemplateName, request: Request) -> Response:
    """The template, to be changed and stored again."""
    reading = _reading(request)
    stored = await reading.on_thread(lambda: reading.templates.load(name))
    return Response(stored.source, media_type="application/json")


@router.delete(
    "/{name}",
    summary="Delete a template",
    status_code=204,
    responses=problems(*_ALWAYS, TemplatesReadOnly, TemplateNotFound, errors.QueueFull, TemplatesUnavailable),
)
async def delete_template(name: TemplateName, request: Request) -> None:
    """Forget a template and its blank pages."""
    reading = _reading(request)
    await reading.on_thread(lambda: reading.templates.delete(name))


@router.get(
    "/{name}/blank.png",
    summary="A blank page",
    response_class=Response,
    responses={
        200: {"description": "The page.", "content": {"image/png": {"schema": _BINARY}}},
        **problems(*_ALWAYS, *_STORED_ERRORS, *_PAGE_ERRORS),
    },
)
async def blank_png(name: TemplateName, request: Request, page: PageNumber = 1) -> Response:
    """A page of the form without writing, as pages are compared with it."""
    reading = _reading(request)
    stored = await reading.on_thread(lambda: reading.templates.load(name))
    num_pages = len(stored.template.pages)
    if page > num_pages:
        raise InvalidParameter(f"`page` is {page}; the form has {num_pages}.")
    return Response(await reading.on_thread(lambda: page_png(stored, page)), media_type="image/png")


@router.get(
    "/{name}/form.pdf",
    summary="The form, to be printed",
    response_class=Response,
    responses={
        200: {"description": "PDF.", "content": {"application/pdf": {"schema": _BINARY}}},
        **problems(*_ALWAYS, *_STORED_ERRORS, *_PAGE_ERRORS),
    },
)
async def form_pdf(name: TemplateName, request: Request) -> Response:
    """All pages of the form in their true size. Print it without fitting it to the paper."""
    reading = _reading(request)
    stored = await reading.on_thread(lambda: reading.templates.load(name))
    return Response(await reading.on_thread(lambda: printable_pdf(stored)), media_type="application/pdf")


def _reading(request: Request) -> StackReading:
    reading: StackReading = request.app.state.stack_reading
    return reading
