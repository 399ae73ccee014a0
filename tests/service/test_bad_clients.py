"""Clients that are killed, stop half-way or send a byte at a time: the others do not notice."""

import json
import time

import pytest

from tests.pictures import draw_seven, png
from tests.service.process import running
from tests.service.wire import answer, connect, predict_request, reset

REQUEST = predict_request(png(draw_seven(28)))
NUM_BAD = 20
BODY_TIMEOUT_MS = 1_000
UNHARMED_MS = 1_000  # far more than a reading takes, and far less than any time-out that a bad client runs into


@pytest.fixture(scope="module")
def service(tiny_models_dir):
    with running(tiny_models_dir, {"DIGITS_BODY_TIMEOUT_MS": str(BODY_TIMEOUT_MS)}) as (_, client):
        yield client


def check_unharmed(service) -> None:
    began = time.monotonic()
    response = service.post("/predict", files={"file": ("a.png", png(draw_seven(28)))})
    assert response.status_code == 200
    assert (time.monotonic() - began) * 1e3 < UNHARMED_MS


def test_killed_clients(service):
    for sent in (REQUEST, REQUEST[:-20], REQUEST[:30]):
        for _ in range(NUM_BAD):
            connection = connect(str(service.base_url))
            connection.sendall(sent)
            reset(connection)
        check_unharmed(service)


def test_bodies_that_end_half_way(service):
    for _ in range(NUM_BAD):
        connection = connect(str(service.base_url))
        connection.sendall(REQUEST[:-20])
        connection.close()
    check_unharmed(service)


def test_senders_of_a_byte_at_a_time_are_told_so_and_hold_nobody_up(service):
    slow = [connect(str(service.base_url)) for _ in range(NUM_BAD)]
    head, rest = REQUEST[:-100], REQUEST[-100:]
    began = time.monotonic()
    for connection in slow:
        connection.sendall(head)
    for byte in rest[:3]:
        for connection in slow:
            connection.sendall(bytes([byte]))
        check_unharmed(service)
    for connection in slow:
        status, headers, body = answer(connection)
        assert status == 408
        assert json.loads(body)["code"] == "body_timeout"
        assert headers["connection"] == "close"
        connection.close()
    assert time.monotonic() - began < 10 * BODY_TIMEOUT_MS / 1e3
    check_unharmed(service)


def test_sender_that_is_slow_but_in_time_is_answered(service):
    with connect(str(service.base_url)) as connection:
        for start in range(0, len(REQUEST), 50):
            connection.sendall(REQUEST[start : start + 50])
        assert answer(connection)[0] == 200
