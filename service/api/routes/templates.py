"""Templates of forms: stored, shown, drawn and deleted."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import JSONResponse, Response

from service.api.access import require_key
from service.api.batch_body import MAX_BLANK_PAGES, MAX_TEMPLATE_BYTES
from service.api.batch_reading import StackReading
from service.api.dependencies import Parts
from service.api.documentation import problems
from service.api.template_schemas import TemplateOut, TemplatesOut
from service.api.upload_parts import PartLimit, read_parts
from service.api.uploads import MissingFile
from service.forms.schema import TEMPLATE_SCHEMA
from service.recognition.errors import InvalidParameter
from service.stacks.template_pages import page_png, printable_pdf

router = APIRouter(prefix="/templates", tags=["templates"], dependencies=[Depends(require_key)])

SCHEMA_MEDIA_TYPE = "application/schema+json"
HOW_TO_SEND = (
    "Send multipart/form-data with a part `template`, the template's JSON, and the blank pages in parts `page`, as one "
    "PDF or as pictures. Without `page`, the form is drawn here."
)
_BINARY = {"type": "string", "format": "binary"}
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
                        "template": {"type": "string", "description": "JSON; see `/templates/schema.json`."},
                        "page": {
                            "type": "array",
                            "items": _BINARY,
                            "maxItems": MAX_BLANK_PAGES,
                            "description": "The blank pages: one PDF, or a PNG, JPEG, WebP, BMP or TIFF for each.",
                        },
                    },
                }
            }
        },
    }
}

TemplateName = Annotated[str, Path(max_length=64, description="Name of a template: a-z, 0-9, _ and -.")]
PageNumber = Annotated[int, Query(ge=1, le=MAX_BLANK_PAGES, description="Page of the form, from 1.", examples=[1])]


@router.get("", summary="All templates", responses=problems(401))
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
        **problems(401),
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
        **problems(400, 401, 403, 408, 413, 415, 422, 429),
    },
    openapi_extra=_BODY,
)
async def put_template(name: TemplateName, request: Request, parts: Parts, response: Response) -> TemplateOut:
    """Store a template, after all of it has been checked; others see the old one or the new one, never half of it."""
    reading = _reading(request)
    sent = await read_parts(request, _LIMITS, max_bytes=parts.settings.max_batch_bytes, how_to_send=HOW_TO_SEND)
    if not sent["template"]:
        raise MissingFile(f"The multipart body has no part `template`. {HOW_TO_SEND}")
    source, pages = sent["template"][0].data, [part.data for part in sent["page"]]
    stored, is_new = await reading.on_thread(lambda: reading.templates.save(name, source, pages))
    response.status_code = 201 if is_new else 200
    return TemplateOut.of(stored)


@router.get(
    "/{name}",
    summary="One template",
    response_class=Response,
    responses={
        200: {"description": "Its JSON, as it was sent.", "content": {"application/json": {"schema": TEMPLATE_SCHEMA}}},
        **problems(401, 404, 422, 429),
    },
)
async def get_template(name: TemplateName, request: Request) -> Response:
    """The template, to be changed and stored again."""
    reading = _reading(request)
    stored = await reading.on_thread(lambda: reading.templates.load(name))
    return Response(stored.source, media_type="application/json")


@router.delete("/{name}", summary="Delete a template", status_code=204, responses=problems(401, 403, 404, 422, 429))
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
        **problems(400, 401, 404, 413, 415, 422, 429),
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
        **problems(400, 401, 404, 413, 415, 422, 429),
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
