"""The JSON of stacks, as the OpenAPI document shows it: an example on every field."""

from typing import Any, Literal

from pydantic import Field

from service.api.form_schemas import FormOut
from service.api.schemas import Schema

_ERROR = {
    "status": 415,
    "code": "unsupported_image_format",
    "detail": "The file is no picture that is known here. Send PNG, JPEG, WebP, BMP or TIFF.",
}
_ENTRY = {"index": 0, "filename": "a.png", "status": "ok", "result": {"digit": 7, "decision": "accepted"}}
_SUMMARY = {"count": 2, "accepted": 1, "review": 0, "rejected": 0, "failed": 1}


class EntryErrorOut(Schema):
    """Why a file, or a page of it, could not be read: what it would have been answered with alone."""

    status: int = Field(description="The HTTP status.", examples=[415])
    code: str = Field(description="As in problem documents.", examples=["unsupported_image_format"])
    detail: str = Field(description="What is wrong, and what to do.", examples=[_ERROR["detail"]])


class BatchEntryOut(Schema):
    """What became of one file, or of one page of a document."""

    index: int = Field(ge=0, description="Place of the file among the parts `files`, from 0.", examples=[0])
    filename: str | None = Field(description="As sent; null where the part has none.", examples=["a.png"])
    page: int | None = Field(
        None,
        description="Page of the file, from 1. Of forms only; not there where the file could not be opened.",
        examples=[1],
    )
    status: Literal["ok", "error"] = Field(description="Whether there is a `result`.", examples=["ok"])
    result: FormOut | dict[str, Any] | None = Field(
        None,
        description="Where `status` is `ok`: as `/predict` or `/sequence` answer, without `request_id`; for forms "
        "`FormOut`.",
        examples=[_ENTRY["result"]],
    )
    error: EntryErrorOut | None = Field(None, description="Where `status` is `error`.", examples=[_ERROR])


class SummaryOut(Schema):
    """How many entries there are of each verdict; a form's is that of its most doubtful field."""

    count: int = Field(description="Entries.", examples=[2])
    accepted: int = Field(
        description="Accepted; of forms, those of which every field is and every rule holds.", examples=[1]
    )
    review: int = Field(description="For a person to look at.", examples=[0])
    rejected: int = Field(description="With nothing that could be read.", examples=[0])
    failed: int = Field(description="With an `error`.", examples=[1])


class BatchOut(Schema):
    """What became of a stack."""

    results: tuple[BatchEntryOut, ...] = Field(description="In the order sent.", examples=[[_ENTRY]])
    summary: SummaryOut = Field(description="How many of which verdict.", examples=[_SUMMARY])
    request_id: str = Field(description="Also in the header `X-Request-ID`.", examples=["01JD3Y7VQK8B0W5N2R6T9XZC4M"])
