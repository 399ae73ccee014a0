"""SIGTERM: nothing that was admitted is lost."""

import signal
import threading
import time

import numpy as np
import pytest

from tests.pictures import draw_seven, png
from tests.service.process import running
from tests.service.wire import answer, connect, predict_request

NUM_CLIENTS = 8


def large_picture() -> bytes:
    """Takes a thread some tenths of a second: with a few of them, most wait."""
    picture = np.full((4000, 4000), 245, np.uint8)
    picture[1000:2000, 1800:2200] = 20
    return png(picture)


@pytest.mark.parametrize("num_workers", ["1", pytest.param("2", marks=pytest.mark.slow)])
def test_requests_in_progress_and_in_the_queue_are_answered(tiny_models_dir, num_workers):
    request = predict_request(large_picture())
    with running(tiny_models_dir, {"DIGITS_WORKERS": num_workers, "DIGITS_DRAIN_S": "30"}) as (process, client):
        address = str(client.base_url)
        connections = [connect(address) for _ in range(NUM_CLIENTS)]
        for connection in connections:
            connection.sendall(request)
        # Each worker has looked at its sockets after these, and so has admitted what was sent before.
        for _ in range(20):
            assert client.get("/health/live", headers={"Connection": "close"}).status_code == 200
        process.send_signal(signal.SIGTERM)
        answers = [answer(connection) for connection in connections]
        for connection in connections:
            connection.close()
        process.communicate(timeout=30)

    assert [status for status, _, _ in answers] == [200] * NUM_CLIENTS
    # The last of them was answered after the signal: its client is told not to come back on this connection.
    assert answers[-1][1]["connection"] == "close"
    assert process.returncode == -signal.SIGTERM


def ask_until_refused(address: str) -> None:
    for _ in range(1000):
        with connect(address) as connection:
            connection.sendall(b"GET /health/live HTTP/1.1\r\nHost: service\r\n\r\n")
            answer(connection)


def test_clients_on_kept_connections_lose_no_request(tiny_models_dir):
    request = predict_request(png(draw_seven(28)))
    statuses: list[int] = []
    faults: list[Exception] = []
    has_begun = threading.Barrier(NUM_CLIENTS + 1)

    def send_until_told_to_stop(address: str) -> None:
        try:
            with connect(address) as connection:
                for number in range(100_000):
                    connection.sendall(request)
                    status, headers, _ = answer(connection)
                    statuses.append(status)
                    if number == 5:
                        has_begun.wait(timeout=30)
                    if headers.get("connection") == "close":
                        return
        except Exception as error:
            faults.append(error)

    with running(tiny_models_dir) as (process, client):
        address = str(client.base_url)
        # These requests log more than a pipe holds: unread, the service would wait for its reader.
        log_reader = threading.Thread(target=process.communicate)
        log_reader.start()
        threads = [threading.Thread(target=send_until_told_to_stop, args=(address,)) for _ in range(NUM_CLIENTS)]
        for thread in threads:
            thread.start()
        has_begun.wait(timeout=30)
        process.send_signal(signal.SIGTERM)
        for thread in threads:
            thread.join(timeout=30)
        with pytest.raises(ConnectionError):  # the port is closed, or closes on whoever still gets through
            ask_until_refused(address)
        log_reader.join(timeout=30)
        assert not log_reader.is_alive()

    assert faults == []
    assert set(statuses) == {200}
    assert len(statuses) >= 6 * NUM_CLIENTS


def test_service_ends_within_its_time_whatever_a_client_does(tiny_models_dir):
    with running(tiny_models_dir, {"DIGITS_DRAIN_S": "1"}) as (process, client):
        idle, half_sent = connect(str(client.base_url)), connect(str(client.base_url))
        half_sent.sendall(predict_request(png(draw_seven()))[:-20])
        assert client.get("/health/live").status_code == 200
        process.send_signal(signal.SIGTERM)
        began = time.monotonic()
        process.communicate(timeout=30)
        assert time.monotonic() - began < 5
        idle.close()
        half_sent.close()

    assert process.returncode == -signal.SIGTERM
