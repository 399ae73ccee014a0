import logging
import re

import pytest

from service.api.errors import INTERNAL_ERROR, PROBLEMS
from service.recognition.errors import DigitsError, StartupError, UndecodableImage
from tests.api.serving import FakeModels, check_problem, serving
from tests.pictures import draw_seven, png
from tests.project import ROOT

pytestmark = pytest.mark.anyio


def tree(root: type[DigitsError]) -> list[type[DigitsError]]:
    """The class and all below it, of this project's own."""
    below = [cls for child in root.__subclasses__() for cls in tree(child)]
    return [cls for cls in (root, *below) if cls.__module__.startswith("service.")]


@pytest.mark.parametrize("error", tree(DigitsError), ids=lambda error: error.__name__)
def test_every_error_of_the_tree_has_a_row(error):
    assert error in PROBLEMS


def test_codes_tell_problems_apart():
    rows = set(PROBLEMS.values())
    assert len({row.code for row in rows}) == len(rows)
    assert all(re.fullmatch(r"[a-z_]+", row.code) for row in rows)


def test_errors_page_describes_every_code_with_its_status():
    page = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
    described = {(int(status), code) for status, code in re.findall(r"^\| (\d{3}) \| `(\w+)` \|", page, re.MULTILINE)}
    framework = {(404, "not_found"), (405, "method_not_allowed")}

    assert described == {(row.status, row.code) for row in PROBLEMS.values()} | framework


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing", 404, "not_found"),
        ("GET", "/static/nothing.js", 404, "not_found"),
        ("GET", "/static/../main.py", 404, "not_found"),
        ("GET", "/static/%2e%2e/main.py", 404, "not_found"),
        # No redirection to the same path without the slash: it would name whatever the header Host does.
        ("POST", "/predict/", 404, "not_found"),
        ("GET", "/models/", 404, "not_found"),
        ("GET", "/health/live/", 404, "not_found"),
        ("GET", "/static", 404, "not_found"),
        ("GET", "/predict", 405, "method_not_allowed"),
        ("DELETE", "/models", 405, "method_not_allowed"),
    ],
)
async def test_refusals_of_the_framework_are_problem_documents_too(client, method, path, status, code):
    response = await client.request(method, path)

    assert check_problem(response, status, code)["instance"].startswith("/")
    if status == 405:
        assert response.headers["allow"]


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/predict", {"POST"}),
        ("/templates/tally", {"GET", "PUT", "DELETE"}),  # a route each
        ("/templates/schema.json", {"GET"}),
    ],
)
async def test_all_methods_of_a_path_are_told(client, path, allowed):
    response = await client.request("PATCH", path)

    check_problem(response, 405, "method_not_allowed")
    assert set(response.headers["allow"].split(", ")) == allowed


@pytest.mark.parametrize("path", ["/predict", "/batch"])
async def test_half_of_a_surrogate_pair_can_be_shown(path):
    fault = UndecodableImage("The picture is called \ud800.")
    async with serving(FakeModels(reader=Reader(fault))) as client:
        part = "file" if path == "/predict" else "files"
        response = await client.post(path, files={part: ("a.png", png(draw_seven()))})

    answer = check_problem(response, 400, "undecodable_image") if path == "/predict" else response.json()["results"][0]
    assert answer.get("error", answer)["detail"] == "The picture is called \\ud800."


class Reader:
    """Fails to read, in a way of the test's choice."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def refuse_if_full(self) -> None:
        """There is room."""

    async def read(self, data: bytes, *, max_error: float, top_k: int, timeout_s: float):
        raise self._error


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("a secret from /srv/models/cnn.py"),
        StartupError("a secret from /srv/models/cnn.py"),  # one of ours, but none for clients
    ],
)
async def test_unexpected_error_tells_the_client_its_id_and_the_log_everything(caplog, error):
    async with serving(FakeModels(reader=Reader(error))) as client:
        response = await client.post("/predict", content=png(draw_seven()), headers={"X-Request-ID": "id-1"})

    document = check_problem(response, 500, INTERNAL_ERROR.code)
    assert "secret" not in response.text
    assert "id-1" in document["detail"]
    assert response.headers["x-content-type-options"] == "nosniff"
    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert record.exc_info[1] is error
    assert record.fields == {"request_id": "id-1"}
