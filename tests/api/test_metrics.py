"""What /metrics shows after requests of every kind; and that the operator's page explains all of it."""

import asyncio
import re

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from service.api.dependencies import Drain
from service.recognition.errors import DeadlineExceeded, QueueFull
from service.runtime.metrics import Metrics
from service.settings import Settings
from tests.api.serving import FakeCrew, FakeModels, check_problem, serving
from tests.api.test_errors import Reader
from tests.pictures import draw_seven, png
from tests.project import ROOT

pytestmark = pytest.mark.anyio


async def samples(client) -> dict[tuple[str, ...], float]:
    """Value of every sample, by its name and the values of its labels in the order of their names."""
    response = await client.get("/metrics")
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/plain; version=0.0.4")
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(response.text)
        for sample in family.samples
    }


async def test_requests_are_counted_by_the_path_of_the_interface(client):
    for path in ("/models/cnn", "/models/vgg", "/nothing", "/nothing/else", "/static/page.js", "/"):
        await client.get(path)
    await client.request("BREW", "/health/live")
    await client.post("/predict?model=cnn", content=png(draw_seven()))
    await client.post("/predict", content=b"no picture")
    found = await samples(client)

    counted = {labels[1:]: value for labels, value in found.items() if labels[0] == "digits_requests_total"}
    assert counted == {
        ("GET", "/models/{name}", "200"): 1,
        ("GET", "/models/{name}", "404"): 1,
        ("GET", "other", "404"): 2,
        ("GET", "/static", "200"): 1,
        ("GET", "/", "200"): 1,
        ("other", "/health/live", "405"): 1,
        ("POST", "/predict", "200"): 1,
        ("POST", "/predict", "415"): 1,
    }
    assert found["digits_request_seconds_count", "/predict"] == 2


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [(QueueFull("full"), "429", "queue_full"), (DeadlineExceeded("late"), "504", "deadline_exceeded")],
)
async def test_rejections_are_counted_by_cause(error, status, code):
    async with serving(FakeModels(reader=Reader(error))) as client:
        await client.post("/predict", content=png(draw_seven()))
        await client.post("/predict", content=png(draw_seven()))
        found = await samples(client)

    assert found["digits_rejections_total", code, status] == 2


async def test_service_that_is_not_ready_turns_away_and_counts():
    async with serving(FakeModels(may_load=asyncio.Event()), wait=False) as client:
        await client.post("/predict", content=png(draw_seven()))
        assert (await samples(client))["digits_rejections_total", "not_ready", "503"] == 1


async def test_uploads_are_held_only_while_they_are_answered(client):
    await client.post("/predict", content=png(draw_seven()))

    assert (await samples(client))["digits_body_bytes",] == 0


async def test_worker_shows_what_all_workers_have_counted():
    async with serving(FakeModels(), crew=FakeCrew(b"# TYPE answers_total counter\nanswers_total 12.0\n")) as client:
        assert await samples(client) == {("answers_total",): 12.0}


async def test_worker_that_cannot_ask_the_others_shows_no_part_for_the_whole():
    async with serving(FakeModels(), crew=FakeCrew(None)) as client:
        check_problem(await client.get("/metrics"), 503, "not_ready")


async def test_ready_is_what_the_health_page_says():
    drain, crew, models = Drain(), FakeCrew(), FakeModels()
    metrics = Metrics(CollectorRegistry())

    def shown() -> float | None:
        return metrics.registry.get_sample_value("digits_ready")

    async with serving(models, drain=drain, crew=crew, metrics=metrics):
        assert shown() == 1
        models.fault = "cnn is wrong."
        assert shown() == 0
        models.fault = None
        crew.is_ready = False
        assert shown() == 0
        crew.is_ready = True
        assert shown() == 1
        drain.has_begun = True
        assert shown() == 0


async def test_metrics_need_no_key_and_show_nothing_of_what_was_sent():
    async with serving(FakeModels(), Settings(api_key="correct horse")) as client:
        await client.get("/secret-path?secret=1", headers={"X-API-Key": "secret-key", "X-Request-ID": "secret-id"})
        response = await client.get("/metrics")

    assert response.status_code == 200
    assert "secret" not in response.text
    assert "correct horse" not in response.text


async def test_ready_says_no_while_the_service_drains_and_answers_ask_for_another_connection():
    drain = Drain()
    async with serving(FakeModels(), drain=drain) as client:
        assert "connection" not in (await client.get("/health/ready")).headers
        drain.has_begun = True
        response = await client.get("/health/ready")
        assert (response.status_code, response.headers["connection"]) == (503, "close")
        response = await client.post("/predict", content=png(draw_seven()))
        assert (response.status_code, response.headers["connection"]) == (200, "close")


async def test_operations_page_explains_every_metric_and_no_other(client):
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    described = set(re.findall(r"^\| `((?:digits|process)_\w+)` \|", page, flags=re.MULTILINE))
    families = text_string_to_metric_families((await client.get("/metrics")).text)
    shown = {f"{family.name}_total" if family.type == "counter" else family.name for family in families}

    assert {name for name in described if not name.startswith("process_")} == {
        name for name in shown if not name.startswith("process_")
    }
    # Which of the library's own there are depends on the system; none may be missing from the page.
    assert {name for name in shown if name.startswith("process_")} <= described
