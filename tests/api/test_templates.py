import io
import json

import cv2
import numpy as np
import pytest
from PIL import Image

from service.api.template_schemas import TemplateOut
from service.documents.document import open_document
from service.settings import Settings
from tests.api.serving import FakeModels, check_problem, serving
from tests.api.test_bad_input import nothing_written_to_disk
from tests.pictures import png
from tests.stacks import tally_form
from tests.stacks.tally_form import TEMPLATE_JSON as TALLY_JSON
from tests.stacks.tally_form import pdf
from tests.stacks.test_templates import BLANK, FIELDS, OTHER_JSON, PAGE, TEMPLATE, TEMPLATE_JSON

pytestmark = pytest.mark.anyio


@pytest.fixture
async def client(tmp_path):
    async with serving(FakeModels(), Settings(templates_dir=tmp_path, timeout_ms=110_000)) as client:
        yield client


def sent(source: bytes = TEMPLATE_JSON, *pages: bytes) -> list:
    return [("template", (None, source.decode())), *[("page", ("blank", page)) for page in pages or [BLANK]]]


async def test_template_is_stored_shown_replaced_and_deleted(client):
    created = await client.put("/templates/tally", files=sent())
    assert created.status_code == 201
    assert created.json() == {"name": "tally", "num_pages": 1, "num_fields": 2, "has_blank_page": True}
    TemplateOut.model_validate(created.json())
    assert (await client.get("/templates")).json() == {"templates": ["tally"]}
    shown = await client.get("/templates/tally")
    assert shown.headers["content-type"] == "application/json"
    assert shown.content == TEMPLATE_JSON

    assert (await client.put("/templates/tally", files=sent(OTHER_JSON))).status_code == 200
    assert (await client.get("/templates/tally")).content == OTHER_JSON

    deleted = await client.delete("/templates/tally")
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert (await client.get("/templates")).json() == {"templates": []}
    check_problem(await client.get("/templates/tally"), 404, "template_not_found")
    check_problem(await client.delete("/templates/tally"), 404, "template_not_found")


async def test_blank_page_is_shown_as_png(client):
    await client.put("/templates/tally", files=sent())
    response = await client.get("/templates/tally/blank.png")

    assert response.headers["content-type"] == "image/png"
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(response.content))), PAGE)
    problem = check_problem(await client.get("/templates/tally/blank.png?page=2"), 422, "invalid_parameter")
    assert problem["detail"] == "`page` is 2; the form has 1."
    check_problem(await client.get("/templates/other/blank.png"), 404, "template_not_found")


async def test_form_to_print_has_its_true_size(client):
    await client.put("/templates/tally", files=sent())
    response = await client.get("/templates/tally/form.pdf")

    assert response.headers["content-type"] == "application/pdf"
    document = open_document(response.content, max_pages=1, max_pixels=25_000_000)
    try:
        assert document.page(0).shape == pytest.approx((60 / 25.4 * 200,) * 2, abs=2)
    finally:
        document.close()


async def test_pdf_that_was_sent_is_the_form_to_print(client):
    blank = pdf([PAGE, PAGE])
    pages = {"pages": TEMPLATE["pages"] * 2, "fields": FIELDS}
    assert (await client.put("/templates/tally", files=sent(json.dumps(pages).encode(), blank))).status_code == 201

    assert (await client.get("/templates/tally/form.pdf")).content == blank
    assert (await client.get("/templates/tally/blank.png?page=2")).status_code == 200


async def test_schema_of_templates_is_published(client):
    response = await client.get("/templates/schema.json")

    assert response.headers["content-type"] == "application/schema+json"
    schema = response.json()
    assert schema["$schema"].startswith("https://json-schema.org/")
    assert set(schema["properties"]) == {"pages", "fields", "rules"}


REFUSED = {
    "no template": ("tally", [("page", ("p", BLANK))], 400, "missing_file"),
    "wrong part": ("tally", [("file", ("p", BLANK))], 400, "unexpected_part"),
    "no JSON": ("tally", sent(b"seven"), 422, "invalid_template"),
    "wrong value": ("tally", sent(TEMPLATE_JSON.replace(b"digit", b"letter")), 422, "invalid_template"),
    "two pages": ("tally", sent(TEMPLATE_JSON, BLANK, BLANK), 422, "invalid_template"),
    "page cut short": ("tally", sent(TEMPLATE_JSON, BLANK[:-50]), 400, "undecodable_image"),
    "page that is none": ("tally", sent(TEMPLATE_JSON, b"seven"), 415, "unsupported_image_format"),
    "bad name": ("Tally", sent(), 422, "invalid_parameter"),
    "reserved name": ("auto", sent(), 422, "invalid_parameter"),
    "long name": ("x" * 65, sent(), 422, "invalid_parameter"),
    "key that no text can hold": ("tally", sent(b'{"fields": [], "\\ud800": 1}'), 422, "invalid_template"),
    "number of 400 digits": (
        "tally",
        sent(TEMPLATE_JSON.replace(b'"x": 0.1', b'"x": 1' + b"0" * 400, 1)),
        422,
        "invalid_template",
    ),
    "field name with a line break": (
        "tally",
        sent(OTHER_JSON.replace(b'"name": "a"', b'"name": "a\\n"')),
        422,
        "invalid_template",
    ),
    "two templates": (
        "tally",
        [("template", (None, TEMPLATE_JSON.decode())), *sent()],
        400,
        "repeated_part",
    ),
    "empty page": ("tally", sent(TEMPLATE_JSON, b""), 400, "empty_file"),
    "empty page of two": ("tally", sent(TEMPLATE_JSON, BLANK, b""), 400, "empty_file"),
}


@pytest.mark.parametrize("what", REFUSED)
async def test_template_that_cannot_be_used_is_not_stored(client, tmp_path, what):
    name, parts, status, code = REFUSED[what]
    response = await client.put(f"/templates/{name}", files=parts)

    check_problem(response, status, code)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("path", "told"),
    [
        (f"/templates/{'x' * 65}", f"`name` is '{'x' * 60}'...; it must be a name of at most 64 characters."),
        ("/templates/tally/blank.png?page=0", "`page` is '0'; it must be a whole number from 1 to 50."),
        ("/templates/tally/blank.png?page=x", "`page` is 'x'; it must be a whole number from 1 to 50."),
    ],
)
async def test_wrong_parameter_is_named_with_its_value_and_its_range(client, path, told):
    assert check_problem(await client.get(path), 422, "invalid_parameter")["detail"] == told


async def test_request_without_a_body_is_told_so(client):
    detail = check_problem(await client.put("/templates/tally"), 400, "empty_body")["detail"]
    assert str(detail).startswith("The body is empty. Send multipart/form-data")


async def test_without_a_folder_templates_can_be_asked_for_but_not_stored():
    async with serving(FakeModels()) as client:
        assert (await client.get("/templates")).json() == {"templates": []}
        check_problem(await client.get("/templates/tally"), 404, "template_not_found")
        with nothing_written_to_disk():
            check_problem(await client.put("/templates/tally", files=sent()), 403, "templates_read_only")
        check_problem(await client.delete("/templates/tally"), 403, "templates_read_only")


async def test_body_that_is_too_large_is_refused(tmp_path):
    async with serving(FakeModels(), Settings(templates_dir=tmp_path, max_batch_bytes=1000)) as client:
        check_problem(await client.put("/templates/tally", files=sent(TEMPLATE_JSON, bytes(2000))), 413, "too_large")


async def test_key_is_asked_for(tmp_path):
    async with serving(FakeModels(), Settings(templates_dir=tmp_path, api_key="correct horse")) as client:
        for method, path in [
            ("GET", ""),
            ("GET", "/schema.json"),
            ("PUT", "/a"),
            ("GET", "/a"),
            ("DELETE", "/a"),
            ("GET", "/a/blank.png"),
            ("GET", "/a/form.pdf"),
        ]:
            check_problem(await client.request(method, f"/templates{path}"), 401, "wrong_api_key")


async def test_damaged_file_in_the_folder_says_so(client, tmp_path):
    (tmp_path / "tally.template").write_bytes(png(PAGE))
    check_problem(await client.get("/templates/tally"), 422, "invalid_template")


async def test_template_without_a_page_is_drawn_and_its_drawing_is_read(client):
    """From nothing to values: a form is made, printed, filled in and read, without a form of one's own."""
    put = await client.put("/templates/tally", files=[("template", (None, TALLY_JSON.decode()))])
    assert put.json()["has_blank_page"] is False
    printed = await client.get("/templates/tally/form.pdf")
    assert printed.content.startswith(b"%PDF-")
    page = np.asarray(Image.open(io.BytesIO((await client.get("/templates/tally/blank.png")).content))).copy()

    first_cell = tally_form.PLACES["a"]
    scale = page.shape[1] / tally_form.WIDTH
    stroke = (np.array([[13, 11], [37, 11], [22, 40]]) + first_cell) * scale
    cv2.polylines(page, [np.rint(stroke).astype(np.int32)], isClosed=False, color=20, thickness=6)
    sent = [("files", ("a.png", png(page))), ("kind", (None, "form")), ("template", (None, "tally"))]
    (entry,) = (await client.post("/batch", files=sent)).json()["results"]

    assert entry["result"]["registration"]["method"] == "marks"
    assert {field["name"]: field["value"] for field in entry["result"]["fields"]} == {"a": "7", "b": "", "total": ""}
