"""Stacks of forms over HTTP: a form that the tests draw, read by networks that see a 7 in everything."""

import asyncio
from typing import NoReturn

import numpy as np
import pytest

from service.api.batch_schemas import BatchOut
from service.api.form_schemas import FormOut
from service.documents.pdf import PdfDocument
from service.recognition.errors import QueueFull
from service.settings import Settings
from service.stacks import turns
from service.stacks.forms import FormStack
from service.stacks.turns import Deadline, StackTurns
from tests.api.serving import FakeModels, check_problem, serving
from tests.api.test_bad_input import nothing_written_to_disk
from tests.documents.pdfs import encrypted_pdf, laughing_pdf, paged_pdf
from tests.pictures import draw_seven, png
from tests.stacks.tally_form import TEMPLATE_JSON, blank_page, filled_page, pdf, tiff

pytestmark = pytest.mark.anyio

BLANK = png(blank_page())
FILLED = filled_page({"a": 2, "b": 1, "total": 3})
VALUES = {"a": "77", "b": "7", "total": "777"}
BROUGHT = [("kind", (None, "form")), ("template", (None, TEMPLATE_JSON.decode())), ("page", ("blank.png", BLANK))]
PATIENT = Settings(timeout_ms=110_000)  # a page takes half a second, and far longer on a machine with other work


@pytest.fixture
async def client():
    async with serving(FakeModels(), PATIENT) as client:
        yield client


def files(*contents: bytes) -> list[tuple[str, tuple[str, bytes]]]:
    return [("files", (f"{index}", content)) for index, content in enumerate(contents)]


def values_of(entry: dict) -> dict[str, str]:
    return {field["name"]: field["value"] for field in entry["result"]["fields"]}


async def test_form_is_read_with_the_template_that_comes_with_it(client):
    with nothing_written_to_disk():
        response = await client.post("/batch", files=[*files(png(FILLED)), *BROUGHT])

    assert response.status_code == 200, response.text
    answer = response.json()
    BatchOut.model_validate(answer)
    (entry,) = answer["results"]
    result = entry["result"]
    assert (entry["index"], entry["filename"], entry["page"], entry["status"]) == (0, "0", 1, "ok")
    assert FormOut.model_validate(result).model_dump(mode="json") == result
    assert (result["template"], result["page"]) == ("", 1)
    assert result["image"] == {"width": 620, "height": 874}
    assert result["registration"]["residual_px"] < 1
    assert abs(result["registration"]["rotation_deg"]) < 1
    assert values_of(entry) == VALUES
    field = result["fields"][0]
    assert (field["name"], field["kind"], field["low_confidence"]) == ("a", "boxed_digits", True)
    assert field["box"]["x"] == pytest.approx(400, abs=3)
    assert field["box"]["y"] == pytest.approx(250, abs=3)
    assert [digit["digit"] for digit in field["digits"]] == [7, 7]
    assert result["checks"] == [
        {"rule": "sum", "of": ["a", "b"], "equals": "total", "satisfied": False, "settled": []}  # 77 + 7 is not 777
    ]
    assert answer["summary"] == {"count": 1, "accepted": 0, "review": 1, "rejected": 0, "failed": 0}


async def test_pages_of_documents_are_entries_of_their_own_and_fail_alone(client):
    other = filled_page({"a": 1}, seed=2)  # another form
    response = await client.post("/batch", files=[*files(pdf([FILLED, other]), b"x", tiff([FILLED])), *BROUGHT])

    entries = response.json()["results"]
    assert [(entry["index"], entry.get("page"), entry["status"]) for entry in entries] == [
        (0, 1, "ok"),
        (0, 2, "error"),
        (1, 1, "error"),
        (2, 1, "ok"),
    ]
    assert values_of(entries[0]) == values_of(entries[3]) == VALUES
    assert (entries[1]["error"]["status"], entries[1]["error"]["code"]) == (422, "registration_failed")
    assert entries[2]["error"]["code"] == "unsupported_image_format"


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (b"", 400, "empty_file"),
        (encrypted_pdf(), 400, "encrypted_document"),
        (pdf([draw_seven(100)])[:300], 400, "undecodable_document"),
        (paged_pdf(0), 400, "undecodable_document"),
        (paged_pdf(5_000), 413, "too_many_pages"),
        (bytes(10_000_001), 413, "too_large"),
    ],
    ids=["empty", "encrypted", "cut short", "0 pages", "5,000 pages", "too many bytes"],
)
async def test_file_that_cannot_be_opened_fails_alone(client, caplog, data, status, code):
    response = await client.post("/batch", files=[*files(data, b"x"), *BROUGHT])

    first, second = response.json()["results"]
    assert response.status_code == 200
    assert (first["error"]["status"], first["error"]["code"]) == (status, code)
    assert "page" not in first
    assert second["error"]["code"] == "unsupported_image_format"
    assert not [record for record in caplog.records if record.exc_info]


async def test_page_that_never_ends_is_too_large(client, monkeypatch):
    monkeypatch.setitem(PdfDocument.__init__.__kwdefaults__, "page_limit_s", 1.0)
    response = await client.post("/batch", files=[*files(laughing_pdf(), b"x"), *BROUGHT])

    first, second = response.json()["results"]
    assert (first["page"], first["error"]["status"], first["error"]["code"]) == (1, 413, "too_large")
    assert second["error"]["code"] == "unsupported_image_format"


async def test_form_has_a_row_for_every_field_in_the_table(client):
    response = await client.post("/batch", files=[*files(png(FILLED)), *BROUGHT], headers={"Accept": "text/csv"})

    rows = [row.split(",") for row in response.text.split("\r\n")[1:-1]]
    assert [(row[0], row[1], row[2], row[4], row[5]) for row in rows] == [
        ("0", "0", "1", name, value) for name, value in VALUES.items()
    ]


async def test_time_of_the_stack_ends_for_files_and_pages(client, monkeypatch):
    entries = FormStack.entries  # which are asked for when the template is there
    monkeypatch.setattr(FormStack, "entries", lambda self, files, _: entries(self, files, Deadline.after(0.0)))
    response = await client.post("/batch", files=[*files(pdf([FILLED] * 3)), *BROUGHT])

    assert {entry["error"]["code"] for entry in response.json()["results"]} == {"deadline_exceeded"}


async def test_time_of_the_stack_ends_for_its_template_too(client):
    response = await client.post("/batch", files=[*files(pdf([FILLED] * 3)), *BROUGHT], headers={"X-Timeout-Ms": "1"})

    assert (response.status_code, response.json()["code"]) == (504, "deadline_exceeded")


@pytest.mark.parametrize("accept", ["application/json", "application/x-ndjson"])
async def test_pages_that_requests_bring_along_are_bounded_and_let_go_of(client, monkeypatch, accept):
    monkeypatch.setattr(turns, "MAX_BROUGHT_PAGES", 2)
    request = {"files": [*files(png(FILLED)), *BROUGHT], "headers": {"Accept": accept}}
    many = await asyncio.gather(*[client.post("/batch", **request) for _ in range(4)])
    after = await client.post("/batch", **request)

    statuses = sorted(response.status_code for response in many)
    assert statuses[0] == after.status_code == 200
    assert statuses[-1] == 429
    assert next(one for one in many if one.status_code == 429).json()["code"] == "queue_full"


async def test_stack_that_finds_no_place_after_its_upload_is_refused_before_an_answer_begins(client, monkeypatch):
    monkeypatch.setattr(StackTurns, "refuse_if_full", lambda self: None)  # there was room when the upload began
    monkeypatch.setattr(StackTurns, "stack", no_place)
    response = await client.post(
        "/batch", files=[*files(png(FILLED)), *BROUGHT], headers={"Accept": "application/x-ndjson"}
    )

    assert (response.status_code, response.json()["code"]) == (429, "queue_full")


def no_place(_: StackTurns) -> NoReturn:
    raise QueueFull("32 stacks are being read.")


async def test_stored_template_is_named_and_the_fitting_one_is_found(tmp_path):
    settings = Settings(templates_dir=tmp_path, timeout_ms=110_000)
    other = png(blank_page(seed=2))
    async with serving(FakeModels(), settings) as client:
        for name, page in (("other", other), ("tally", BLANK)):
            sent = {"template": (None, TEMPLATE_JSON.decode()), "page": ("blank.png", page)}
            assert (await client.put(f"/templates/{name}", files=sent)).status_code == 201

        for templates in (["tally"], ["other", "tally"], ["auto"]):
            sent = [*files(png(FILLED)), ("kind", (None, "form")), *[("template", (None, one)) for one in templates]]
            (entry,) = (await client.post("/batch", files=sent)).json()["results"]
            assert entry["result"]["template"] == "tally"
            assert values_of(entry) == VALUES

        sent = [*files(png(FILLED)), ("kind", (None, "form")), ("template", (None, "other"))]
        (entry,) = (await client.post("/batch", files=sent)).json()["results"]
        assert (entry["error"]["status"], entry["error"]["code"]) == (422, "registration_failed")


FORM = ("kind", (None, "form"))
REFUSED = {
    "no form": ([BROUGHT[1], BROUGHT[2]], 422, "invalid_parameter"),
    "template of numbers": ([("kind", (None, "sequence")), BROUGHT[1]], 422, "invalid_parameter"),
    "page of digits": ([BROUGHT[2]], 422, "invalid_parameter"),
    "no template": ([FORM], 422, "invalid_parameter"),
    "unknown template": ([FORM, ("template", (None, "tally"))], 404, "template_not_found"),
    "none stored": ([FORM, ("template", (None, "auto"))], 404, "template_not_found"),
    "way out": ([FORM, ("template", (None, "../../etc/passwd"))], 404, "template_not_found"),
    "no JSON": ([FORM, ("template", (None, "{"))], 422, "invalid_template"),
    "box off the page": (
        [FORM, ("template", (None, TEMPLATE_JSON.decode().replace('"x": 0.645', '"x": 0.945'))), BROUGHT[2]],
        422,
        "invalid_template",
    ),
    "page of a stored one": ([FORM, ("template", (None, "tally")), BROUGHT[2]], 422, "invalid_parameter"),
    "JSON twice": ([FORM, BROUGHT[1], BROUGHT[1], BROUGHT[2]], 422, "invalid_parameter"),
    "page that is none": ([FORM, BROUGHT[1], ("page", ("p", b"x"))], 415, "unsupported_image_format"),
    "page cut short": ([FORM, BROUGHT[1], ("page", ("p", BLANK[:-200]))], 400, "undecodable_image"),
    "two pages": ([FORM, BROUGHT[1], BROUGHT[2], BROUGHT[2]], 422, "invalid_template"),
    "17 templates": ([FORM, *[("template", (None, "a"))] * 17], 413, "too_many_parts"),
    "endless template": ([FORM, ("template", (None, "{" + " " * 1_000_000))], 413, "too_large"),
}


@pytest.mark.parametrize("sent", REFUSED)
async def test_template_that_cannot_be_used_is_refused(client, sent):
    parts, status, code = REFUSED[sent]
    response = await client.post("/batch", files=[*files(b"x"), *parts])

    check_problem(response, status, code)


async def test_templates_path_of_the_wrong_value_is_told(client):
    assert b'"x": 0.645' in TEMPLATE_JSON
    parts, _, _ = REFUSED["box off the page"]
    response = await client.post("/batch", files=[*files(b"x"), *parts])

    assert response.json()["detail"].startswith("fields[0].box.width: ")


async def test_digits_are_answered_while_forms_are_read(client):
    forms = asyncio.create_task(client.post("/batch", files=[*files(*[png(FILLED)] * 3), *BROUGHT]))
    await asyncio.sleep(0)
    while not forms.done():
        response = await client.post("/predict", content=png(draw_seven(40)))
        assert response.status_code == 200
    assert [values_of(entry) for entry in (await forms).json()["results"]] == [VALUES] * 3


async def test_page_turned_and_halved_is_the_same_page(client):
    turned = [np.rot90(FILLED, quarter).copy() for quarter in (1, 2)]
    response = await client.post("/batch", files=[*files(*[png(page) for page in turned]), *BROUGHT])

    for entry, degrees in zip(response.json()["results"], (-90, 180), strict=True):
        assert values_of(entry) == VALUES
        assert abs(entry["result"]["registration"]["rotation_deg"]) == pytest.approx(abs(degrees), abs=1)
