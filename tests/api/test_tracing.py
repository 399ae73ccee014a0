"""Spans for requests and stages, into memory instead of over the network."""

import logging
import subprocess
import sys
from itertools import pairwise

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from service.api.tracing import Tracing, tracing_from
from service.recognition.errors import StartupError
from tests.api.serving import FakeModels, serving
from tests.api.test_errors import Reader
from tests.pictures import draw_seven, png
from tests.project import ROOT

pytestmark = pytest.mark.anyio

TRACE_ID = "0af7651916cd43dd8448eb211c80319c"
PARENT_ID = "b7ad6b7169203331"


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def tracing(exporter) -> Tracing:
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return Tracing(provider)


async def test_request_and_its_stages_are_spans_below_the_callers(tracing, exporter, caplog):
    caplog.set_level(logging.INFO, logger="service")
    async with serving(FakeModels(), tracing=tracing) as client:
        response = await client.post(
            "/predict?top_k=2",
            content=png(draw_seven()),
            headers={"traceparent": f"00-{TRACE_ID}-{PARENT_ID}-01"},
        )
    *stages, request = exporter.get_finished_spans()

    assert request.name == "POST /predict"
    assert request.kind is SpanKind.SERVER
    assert f"{request.context.trace_id:032x}" == TRACE_ID
    assert f"{request.parent.span_id:016x}" == PARENT_ID
    assert dict(request.attributes) == {
        "http.request.method": "POST",
        "url.path": "/predict",
        "http.route": "/predict",
        "http.response.status_code": 200,
        "request_id": response.headers["x-request-id"],
    }
    assert [span.name for span in stages] == ["decode", "canvas", "queue", "model", "read"]
    for earlier, later in pairwise(stages):
        assert earlier.end_time == later.start_time
    assert {span.parent.span_id for span in stages} == {request.context.span_id}
    assert request.start_time <= stages[0].start_time
    (record,) = caplog.records
    assert record.fields["trace_id"] == TRACE_ID


async def test_request_without_a_reading_is_a_span_of_its_own(tracing, exporter):
    async with serving(FakeModels(), tracing=tracing) as client:
        await client.get("/models/vgg")
    (span,) = exporter.get_finished_spans()

    assert span.name == "GET /models/{name}"
    assert span.parent is None
    assert span.attributes["http.response.status_code"] == 404
    assert span.status.status_code is StatusCode.UNSET  # the client's fault, not ours


async def test_failure_of_ours_is_marked(tracing, exporter):
    async with serving(FakeModels(reader=Reader(RuntimeError("boom"))), tracing=tracing) as client:
        await client.post("/predict", content=png(draw_seven()))
    (span,) = exporter.get_finished_spans()

    assert span.status.status_code is StatusCode.ERROR
    assert "boom" not in str(span.to_json())


def test_where_nobody_asks_there_is_none_and_nothing_is_imported():
    assert tracing_from({}) is None
    program = "import sys, service.main; sys.exit(any(name.startswith('opentelemetry.sdk') for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT).returncode == 0


def test_where_it_is_asked_for_it_is_made():
    tracing = tracing_from({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"})

    assert tracing is not None
    tracing.close()


def test_missing_extra_stops_the_start_with_a_message(monkeypatch):
    for name in [name for name in sys.modules if name.startswith("opentelemetry.exporter")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with pytest.raises(StartupError, match=r"not installed. Install the extra `otel`, or unset the variable."):
        tracing_from({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"})
