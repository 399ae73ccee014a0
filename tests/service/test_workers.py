"""Several processes behind one port, which are one service to whoever asks."""

import os
import shutil
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families

from service.workers.acceptor import AHEAD_WEIGHT
from tests.pictures import draw_seven, png
from tests.runtime.tiny_model import write_manifest
from tests.service.process import START_LIMIT_S, running, start

pytestmark = pytest.mark.slow  # each test starts several processes that load TensorFlow

# Nobody reads the log meanwhile, so there must not be a line per request: a pipe that is full stops its writer.
TWO = {"DIGITS_WORKERS": "2", "DIGITS_LOG_LEVEL": "warning"}
SEVEN = png(draw_seven())


def workers_of(pid: int) -> set[int]:
    """The workers among the children of a process; the other is Python's own resource tracker."""
    children = {int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()}
    return {child for child in children if b"spawn_main" in _command(child)}


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except FileNotFoundError:
        return b""


def wait_until(is_so: Callable[[], bool]) -> None:
    until = time.monotonic() + START_LIMIT_S
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.05)


@contextmanager
def standing_still(worker: int, port: int) -> Iterator[None]:
    """Meanwhile the other one answers everything.

    A client that is not taken in counts as `AHEAD_WEIGHT` others, so whoever comes after it is handed to the other.
    Those that meet the worker before the parent knows, and get no answer, are sent here.
    """
    os.kill(worker, signal.SIGSTOP)
    try:
        with meeting_any(f"http://127.0.0.1:{port}", limit_s=2.0) as client:
            num_answered = 0
            while num_answered < AHEAD_WEIGHT:
                try:
                    client.get("/health/live")
                    num_answered += 1
                except httpx2.TimeoutException:
                    num_answered = 0
            yield
    finally:
        os.kill(worker, signal.SIGCONT)


def meeting_any(address: object, *, limit_s: float = START_LIMIT_S) -> httpx2.Client:
    """A client that makes a connection for each request, so that it meets whichever worker takes it."""
    headers = {"Connection": "close"}
    return httpx2.Client(base_url=str(address), timeout=limit_s, trust_env=False, headers=headers)


def statuses_of_predictions(client: httpx2.Client, number: int) -> list[int]:
    return [client.post("/predict", files={"file": ("a.png", SEVEN)}).status_code for _ in range(number)]


def scrape(client: httpx2.Client) -> dict[tuple[str, ...], float]:
    """Every sample by its name and the values of its labels."""
    response = client.get("/metrics")
    assert response.status_code == 200, response.text
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(response.text)
        for sample in family.samples
    }


PREDICTED = "digits_requests_total", "POST", "/predict", "200"
READ = "digits_decisions_total"


def num_read(found: dict[tuple[str, ...], float]) -> float:
    return sum(value for name, value in found.items() if name[0] == READ)


def test_workers_share_the_port_say_so_once_and_come_back_when_they_die(tiny_models_dir):
    with running(tiny_models_dir, TWO) as (process, client):
        workers = workers_of(process.pid)
        assert len(workers) == 2
        assert statuses_of_predictions(client, 10) == [200] * 10
        client.close()
        os.kill(min(workers), signal.SIGKILL)
        wait_until(lambda: len(workers_of(process.pid) - {min(workers)}) == 2)
        process.send_signal(signal.SIGTERM)
        output, complaints = process.communicate(timeout=30)

    assert process.returncode == -signal.SIGTERM
    assert complaints == ""
    assert "Ready." not in output  # it was read once already, by `running`
    assert '"message": "worker ended"' in output


def newer_version(models_dir: Path) -> None:
    write_manifest(Path(shutil.copytree(models_dir / "cnn" / "1", models_dir / "cnn" / "2")))


def half_of_a_newer_version(models_dir: Path) -> None:
    (models_dir / "cnn" / "2").mkdir()


@pytest.mark.parametrize("come", [newer_version, half_of_a_newer_version])
def test_worker_that_is_started_later_has_the_models_of_the_others(tiny_models_dir, tmp_path, come):
    models_dir = Path(shutil.copytree(tiny_models_dir, tmp_path / "models"))
    with running(models_dir, TWO) as (process, client), meeting_any(client.base_url) as client:
        one, other = sorted(workers_of(process.pid))
        come(models_dir)
        os.kill(one, signal.SIGKILL)
        wait_until(lambda: one not in workers_of(process.pid))
        wait_until(lambda: scrape(client)["digits_workers",] == 2)
        with standing_still(other, client.base_url.port):  # the new one answers
            assert [model["version"] for model in client.get("/models").json()["models"]] == [1]
        assert {name[1:] for name in scrape(client) if name[0] == "digits_model_info"} == {("cpu", "cnn", "1")}


def test_one_scrape_counts_what_both_have_answered_whichever_answers_it(tiny_models_dir):
    with running(tiny_models_dir, TWO) as (process, client), meeting_any(client.base_url) as client:
        one, other = sorted(workers_of(process.pid))
        with standing_still(one, client.base_url.port):
            assert statuses_of_predictions(client, 5) == [200] * 5
        with standing_still(other, client.base_url.port):
            assert statuses_of_predictions(client, 7) == [200] * 7
        for _ in range(6):
            found = scrape(client)
            assert found[PREDICTED] == num_read(found) == 12
            assert found["digits_request_seconds_bucket", "+Inf", "/predict"] == 12
            assert (found["digits_workers",], found["digits_ready",]) == (2, 1)
            assert found["digits_model_info", "cpu", "cnn", "1"] == 1
        for still in (one, other):  # each of them answers for both, with what is known of the other
            with standing_still(still, client.base_url.port):
                assert scrape(client)[PREDICTED] == 12


def test_death_of_a_worker_takes_nothing_from_the_totals_and_turns_nobody_away(tiny_models_dir):
    with running(tiny_models_dir, TWO) as (process, client), meeting_any(client.base_url) as client:
        one, other = sorted(workers_of(process.pid))
        with standing_still(other, client.base_url.port):
            assert statuses_of_predictions(client, 9) == [200] * 9
        before = scrape(client)
        os.kill(one, signal.SIGKILL)
        wait_until(lambda: one not in workers_of(process.pid))
        num_sent, seen_workers, cpu_s = 9, [], before["process_cpu_seconds_total",]
        until = time.monotonic() + START_LIMIT_S
        while seen_workers[-10:] != [2.0] * 10:  # the new one has come, and has been there for a while
            assert time.monotonic() < until
            assert statuses_of_predictions(client, 1) == [200]
            num_sent += 1
            assert client.get("/health/ready").status_code == 200
            found = scrape(client)
            assert found[PREDICTED] == num_read(found) == num_sent
            assert found["process_cpu_seconds_total",] >= cpu_s
            assert found["digits_ready",] == 1
            cpu_s = found["process_cpu_seconds_total",]
            seen_workers.append(found["digits_workers",])
        assert 1.0 in seen_workers
        with standing_still(other, client.base_url.port):  # the new one counts on from there
            assert statuses_of_predictions(client, 1) == [200]
        assert scrape(client)[PREDICTED] == num_sent + 1


def test_a_worker_that_stands_still_for_long_is_replaced(tiny_models_dir):
    with running(tiny_models_dir, TWO) as (process, client):
        one, other = sorted(workers_of(process.pid))
        os.kill(one, signal.SIGSTOP)
        wait_until(lambda: one not in workers_of(process.pid))
        wait_until(lambda: len(workers_of(process.pid)) == 2)
        assert other in workers_of(process.pid)
        wait_until(lambda: scrape(client)["digits_workers",] == 2)
        client.close()
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=30)

    assert '"message": "worker stands still"' in output
    assert process.returncode == -signal.SIGTERM


def test_service_is_not_ready_before_all_workers_are(tiny_models_dir):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = start({"DIGITS_MODELS_DIR": str(tiny_models_dir), "DIGITS_PORT": str(port), **TWO})
    try:
        wait_until(lambda: len(workers_of(process.pid)) == 2)
        with meeting_any(f"http://127.0.0.1:{port}") as client:
            with standing_still(max(workers_of(process.pid)), port):
                wait_until(lambda: accepts(port))
                assert client.get("/health/live").status_code == 200
                wait_until(lambda: statuses_of_predictions(client, 1) == [200])  # this one has loaded
                refusal = client.get("/health/ready")
                assert (refusal.status_code, refusal.json()["code"]) == (503, "not_ready")
                assert scrape(client)["digits_ready",] == 0
            assert process.stdout.readline().endswith("Workers: 2\n")
            assert [client.get("/health/ready").status_code for _ in range(10)] == [200] * 10
            assert scrape(client)["digits_ready",] == 1
    finally:
        process.kill()
        process.communicate()


def accepts(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def test_service_whose_workers_have_all_died_is_live_again_before_it_is_ready(tiny_models_dir):
    with running(tiny_models_dir, TWO) as (process, client), meeting_any(client.base_url) as client:
        for worker in workers_of(process.pid):
            os.kill(worker, signal.SIGKILL)
        assert client.get("/health/live").status_code == 200  # waits in the port's queue for somebody to take it
        wait_until(lambda: client.get("/health/ready").status_code == 200)
        assert statuses_of_predictions(client, 1) == [200]


@pytest.mark.parametrize("when", ["starting", "ready"])
def test_interrupt_at_the_terminal_ends_all_without_complaint(tiny_models_dir, when):
    process = start({"DIGITS_MODELS_DIR": str(tiny_models_dir), **TWO})
    wait_until(lambda: len(workers_of(process.pid)) == 2)
    if when == "ready":
        assert process.stdout.readline().startswith("Ready.")
    for pid in (*workers_of(process.pid), process.pid):  # Ctrl-C is sent to each process of the terminal's group
        os.kill(pid, signal.SIGINT)
    _, complaints = process.communicate(timeout=30)

    assert process.returncode == 0
    assert complaints == ""


def test_workers_end_when_their_parent_is_killed(tiny_models_dir):
    with running(tiny_models_dir, TWO) as (process, _):
        workers = workers_of(process.pid)
        process.kill()
        process.wait()
        wait_until(lambda: not any(b"spawn_main" in _command(worker) for worker in workers))


def test_worker_that_cannot_start_is_told_in_a_line(tiny_models_dir):
    process = start({"DIGITS_MODELS_DIR": str(tiny_models_dir), "DIGITS_DEVICE": "gpu", **TWO})
    output, complaints = process.communicate(timeout=START_LIMIT_S)

    assert process.returncode == 1
    assert complaints.startswith("digits: DIGITS_DEVICE is 'gpu', but TensorFlow finds no GPU on this machine.")
    assert complaints.count("\n") == 1
    assert output == ""
