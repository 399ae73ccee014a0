"""Records on their way to a receiver: delivered, tried again, given up, dropped; each counted."""

import json
import logging
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

from service.alerts.receiver import PostFailed, Receiver
from service.alerts.webhook import MAX_BATCH, Outcome, Patience, Post, Webhook
from service.logs import JsonLines
from tests.alerts.receiving import PATIENCE_S, receiving

QUICK = Patience(first_pause_s=0.001, gather_s=0.0, close_s=PATIENCE_S)


class Counted:
    """What became of readings."""

    def __init__(self) -> None:
        self.of: Counter[Outcome] = Counter()
        self._changed = threading.Condition()

    def __call__(self, outcome: Outcome, num_readings: int) -> None:
        with self._changed:
            self.of[outcome] += num_readings
            self._changed.notify_all()

    def wait_for(self, outcome: Outcome, num_readings: int) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: self.of[outcome] >= num_readings, timeout=PATIENCE_S), self.of


class Gate:
    """A receiver that is entered at once and left when a test says so."""

    def __init__(self) -> None:
        self.entered = threading.Semaphore(0)
        self.may_leave = threading.Event()
        self.bodies: list[dict] = []

    def __call__(self, body: bytes, headers: Mapping[str, str], *, timeout_s: float) -> None:
        self.bodies.append(json.loads(body))
        self.entered.release()
        assert self.may_leave.wait(PATIENCE_S)


@contextmanager
def webhook(
    post: Post, counted: Counted | None = None, *, patience: Patience = QUICK, queue_limit: int = 1000
) -> Iterator[Webhook]:
    hook = Webhook(post, count=counted or Counted(), patience=patience, queue_limit=queue_limit)
    yield hook
    hook.close()


def test_reading_is_delivered_with_its_time_and_an_id():
    counted = Counted()
    with receiving() as receiver, webhook(Receiver(receiver.url).post, counted) as hook:
        before = time.time()
        hook.tell({"request_id": "one", "confidence": 0.25})
        got = receiver.next_post()
        counted.wait_for(Outcome.DELIVERED, 1)

    (reading,) = got.readings
    assert reading.pop("time") >= time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(before))
    assert reading == {"request_id": "one", "confidence": 0.25}
    assert len(got.body["delivery"]) == 36
    assert got.headers["Content-Type"] == "application/json"
    assert got.headers["User-Agent"].startswith("digit-recognition-service/")
    assert counted.of == {Outcome.DELIVERED: 1}


def test_post_that_failed_is_tried_again_under_the_same_id():
    counted = Counted()
    with receiving([500, 503, 429]) as receiver, webhook(Receiver(receiver.url).post, counted) as hook:
        hook.tell({"request_id": "one"})
        posts = [receiver.next_post() for _ in range(4)]
        counted.wait_for(Outcome.DELIVERED, 1)

    assert all(post.body == posts[0].body for post in posts)
    assert counted.of == {Outcome.DELIVERED: 1}


def test_receiver_that_was_down_gets_the_reading_when_it_is_back():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    tries = threading.Semaphore(0)

    def post(body: bytes, headers: Mapping[str, str], *, timeout_s: float) -> None:
        tries.release()
        address.post(body, headers, timeout_s=timeout_s)

    address = Receiver(f"http://127.0.0.1:{port}/hook")
    with webhook(post, patience=replace(QUICK, num_tries=1000, first_pause_s=1e-9)) as hook:
        hook.tell({"request_id": "one"})
        assert tries.acquire(timeout=PATIENCE_S)
        assert tries.acquire(timeout=PATIENCE_S)  # the first has been refused
        with receiving(port=port) as receiver:
            assert receiver.next_post().readings[0]["request_id"] == "one"


def test_pauses_between_tries_grow(monkeypatch):
    paused = []
    num_tries = threading.Semaphore(0)

    def post(body: bytes, headers: Mapping[str, str], *, timeout_s: float) -> None:
        num_tries.release()
        raise PostFailed("no", can_retry=True)

    counted = Counted()
    with webhook(post, counted, patience=Patience(num_tries=4, first_pause_s=0.5, gather_s=0.0)) as hook:
        monkeypatch.setattr(hook._closing, "wait", lambda pause_s: paused.append(pause_s))
        hook.tell({})
        counted.wait_for(Outcome.FAILED, 1)

    assert paused == [0.5, 1.0, 2.0]


def test_webhook_gives_up_counts_says_so_and_goes_on(caplog):
    counted = Counted()
    with receiving([500] * QUICK.num_tries) as receiver, webhook(Receiver(receiver.url).post, counted) as hook:
        hook.tell({"request_id": "one"})
        counted.wait_for(Outcome.FAILED, 1)
        hook.tell({"request_id": "two"})
        counted.wait_for(Outcome.DELIVERED, 1)
        posts = [receiver.next_post() for _ in range(QUICK.num_tries + 1)]

    assert [post.readings[0]["request_id"] for post in posts] == ["one"] * QUICK.num_tries + ["two"]
    assert receiver.is_empty
    assert counted.of == {Outcome.FAILED: 1, Outcome.DELIVERED: 1}
    (record,) = caplog.records
    line = json.loads(JsonLines().format(record))
    assert (line["level"], line["message"], line["num_readings"]) == ("warning", "webhook failed", 1)
    assert line["fault"] == f"{receiver.url.removesuffix('/hook')} answered 500."


def test_answer_that_will_not_change_is_not_asked_for_again():
    counted = Counted()
    with receiving([404]) as receiver, webhook(Receiver(receiver.url).post, counted) as hook:
        hook.tell({"request_id": "one"})
        counted.wait_for(Outcome.FAILED, 1)
        receiver.next_post()
        assert receiver.is_empty


def test_readings_that_come_meanwhile_share_the_next_post_in_their_order():
    gate = Gate()
    with webhook(gate) as hook:
        hook.tell({"number": 0})
        assert gate.entered.acquire(timeout=PATIENCE_S)
        for number in range(1, MAX_BATCH + 11):
            hook.tell({"number": number})
        gate.may_leave.set()

    sizes = [len(body["readings"]) for body in gate.bodies]
    assert sizes == [1, MAX_BATCH, 10]
    numbers = [reading["number"] for body in gate.bodies for reading in body["readings"]]
    assert numbers == list(range(MAX_BATCH + 11))
    assert len({body["delivery"] for body in gate.bodies}) == 3


def test_posts_keep_a_distance_unless_many_readings_wait():
    counted, gate = Counted(), Gate()
    gate.may_leave.set()
    with webhook(gate, counted, patience=replace(QUICK, gather_s=600.0)) as hook:
        hook.tell({})
        counted.wait_for(Outcome.DELIVERED, 1)  # the first goes at once
        for _ in range(MAX_BATCH - 1):
            hook.tell({})
        time.sleep(0.05)
        assert counted.of[Outcome.DELIVERED] == 1
        hook.tell({})
        counted.wait_for(Outcome.DELIVERED, MAX_BATCH + 1)  # a full post does not wait
        hook.tell({})
    assert counted.of == {Outcome.DELIVERED: MAX_BATCH + 2}  # and nothing waits any more when the service stops


def test_queue_is_bounded_and_what_is_dropped_is_counted():
    counted, gate = Counted(), Gate()
    with webhook(gate, counted, queue_limit=3) as hook:
        hook.tell({"number": 0})
        assert gate.entered.acquire(timeout=PATIENCE_S)
        for number in range(1, 6):
            hook.tell({"number": number})
        assert hook.num_waiting == 4  # one is being posted
        assert counted.of == {Outcome.DROPPED: 2}
        gate.may_leave.set()
        counted.wait_for(Outcome.DELIVERED, 4)

    assert [reading["number"] for body in gate.bodies for reading in body["readings"]] == [0, 1, 2, 3]


def test_telling_takes_microseconds_while_the_receiver_hangs():
    gate = Gate()
    with webhook(gate, queue_limit=500) as hook:
        hook.tell({})
        assert gate.entered.acquire(timeout=PATIENCE_S)
        durations_s = []
        for _ in range(1000):  # the second half finds the queue full
            began = time.perf_counter()
            hook.tell({"request_id": "one"})
            durations_s.append(time.perf_counter() - began)
        gate.may_leave.set()

    # The median: what is asked is what the code costs, not what else the machine is doing.
    assert sorted(durations_s)[500] < 50e-6


def test_stop_does_not_wait_for_a_receiver_that_hangs_and_says_what_is_lost(caplog):
    gate = Gate()
    hook = Webhook(gate, patience=replace(QUICK, close_s=0.05))
    hook.tell({})
    assert gate.entered.acquire(timeout=PATIENCE_S)
    hook.tell({})
    began = time.monotonic()
    hook.close()

    assert time.monotonic() - began < 5
    (record,) = caplog.records
    assert (record.levelno, record.getMessage(), record.fields) == (
        logging.WARNING,
        "webhook stopped",
        {"num_readings": 2},
    )
    gate.may_leave.set()


def test_stop_cuts_pauses_short_and_tries_once_more():
    counted = Counted()
    tried = threading.Semaphore(0)

    def post(body: bytes, headers: Mapping[str, str], *, timeout_s: float) -> None:
        tried.release()
        raise PostFailed("no", can_retry=True)

    hook = Webhook(post, count=counted, patience=Patience(first_pause_s=600.0, close_s=PATIENCE_S))
    hook.tell({})
    assert tried.acquire(timeout=PATIENCE_S)
    hook.close()

    assert tried.acquire(blocking=False)
    assert not tried.acquire(blocking=False)
    assert counted.of == {Outcome.FAILED: 1}
