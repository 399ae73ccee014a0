import asyncio
import json
import logging
import re

import pytest

from service.api import middleware
from service.api.middleware import new_request_id
from service.logs import JsonLines
from service.recognition.errors import QueueFull
from tests.api.serving import FakeModels, serving
from tests.api.test_errors import Reader
from tests.pictures import draw_seven, png

pytestmark = pytest.mark.anyio

ULID = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")


@pytest.mark.parametrize("given", ["a", "01JD3Y7VQK8B0W5N2R6T9XZC4M", "trace.1_2-3", "x" * 128])
async def test_harmless_request_id_is_echoed(client, given):
    response = await client.get("/health/live", headers={"X-Request-ID": given})

    assert response.headers["x-request-id"] == given


@pytest.mark.parametrize("given", [None, "", "x" * 129, "a b", "a\tb", "<script>", "a;b", "é".encode(), '"a"', "a/b"])
async def test_any_other_is_replaced(client, given):
    headers = {} if given is None else {"X-Request-ID": given}
    response = await client.get("/health/live", headers=headers)

    assert ULID.fullmatch(response.headers["x-request-id"])


def test_new_ids_differ_and_sort_by_time(monkeypatch):
    assert len({new_request_id() for _ in range(1000)}) == 1000
    early, late = "service.api.middleware.time.time_ns", 0
    ids = []
    for late in (1_000_000, 2_000_000, 10**18):
        monkeypatch.setattr(early, lambda now=late: now)
        ids.append(new_request_id())
    assert ids == sorted(ids)
    assert all(ULID.fullmatch(one) for one in ids)


async def test_log_has_one_line_per_request_and_nothing_of_what_was_sent(client, caplog):
    caplog.set_level(logging.INFO, logger="service")
    await client.post(
        "/predict?top_k=2",
        files={"file": ("my-secret-name.png", png(draw_seven()))},
        headers={"X-Request-ID": "id-1", "X-API-Key": "my-secret-key"},
    )

    lines = [JsonLines().format(record) for record in caplog.records]
    (line,) = [json.loads(line) for line in lines]
    assert list(line) == ["time", "level", "logger", "message", "method", "path", "status", "ms", "request_id"]
    assert (line["method"], line["path"], line["status"], line["request_id"]) == ("POST", "/predict", 200, "id-1")
    assert line["ms"] > 0
    assert "secret" not in lines[0]
    assert "top_k" not in lines[0]


async def test_requests_that_were_turned_away_share_a_line(caplog, monkeypatch):
    monkeypatch.setattr(middleware, "REFUSALS_EVERY_S", 0.0)
    caplog.set_level(logging.INFO, logger="service")
    async with serving(FakeModels(reader=Reader(QueueFull("full")))) as client:
        for _ in range(2):
            caplog.clear()
            answers = [await client.post("/predict", content=png(draw_seven())) for _ in range(3)]
            assert [answer.status_code for answer in answers] == [429] * 3
            await asyncio.sleep(0.01)

            lines = [json.loads(JsonLines().format(record)) for record in caplog.records]
            told = [line for line in lines if line["message"] == "refused"]
            assert sum(line["num_requests"] for line in told) == 3
            assert {line["status"] for line in told} == {429}
            assert [line for line in lines if line["message"] == "request"] == []


async def test_log_keeps_to_its_line_whatever_the_path(client, caplog):
    caplog.set_level(logging.INFO, logger="service")
    await client.get("/a%0a%7b%22level%22:%22error%22%7d")

    (line,) = [JsonLines().format(record) for record in caplog.records]
    assert "\n" not in line
    assert json.loads(line)["path"] == '/a\n{"level":"error"}'


@pytest.mark.parametrize("path", ["/health/live", "/predict", "/nothing", "/", "/docs", "/static/page.js"])
async def test_every_answer_carries_the_safe_headers_and_none_that_lets_other_sites_in(client, path):
    headers = (await client.get(path, headers={"Origin": "http://elsewhere"})).headers

    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["content-security-policy"].startswith("default-src 'none'")
    assert headers["x-request-id"]
    assert not [name for name in headers if name.startswith("access-control-")]
