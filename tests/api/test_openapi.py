"""The OpenAPI document says what the service does."""

import re
from typing import get_type_hints

import pytest
from pydantic import TypeAdapter

from service.api.batch_body import LIMITS
from service.api.batch_formats import BatchFormat
from service.api.documentation import problems
from service.api.errors import PROBLEMS
from service.api.parameters import ACCEPTED
from service.api.schemas import ProblemOut, Schema
from service.recognition.check_digits import CHECKS
from service.settings import Settings
from tests.api.serving import FakeModels, serving
from tests.pictures import draw_seven, png

pytestmark = pytest.mark.anyio


def below(schema: type[Schema]) -> list[type[Schema]]:
    """All schemas of the project that are made from this one."""
    return [found for child in schema.__subclasses__() for found in (child, *below(child))]


SCHEMAS = below(Schema)  # the app has been imported, and with it every file of schemas


@pytest.fixture
async def document(client):
    return (await client.get("/openapi.json")).json()


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda schema: schema.__name__)
def test_every_field_has_a_meaning_and_an_example_that_fits(schema):
    annotations = get_type_hints(schema, include_extras=True)
    for name, field in schema.model_fields.items():
        assert field.description, name
        assert field.examples, name
        for example in field.examples:
            TypeAdapter(annotations[name]).validate_python(example)


async def test_paths_are_those_of_the_interface(document):
    routes = {(method, path) for path, item in document["paths"].items() for method in item}

    assert routes == {
        ("post", "/predict"),
        ("post", "/sequence"),
        ("post", "/batch"),
        ("get", "/templates"),
        ("get", "/templates/schema.json"),
        ("get", "/templates/{name}"),
        ("put", "/templates/{name}"),
        ("delete", "/templates/{name}"),
        ("get", "/templates/{name}/blank.png"),
        ("get", "/templates/{name}/form.pdf"),
        ("get", "/models"),
        ("get", "/models/{name}"),
        ("get", "/health/live"),
        ("get", "/health/ready"),
        ("get", "/metrics"),
    }


@pytest.mark.parametrize(
    ("method", "path", "statuses"),
    [
        ("post", "/predict", {200, 400, 401, 404, 408, 413, 415, 422, 429, 500, 503, 504}),
        ("post", "/sequence", {200, 400, 401, 404, 408, 413, 415, 422, 429, 500, 503, 504}),
        ("get", "/models", {200, 401, 500, 503}),
        ("get", "/models/{name}", {200, 401, 404, 422, 500, 503}),
        ("get", "/health/live", {200}),
        ("get", "/health/ready", {200, 500, 503}),
    ],
)
async def test_every_status_of_a_route_is_documented(document, method, path, statuses):
    responses = document["paths"][path][method]["responses"]

    assert {int(status) for status in responses} == statuses
    for status, response in responses.items():
        media_type = "application/json" if status == "200" else "application/problem+json"
        assert list(response["content"]) == [media_type]
        assert response["content"][media_type]["schema"]
        assert response["description"]


def test_every_code_stands_in_the_description_of_its_status():
    for problem in PROBLEMS.values():
        assert f"`{problem.code}`" in problems(problem.status)[problem.status]["description"]


@pytest.mark.parametrize(
    ("method", "path", "status", "codes"),
    [
        ("post", "/predict", 404, {"model_not_found"}),
        ("post", "/predict", 413, {"too_large"}),
        ("post", "/sequence", 422, {"invalid_parameter"}),
        ("get", "/models/{name}", 404, {"model_not_found"}),
        ("get", "/templates/{name}", 404, {"template_not_found"}),
        ("put", "/templates/{name}", 413, {"too_large", "too_many_pages", "too_many_parts", "too_many_templates"}),
        ("delete", "/templates/{name}", 503, {"templates_unavailable"}),
        ("get", "/health/ready", 503, {"not_ready"}),
    ],
)
async def test_route_names_the_codes_that_it_may_answer_with(document, method, path, status, codes):
    response = document["paths"][path][method]["responses"][str(status)]

    assert set(re.findall(r"`(\w+)`: ", response["description"])) == codes


async def test_every_problem_is_shown_by_an_example_of_its_own(document):
    problems = {problem.code: problem for problem in PROBLEMS.values()}
    for item in document["paths"].values():
        for status, response in (pair for route in item.values() for pair in route["responses"].items()):
            if status[0] in "45":
                examples = response["content"]["application/problem+json"]["examples"]
                assert set(examples) == set(re.findall(r"`(\w+)`: ", response["description"]))
                for code, example in examples.items():
                    shown = ProblemOut.model_validate(example["value"], strict=True)
                    assert (shown.code, shown.status, shown.title) == (code, int(status), problems[code].title)


async def test_every_parameter_has_words_for_what_it_takes(document):
    routes = [route for item in document["paths"].values() for route in item.values()]

    assert {one["name"] for route in routes for one in route.get("parameters", [])} == set(ACCEPTED)


@pytest.mark.parametrize(("method", "path"), [("post", "/batch"), ("put", "/templates/{name}")])
async def test_swagger_ui_sends_nothing_that_was_not_filled_in(document, method, path):
    """It fills in a part by its default, else its example, else its first value, else with the name of its type.

    Texts and lists of texts that are empty then are sent as empty parts; so are lists of files, unless their encoding
    says that each is a part of its own. Tried with the version in service/web/vendor, in Chromium.
    """
    body = document["paths"][path][method]["requestBody"]["content"]["multipart/form-data"]
    optional = {
        name: one for name, one in body["schema"]["properties"].items() if name not in body["schema"]["required"]
    }

    assert optional
    for name, schema in optional.items():
        if schema["type"] == "array":
            assert schema["default"] == [], name
            is_of_files = schema["items"].get("format") == "binary"
            assert body.get("encoding", {}).get(name, {}).get("explode", False) == is_of_files
        else:
            assert schema["enum"][0] == "", name


async def test_template_that_the_document_shows_can_be_stored(document, tmp_path):
    put = document["paths"]["/templates/{name}"]["put"]
    example = put["requestBody"]["content"]["multipart/form-data"]["schema"]["properties"]["template"]["example"]

    async with serving(FakeModels(), Settings(templates_dir=tmp_path)) as client:
        assert (await client.put("/templates/tally", files={"template": (None, example)})).status_code == 201


@pytest.mark.parametrize("path", ["/predict", "/sequence"])
async def test_ways_to_send_a_picture_are_documented_and_work(client, document, path):
    ways = document["paths"][path]["post"]["requestBody"]["content"]

    assert list(ways) == ["multipart/form-data", "image/*", "application/octet-stream"]
    (part,) = ways["multipart/form-data"]["schema"]["required"]
    assert (await client.post(path, files={part: png(draw_seven())})).status_code == 200


async def test_parameters_are_documented_with_their_ranges(document):
    parameters = {one["name"]: one for one in document["paths"]["/predict"]["post"]["parameters"]}

    assert set(parameters) == {"model", "top_k", "max_error", "X-Timeout-Ms"}
    assert parameters["top_k"]["schema"] | {} == {
        **parameters["top_k"]["schema"],
        "minimum": 1,
        "maximum": 10,
        "default": 3,
    }
    assert all(one["description"] for one in parameters.values())


async def test_parameters_of_a_number_are_documented_with_their_ranges(document):
    parameters = {one["name"]: one for one in document["paths"]["/sequence"]["post"]["parameters"]}
    schemas = {name: one["schema"] for name, one in parameters.items()}

    constraint = {"length", "min_length", "max_length", "pattern", "check", "allowed"}
    assert set(parameters) == {"model", "top_k", "max_error", "X-Timeout-Ms"} | constraint
    assert all(one["description"] for one in parameters.values())
    assert all(one["examples"] for one in schemas.values())
    for name in ("length", "min_length", "max_length"):
        assert (schemas[name]["minimum"], schemas[name]["maximum"]) == (0, 32)
    assert schemas["pattern"]["maxLength"] == 200
    assert schemas["check"]["enum"] == list(CHECKS)
    assert constraint <= set(ACCEPTED)
    assert not any("null" in str(schema) for schema in schemas.values())  # none can be sent


async def test_formats_of_a_stack_are_documented(document):
    route = document["paths"]["/batch"]["post"]
    answers = route["responses"]["200"]["content"]

    assert set(answers) == {one.value for one in BatchFormat}
    assert answers["application/json"]["schema"] == {"$ref": "#/components/schemas/BatchOut"}
    parts = route["requestBody"]["content"]["multipart/form-data"]["schema"]
    assert parts["required"] == ["files"]
    assert set(parts["properties"]) == set(LIMITS)
    assert "FormOut" in document["components"]["schemas"]


@pytest.mark.parametrize(
    ("method", "path", "statuses"),
    [
        ("post", "/batch", {200, 400, 401, 404, 408, 413, 415, 422, 429, 500, 503, 504}),
        ("get", "/templates", {200, 401, 422, 429, 500}),
        ("get", "/templates/schema.json", {200, 401, 422, 500}),
        ("put", "/templates/{name}", {200, 201, 400, 401, 403, 408, 413, 415, 422, 429, 500, 503}),
        ("delete", "/templates/{name}", {204, 401, 403, 404, 422, 429, 500, 503}),
        ("get", "/templates/{name}/blank.png", {200, 400, 401, 404, 413, 415, 422, 429, 500}),
    ],
)
async def test_every_status_of_stacks_and_templates_is_documented(document, method, path, statuses):
    assert {int(status) for status in document["paths"][path][method]["responses"]} == statuses


async def test_references_lead_somewhere(document):
    names = set(re.findall(r"#/components/schemas/(\w+)", str(document)))

    assert names <= set(document["components"]["schemas"])
    assert "HTTPValidationError" not in document["components"]["schemas"]
