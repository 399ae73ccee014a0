"""Readings that are not accepted, from a request to the log and to a receiver."""

import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
import numpy as np
import pytest
from prometheus_client import CollectorRegistry

from service.alerts.alerts import Alerts
from service.alerts.receiver import Receiver
from service.alerts.webhook import Patience, Webhook
from service.runtime.metrics import Metrics
from service.settings import Settings
from tests.alerts.receiving import PATIENCE_S, receiving
from tests.api.serving import FakeModels, serving
from tests.pictures import draw_seven, draw_strokes, png
from tests.runtime.fakes import reads, sure_of
from tests.stacks.tally_form import TEMPLATE_JSON, blank_page, filled_page, tiff

pytestmark = pytest.mark.anyio

BLANK = png(np.full((60, 60), 255, np.uint8))
SEVEN = png(draw_seven(60))


@asynccontextmanager
async def telling(alerts: Alerts, *, margin: float = 0.5, label: str = "12?67") -> AsyncIterator[httpx2.AsyncClient]:
    """A service that is at a loss, and tells so."""
    models = FakeModels(sure_of(7, margin=margin), line_network=reads(label), on_read=alerts.hear)
    async with serving(models, alerts=alerts) as client:
        yield client


def alerts_in(caplog: pytest.LogCaptureFixture) -> list[dict]:
    return [record.fields for record in caplog.records if record.getMessage() == "low confidence"]


async def test_each_way_to_ask_leads_to_one_line_per_reading(caplog):
    caplog.set_level(logging.INFO, logger="service")
    async with telling(Alerts()) as client:
        await client.post("/predict", content=SEVEN, headers={"X-Request-ID": "one"})
        await client.post("/sequence", content=png(draw_strokes(5)), headers={"X-Request-ID": "two"})
        files = [("files", (f"my-name-{index}.png", data)) for index, data in enumerate([SEVEN, b"none", BLANK])]
        response = await client.post("/batch", files=files, headers={"X-Request-ID": "three"})
        assert response.json()["summary"]["failed"] == 1

    found = alerts_in(caplog)
    facts = [tuple(line.get(name) for name in ("request_id", "route", "file", "model", "reason")) for line in found]
    assert facts[:2] == [
        ("one", "/predict", None, "cnn", "uncertain"),
        ("two", "/sequence", None, "crnn", "not_a_digit"),
    ]
    assert sorted(facts[2:], key=str) == [
        ("three", "/batch", 0, "cnn", "uncertain"),
        ("three", "/batch", 2, "cnn", "blank"),
    ]
    assert "my-name" not in caplog.text
    assert all("reading" not in line for line in found)


async def test_second_request_with_the_same_query_is_told_apart_from_the_first(caplog):
    caplog.set_level(logging.INFO, logger="service")
    async with telling(Alerts()) as client:
        for name in ("one", "two"):
            await client.post("/predict?model=cnn", content=SEVEN, headers={"X-Request-ID": name})

    assert [(line["request_id"], line["route"]) for line in alerts_in(caplog)] == [
        ("one", "/predict"),
        ("two", "/predict"),
    ]


async def test_sure_readings_and_what_cannot_be_read_at_all_are_not_told(caplog):
    caplog.set_level(logging.INFO, logger="service")
    async with telling(Alerts(), margin=12.0, label="12867") as client:
        assert (await client.post("/predict", content=SEVEN)).json()["decision"] == "accepted"
        assert (await client.post("/sequence", content=png(draw_strokes(5)))).json()["decision"] == "accepted"
        assert (await client.post("/predict", content=b"no picture")).status_code == 415

    assert alerts_in(caplog) == []


@pytest.mark.parametrize(("shows_readings", "shown"), [(False, None), (True, "1267")])
async def test_receiver_gets_digits_only_where_the_operator_says_so(shows_readings, shown):
    with receiving() as receiver:
        webhook = Webhook(Receiver(receiver.url).post, patience=Patience(gather_s=0.0, close_s=PATIENCE_S))
        async with telling(Alerts(webhook=webhook, shows_readings=shows_readings)) as client:
            answer = (await client.post("/sequence", content=png(draw_strokes(5)))).json()
            got = receiver.next_post()

    assert answer["text"] == "1267"
    (reading,) = got.readings
    assert reading.get("reading") == shown
    assert (reading["request_id"], reading["route"]) == (answer["request_id"], "/sequence")
    assert (reading["decision"], reading["confidence"]) == (answer["decision"], answer["confidence"])
    assert ("1267" in json.dumps(got.body["readings"])) is shows_readings


async def test_readings_are_answered_while_the_receiver_hangs():
    with receiving() as receiver:
        receiver.may_answer.clear()
        webhook = Webhook(Receiver(receiver.url).post, patience=Patience(gather_s=0.0, close_s=0.01), queue_limit=5)
        async with telling(Alerts(webhook=webhook)) as client:
            for _ in range(20):
                response = await client.post("/predict", content=BLANK)
                assert response.json()["reason"] == "blank"
            assert receiver.next_post().readings[0]["reason"] == "blank"
            assert webhook.num_waiting >= 5  # nobody has been answered yet


async def test_what_waits_when_the_service_stops_is_still_delivered():
    with receiving() as receiver:
        webhook = Webhook(Receiver(receiver.url).post, patience=Patience(gather_s=600.0, close_s=PATIENCE_S))
        async with telling(Alerts(webhook=webhook)) as client:
            await client.post("/predict", content=BLANK, headers={"X-Request-ID": "one"})
            assert receiver.next_post().readings[0]["request_id"] == "one"
            await client.post("/predict", content=BLANK, headers={"X-Request-ID": "two"})
            assert receiver.is_empty
        assert receiver.next_post().readings[0]["request_id"] == "two"


async def test_fields_of_forms_are_told_by_name_and_page_and_counted(caplog):
    caplog.set_level(logging.INFO, logger="service")
    metrics = Metrics(CollectorRegistry())
    form = [("kind", (None, "form")), ("template", (None, TEMPLATE_JSON.decode())), ("page", ("", png(blank_page())))]
    pages = [b"none", tiff([filled_page({"a": 2, "b": 1, "total": 3})])]
    patient = Settings(timeout_ms=110_000)  # a page takes half a second, and far longer on a machine with other work
    async with serving(FakeModels(), patient, alerts=Alerts(), metrics=metrics) as client:
        response = await client.post("/batch", files=[*[("files", ("", data)) for data in pages], *form])

    fields = response.json()["results"][1]["result"]["fields"]
    unsure = [(1, 1, "", field["name"], field["decision"], field["reason"]) for field in fields if field["reason"]]
    names = ("file", "page", "template", "field", "decision", "reason")
    assert unsure  # 77 and 7 are not 777
    assert [tuple(line[name] for name in names) for line in alerts_in(caplog)] == unsure
    labels = {"kind": "boxed_digits", "decision": unsure[0][4]}
    counted = metrics.registry.get_sample_value("digits_form_fields_total", labels)
    assert counted == [field["decision"] for field in fields].count(unsure[0][4])
