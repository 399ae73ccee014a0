"""The service as a process: it starts, says so, reads, and stops when told; or it says why it cannot start."""

import signal
import socket

import numpy as np
import pytest

from tests.alerts.receiving import receiving
from tests.pictures import draw_seven, png
from tests.service.process import START_LIMIT_S, running, start


def test_service_reads_over_a_real_connection_and_stops_in_good_order(tiny_models_dir):
    with running(tiny_models_dir) as (process, client):
        assert client.get("/health/ready").json()["device"] == "cpu"
        response = client.post("/predict", files={"file": ("a.png", png(draw_seven()))})
        assert response.status_code == 200
        assert response.json()["model"] == {"name": "cnn", "version": 1}
        # Refused before it has been read; the connection is good for another request.
        assert client.post("/predict", content=bytes(20_000_000)).status_code == 413
        assert client.get("/health/live").status_code == 200

        client.close()
        process.send_signal(signal.SIGTERM)
        output, complaints = process.communicate(timeout=30)

    assert process.returncode == -signal.SIGTERM  # ended by the signal, as a supervisor expects
    assert complaints == ""  # no chatter of TensorFlow's, no traceback
    assert '"path": "/predict", "status": 200' in output


def test_low_confidence_is_told_to_log_and_receiver_and_the_last_of_it_when_the_service_stops(tiny_models_dir):
    blank = png(np.full((60, 60), 255, np.uint8))
    with (
        receiving() as receiver,
        running(tiny_models_dir, {"DIGITS_REVIEW_WEBHOOK": receiver.url}) as (process, client),
    ):
        for name in ("one", "two"):  # the second waits for company, or for the end
            client.post("/predict", content=blank, headers={"X-Request-ID": name})
        metrics = client.get("/metrics").text
        client.close()
        process.send_signal(signal.SIGTERM)
        output, complaints = process.communicate(timeout=30)
        told = receiver.next_post().readings
        told += receiver.next_post().readings if len(told) < 2 else []

    assert complaints == ""
    assert [reading["request_id"] for reading in told] == ["one", "two"]
    assert output.count('"message": "low confidence"') == 2
    assert 'digits_low_confidence_total{model="cnn",reason="blank"} 2.0' in metrics
    assert 'digits_webhook_readings_total{outcome="dropped"} 0.0' in metrics


def test_reader_of_the_log_that_stands_still_does_not_stop_the_service(tiny_models_dir):
    with running(tiny_models_dir) as (process, client):
        for _ in range(1000):  # a line of 200 bytes each, and nobody reads; a pipe holds 65,536
            assert client.get("/health/live").status_code == 200
        client.close()
        process.send_signal(signal.SIGTERM)
        output, complaints = process.communicate(timeout=30)

    assert process.returncode == -signal.SIGTERM
    assert complaints == ""
    assert 200 < output.count('"message": "request"') < 1000


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"DIGITS_PORT": "abc"}, "digits: DIGITS_PORT is 'abc'; it must be a whole number from 0 to 65535."),
        ({"DIGITS_MODELS_DIR": "nowhere"}, "digits: nowhere holds no model: there is no such folder."),
        ({"DIGITS_MODELS_DIR": "README.md"}, "digits: README.md holds no model: it is no folder."),
        ({"DIGITS_TEMPLATES_DIR": "README.md"}, "digits: DIGITS_TEMPLATES_DIR is 'README.md', which cannot be used"),
        ({"DIGITS_API_KEYS": "correct-horse"}, "digits: DIGITS_API_KEYS is no setting, but DIGITS_API_KEY is. Correct"),
        ({"DIGITS_REVIEW_WEBHOOK": "clerk:secret@desk"}, "digits: DIGITS_REVIEW_WEBHOOK is not accepted; it must be"),
        ({"DIGITS_DEVICE": "gpu"}, "digits: DIGITS_DEVICE is 'gpu', but TensorFlow finds no GPU on this machine."),
        ({"DIGITS_HOST": "no-such-host.invalid"}, "digits: Cannot listen on no-such-host.invalid port 0"),
        ({"DIGITS_HOST": "a..b"}, "digits: Cannot listen on a..b port 0: that is no host name."),
    ],
)
def test_start_that_fails_says_why_in_a_line(tiny_models_dir, settings, told):
    process = start({"DIGITS_MODELS_DIR": str(tiny_models_dir), **settings})
    output, complaints = process.communicate(timeout=START_LIMIT_S)

    assert process.returncode == 1
    assert complaints.startswith(told)
    assert complaints.count("\n") == 1
    assert output == ""


def test_variable_that_is_no_setting_is_told_at_the_start():
    process = start({"DIGITS_MODELS_DIR": "nowhere", "DIGITS_LOG_FORMAT": "json"})
    output, _ = process.communicate(timeout=START_LIMIT_S)

    assert '"message": "variable is no setting", "variable": "DIGITS_LOG_FORMAT"' in output


def test_port_that_is_taken_is_told(tiny_models_dir):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        process = start({"DIGITS_MODELS_DIR": str(tiny_models_dir), "DIGITS_PORT": str(port)})
        _, complaints = process.communicate(timeout=START_LIMIT_S)

    assert process.returncode == 1
    assert complaints.startswith(f"digits: Cannot listen on 127.0.0.1 port {port}: Address already in use.")
    assert complaints.count("\n") == 1
