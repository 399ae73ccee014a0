"""What is told of a reading, and of which."""

import asyncio
import json
import logging
from dataclasses import dataclass, field
from typing import Any

import pytest

from service.alerts.alerts import Alerts
from service.alerts.origin import begin_file, begin_request, current_origin
from service.alerts.webhook import Webhook
from service.forms.template import Field, FieldKind, PageBox
from service.forms.values import FieldReading
from service.logs import JsonLines
from service.recognition.number import NumberReading
from service.recognition.policy import Decision, Reason
from service.recognition.prediction import Box, DigitReading


@dataclass(frozen=True)
class Recognized:
    reading: DigitReading | NumberReading
    model: str = "cnn"
    version: int = 3
    max_error: float = 0.01
    stages_ms: dict[str, float] = field(default_factory=dict)


def digit(decision: Decision, reason: Reason | None = None, *, read: int | None = 7) -> Recognized:
    return Recognized(DigitReading(read, 0.4, decision, reason, (), 0.62))


def number(decision: Decision, reason: Reason, text: str) -> Recognized:
    return Recognized(NumberReading(text, 0.4, decision, reason, (), (), True, False, (), None), "crnn")


def field_reading(decision: Decision, reason: Reason | None) -> FieldReading:
    where = Field("total", "", 1, FieldKind.BOXED_DIGITS, PageBox(0.1, 0.1, 0.2, 0.1), (), None)
    return FieldReading(where, "253", 0.4, decision, reason, (), Box(0, 0, 9, 9), (), 0.62)


def told(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    """The lines that were logged, without what every line has."""
    lines = [json.loads(JsonLines().format(record)) for record in caplog.records]
    return [{name: value for name, value in line.items() if name not in ("time", "level", "logger")} for line in lines]


@pytest.fixture(autouse=True)
def log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="service")


def test_accepted_readings_are_not_told(caplog):
    alerts = Alerts()
    alerts.hear(digit(Decision.ACCEPTED))
    alerts.hear_field(field_reading(Decision.ACCEPTED, Reason.BLANK), template="tally", max_error=0.01)

    assert told(caplog) == []


def test_line_says_who_decided_what_and_why_and_not_what_was_read(caplog):
    Alerts().hear(digit(Decision.REVIEW, Reason.UNCERTAIN))

    assert told(caplog) == [
        {
            "message": "low confidence",
            "model": "cnn",
            "version": 3,
            "decision": "review",
            "reason": "uncertain",
            "confidence": 0.4,
            "threshold": 0.62,
            "max_error": 0.01,
        }
    ]


def test_what_was_read_is_told_where_the_operator_wants_it_so(caplog):
    alerts = Alerts(shows_readings=True)
    alerts.hear(digit(Decision.REVIEW, Reason.UNCERTAIN))
    alerts.hear(digit(Decision.REJECTED, Reason.BLANK, read=None))
    alerts.hear(number(Decision.REVIEW, Reason.MAX_ERROR_UNPROVEN, "00128"))
    alerts.hear(number(Decision.REJECTED, Reason.NOT_A_DIGIT, ""))
    alerts.hear_field(field_reading(Decision.REVIEW, Reason.RULE_FAILED), template="tally", max_error=0.01)

    assert [line["reading"] for line in told(caplog)] == ["7", "", "00128", "", "253"]


def test_field_of_a_form_is_told_by_its_name(caplog):
    Alerts().hear_field(field_reading(Decision.REVIEW, Reason.RULE_FAILED), template="tally", max_error=0.02)

    (line,) = told(caplog)
    assert (line["template"], line["field"], line["reason"], line["max_error"]) == (
        "tally",
        "total",
        "rule_failed",
        0.02,
    )
    assert "model" not in line
    assert "253" not in json.dumps(line)


def test_webhook_is_told_the_same_as_the_log_and_also_where_there_is_no_log(caplog):
    sent = []
    webhook = Webhook(lambda body, headers, *, timeout_s: sent.extend(json.loads(body)["readings"]))
    alerts = Alerts(webhook=webhook)
    alerts.hear(digit(Decision.REVIEW, Reason.UNCERTAIN))
    caplog.set_level(logging.WARNING, logger="service")
    alerts.hear(digit(Decision.REJECTED, Reason.BLANK, read=None))
    alerts.close()

    (line,) = told(caplog)
    assert sent[0].pop("time")
    assert {"message": "low confidence", **sent[0]} == line
    assert sent[1]["reason"] == "blank"


async def test_readings_of_tasks_side_by_side_are_told_apart(caplog):
    alerts = Alerts()

    async def one_file(index: int, page: int | None) -> None:
        begin_file(index, page)
        await asyncio.sleep(0)
        alerts.hear(digit(Decision.REVIEW, Reason.UNCERTAIN))

    async def one_request(name: str, route: str) -> None:
        begin_request(name, lambda: route)
        await asyncio.gather(one_file(0, None), one_file(1, 2))
        alerts.hear(digit(Decision.REVIEW, Reason.UNCERTAIN))

    await asyncio.gather(one_request("a", "/batch"), one_request("b", "/predict"))

    origins = [tuple(line.get(name) for name in ("request_id", "route", "file", "page")) for line in told(caplog)]
    assert sorted(origins, key=str) == [
        ("a", "/batch", 0, None),
        ("a", "/batch", 1, 2),
        ("a", "/batch", None, None),
        ("b", "/predict", 0, None),
        ("b", "/predict", 1, 2),
        ("b", "/predict", None, None),
    ]
    assert current_origin().request_id is None
