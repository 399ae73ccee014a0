"""The parent's side of the lines, with fake workers at the other ends; the clock is turned by hand."""

import multiprocessing
from collections.abc import Iterator

import pytest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.parser import text_string_to_metric_families

from service.runtime.metric_sums import Snapshot
from service.workers.messages import AllCanRead, CanRead, Collect, Collected, Failed, Own, Tell, make_line
from service.workers.switchboard import ANSWER_LIMIT_S, Subscriber, Switchboard


def counted(num_requests: int, *, num_held: int = 0) -> Snapshot:
    return [
        CounterMetricFamily("requests", "Requests.", value=num_requests),
        GaugeMetricFamily("held", "Held.", value=num_held),
    ]


class FakeWorker:
    """The far end of a line, where every message is sent and taken by hand."""

    def __init__(self, exchange: "Exchange", *, accepts: bool) -> None:
        here, self.line = make_line(multiprocessing.get_context("spawn"))
        self._exchange = exchange
        self.subscriber: Subscriber = exchange.board.connect(here, accepts=accepts)

    def say(self, message: object) -> None:
        self.line.send(message)
        self._exchange.work()

    def heard(self) -> list[object]:
        """All that it has been told since it was last asked for."""
        messages = []
        while self.line.poll():
            messages.append(self.line.recv())
        return messages

    def end(self) -> None:
        self.line.close()
        self._exchange.work()
        self._exchange.board.disconnect(self.subscriber)
        self._exchange.work()


class Exchange:
    """A switchboard, its workers, and the time."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self.board = Switchboard(now=lambda: self.now_s)
        self.workers: list[FakeWorker] = []

    def add(self, *, accepts: bool = True) -> FakeWorker:
        self.workers.append(FakeWorker(self, accepts=accepts))
        self.work()
        return self.workers[-1]

    def add_ready(self) -> FakeWorker:
        worker = self.add()
        worker.say(CanRead(True))
        worker.heard()
        return worker

    def work(self) -> None:
        self.board.attend([], timeout_s=0)


@pytest.fixture
def exchange() -> Iterator[Exchange]:
    exchange = Exchange()
    yield exchange
    for worker in exchange.workers:
        exchange.board.disconnect(worker.subscriber)
        worker.line.close()


def totals(message: object) -> dict[str, float]:
    assert isinstance(message, Collected)
    families = text_string_to_metric_families(message.exposition.decode())
    return {sample.name: sample.value for family in families for sample in family.samples}


def test_all_can_read_once_each_has_said_so(exchange):
    one, other = exchange.add(), exchange.add()
    assert one.heard() == other.heard() == [AllCanRead(False)]
    one.say(CanRead(True))
    assert not exchange.board.can_read
    assert one.heard() == []  # nothing has changed for it
    other.say(CanRead(True))
    assert exchange.board.can_read
    assert one.heard() == other.heard() == [AllCanRead(True)]


def test_fault_of_one_is_told_to_all_until_it_is_gone(exchange):
    one, other = exchange.add_ready(), exchange.add_ready()
    one.heard()
    other.say(CanRead(False))
    assert one.heard() == other.heard() == [AllCanRead(False)]
    other.say(CanRead(True))
    assert one.heard() == other.heard() == [AllCanRead(True)]


def test_service_without_workers_cannot_read(exchange):
    assert not exchange.board.can_read
    exchange.add(accepts=False)
    assert not exchange.board.can_read
    assert not exchange.board.has_anyone_to_meet


def test_worker_that_loads_in_place_of_another_makes_nobody_unready(exchange):
    one, other = exchange.add_ready(), exchange.add_ready()
    one.heard()
    other.end()
    replacement = exchange.add(accepts=False)
    assert exchange.board.can_read
    assert one.heard() == []
    assert replacement.heard() == [AllCanRead(True)]  # it knows before anybody can ask it

    replacement.say(CanRead(True))
    replacement.say(CanRead(False))  # from now on it counts
    assert one.heard() == [AllCanRead(False)]


def test_scrape_gets_the_sum_of_all(exchange):
    one, other, third = (exchange.add_ready() for _ in range(3))
    for worker in (one, other, third):
        worker.heard()
    one.say(Collect(counted(1)))
    assert other.heard() == third.heard() == [Tell()]
    other.say(Own(counted(10)))
    assert one.heard() == []
    third.say(Own(counted(100)))
    (answer,) = one.heard()
    assert totals(answer)["requests_total"] == 111


def test_worker_alone_is_answered_at_once(exchange):
    one = exchange.add_ready()
    one.say(Collect(counted(1)))
    (answer,) = one.heard()
    assert totals(answer)["requests_total"] == 1


def test_two_can_be_scraped_at_once(exchange):
    one, other = exchange.add_ready(), exchange.add_ready()
    one.heard()
    one.say(Collect(counted(1)))
    other.say(Collect(counted(10)))
    assert one.heard() == other.heard() == [Tell()]
    one.say(Own(counted(2)))
    (answer,) = other.heard()
    assert totals(answer)["requests_total"] == 12
    other.say(Own(counted(20)))
    (answer,) = one.heard()
    assert totals(answer)["requests_total"] == 22


def test_worker_that_is_late_is_counted_as_it_last_was(exchange):
    one, other = exchange.add_ready(), exchange.add_ready()
    other.say(Collect(counted(10)))
    one.say(Own(counted(1)))
    one.heard()
    one.say(Collect(counted(2)))
    exchange.now_s += ANSWER_LIMIT_S / 2
    exchange.work()
    assert one.heard() == []
    exchange.now_s += ANSWER_LIMIT_S / 2
    exchange.work()
    (answer,) = one.heard()
    assert totals(answer)["requests_total"] == 12


def test_worker_that_has_never_answered_is_left_out(exchange):
    one, _ = exchange.add_ready(), exchange.add()
    one.say(Collect(counted(1)))
    exchange.now_s += ANSWER_LIMIT_S
    exchange.work()
    assert totals(one.heard()[-1])["requests_total"] == 1


def test_worker_that_loads_first_is_not_asked(exchange):
    one, replacement = exchange.add_ready(), exchange.add(accepts=False)
    one.heard()
    replacement.heard()
    one.say(Collect(counted(1)))
    assert replacement.heard() == []
    assert totals(one.heard()[-1])["requests_total"] == 1


def test_what_a_worker_has_counted_outlives_it_and_what_it_held_does_not(exchange):
    one, other, third = (exchange.add_ready() for _ in range(3))
    other.say(Own(counted(10, num_held=5)))
    other.end()
    third.say(Own(counted(100, num_held=5)))
    third.end()
    one.heard()
    one.say(Collect(counted(1, num_held=7)))
    found = totals(one.heard()[-1])
    assert (found["requests_total"], found["held"]) == (111, 7)


def test_worker_that_ends_during_a_scrape_is_not_waited_for(exchange):
    one, other = exchange.add_ready(), exchange.add_ready()
    one.heard()
    one.say(Collect(counted(1)))
    other.end()
    assert totals(one.heard()[-1])["requests_total"] == 1


def test_what_a_worker_said_before_it_ended_is_heard(exchange):
    one, other = exchange.add_ready(), exchange.add_ready()
    other.line.send(Own(counted(10)))
    other.line.send(Failed("There is no GPU."))
    other.end()
    assert other.subscriber.failure == "There is no GPU."
    one.heard()
    one.say(Collect(counted(1)))
    assert totals(one.heard()[-1])["requests_total"] == 11


def test_scraped_worker_that_ends_leaves_no_scrape_behind(exchange):
    one, other = exchange.add_ready(), exchange.add_ready()
    one.say(Collect(counted(1)))
    one.end()
    other.say(Own(counted(10)))
    other.heard()
    other.say(Collect(counted(11)))
    assert totals(other.heard()[-1])["requests_total"] == 12


def test_worker_that_has_stopped_listening_holds_nobody_up(exchange):
    one, _deaf = exchange.add_ready(), exchange.add_ready()
    for number in range(2000):
        one.say(Collect(counted(number)))
        exchange.now_s += ANSWER_LIMIT_S
        exchange.work()
        assert totals(one.heard()[-1])["requests_total"] == number


def test_worker_that_does_not_take_its_answers_holds_nobody_up(exchange):
    one, other = exchange.add_ready(), exchange.add_ready()
    large = [GaugeMetricFamily("held", "x" * 50_000, value=1)]
    for _ in range(100):
        one.say(Collect(large))  # and is never asked what it has heard
        other.say(Own(counted(1)))
        other.heard()
    other.say(Collect(counted(5)))
    exchange.now_s += ANSWER_LIMIT_S
    exchange.work()
    assert totals(other.heard()[-1])["requests_total"] == 5


def test_metrics_of_the_parent_are_among_them():
    board = Switchboard(lambda: [GaugeMetricFamily("held", "Held.", value=1)])
    here, there = make_line(multiprocessing.get_context("spawn"))
    board.connect(here, accepts=True)
    there.send(Collect(counted(1, num_held=7)))
    board.attend([], timeout_s=0)
    messages = [there.recv() for _ in range(2)]
    assert totals(messages[0])["held"] == 8
    for end in (here, there):
        end.close()
