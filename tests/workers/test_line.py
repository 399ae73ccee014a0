"""A worker's side of the line, with a fake parent at the other end."""

import asyncio
import multiprocessing
import os
import struct
import time
from collections.abc import AsyncIterator
from multiprocessing.reduction import ForkingPickler

import pytest
import uvloop
from prometheus_client.metrics_core import CounterMetricFamily, Metric

from service.recognition.errors import NotReady
from service.workers import line as line_module
from service.workers.line import Line
from service.workers.messages import AllCanRead, CanRead, Collect, Collected, Failed, Own, Tell, make_line

LONG_HALF = 20_000
LONG = b"x" * 2 * LONG_HALF
OWN: list[Metric] = [CounterMetricFamily("requests", "Requests.", value=7)]


class Ends:
    """A line and its two ends; the worker's is open."""

    def __init__(self) -> None:
        self.parent, self.worker = make_line(multiprocessing.get_context("spawn"))
        self.line = Line(self.worker)
        self.has_hung_up = asyncio.Event()
        self.line.open(lambda: OWN, on_hang_up=self.has_hung_up.set)

    async def heard(self) -> object:
        """The next message that comes to the parent."""
        async with asyncio.timeout(10):
            while not self.parent.poll():
                await asyncio.sleep(0)
        return self.parent.recv()


@pytest.fixture
async def ends() -> AsyncIterator[Ends]:
    ends = Ends()
    yield ends
    asyncio.get_running_loop().remove_reader(ends.worker.fileno())
    ends.parent.close()
    ends.worker.close()


def is_ready(line: Line) -> bool:
    try:
        line.refuse_if_not_ready()
    except NotReady:
        return False
    return True


async def test_crew_is_ready_when_the_parent_says_so(ends):
    assert not is_ready(ends.line)
    for can_read in (True, False, True):
        ends.parent.send(AllCanRead(can_read))
        while is_ready(ends.line) is not can_read:
            await asyncio.sleep(0)


async def test_parent_is_told(ends):
    ends.line.say_can_read(True)
    ends.line.say_can_read(False)
    ends.line.say_failed("There is no GPU.")

    assert [await ends.heard() for _ in range(3)] == [CanRead(True), CanRead(False), Failed("There is no GPU.")]


async def test_scrape_sends_its_own_metrics_and_gets_those_of_all(ends):
    scrape = asyncio.create_task(ends.line.exposition())
    assert await ends.heard() == Collect(OWN)
    ends.parent.send(Collected(b"requests_total 12.0\n"))
    assert await scrape == b"requests_total 12.0\n"


async def test_parent_that_asks_is_answered_once_however_often_it_has_asked(ends):
    for _ in range(5):
        ends.parent.send(Tell())
    assert await ends.heard() == Own(OWN)
    ends.parent.send(Tell())
    assert await ends.heard() == Own(OWN)
    assert not ends.parent.poll()


async def test_scrapes_that_meet_share_an_answer_and_later_ones_get_their_own(ends):
    scrapes = [asyncio.create_task(ends.line.exposition()) for _ in range(3)]
    assert await ends.heard() == Collect(OWN)
    ends.parent.send(Collected(b"1"))
    assert await asyncio.gather(*scrapes) == [b"1"] * 3

    later = asyncio.create_task(ends.line.exposition())
    assert await ends.heard() == Collect(OWN)
    ends.parent.send(Collected(b"2"))
    assert await later == b"2"


async def test_scraper_that_leaves_takes_the_answer_from_nobody(ends):
    impatient, patient = (asyncio.create_task(ends.line.exposition()) for _ in range(2))
    await ends.heard()
    impatient.cancel()
    ends.parent.send(Collected(b"1"))
    assert await patient == b"1"


async def test_parent_that_does_not_answer_in_time_is_not_waited_for(ends, monkeypatch):
    monkeypatch.setattr(line_module, "COLLECTED_LIMIT_S", 0.01)
    with pytest.raises(NotReady, match="could not be collected in time"):
        await ends.line.exposition()

    monkeypatch.undo()
    ends.parent.send(Collected(b"late"))  # nobody waits for it any more
    await ends.heard()
    scrape = asyncio.create_task(ends.line.exposition())
    await ends.heard()
    ends.parent.send(Collected(b"in time"))
    assert await scrape in (b"late", b"in time")


async def test_parent_that_has_stopped_listening_does_not_stop_the_worker(ends, monkeypatch):
    monkeypatch.setattr(line_module, "COLLECTED_LIMIT_S", 0.0)
    large = [CounterMetricFamily("requests", "x" * 50_000, value=7)]
    ends.line.open(lambda: large, on_hang_up=lambda: None)
    for _ in range(100):
        with pytest.raises(NotReady):
            await ends.line.exposition()
    ends.line.say_can_read(False)  # for this there is still room


async def test_worker_learns_that_the_parent_has_gone(ends):
    ends.parent.close()
    async with asyncio.timeout(10):
        await ends.has_hung_up.wait()
    ends.line.say_can_read(False)  # which nobody hears, and which is no error
    with pytest.raises(NotReady):
        await ends.line.exposition()


def test_message_that_comes_in_parts_is_heard_under_uvloop():
    async def scrape_of_parts() -> bytes:
        ends = Ends()
        scrape = asyncio.create_task(ends.line.exposition())
        await ends.heard()
        await asyncio.to_thread(send_in_parts, ends.parent, Collected(LONG))
        assert not ends.has_hung_up.is_set()
        return await scrape

    assert uvloop.run(scrape_of_parts()) == LONG


def send_in_parts(line, message) -> None:
    """As the system may deliver what is written at once: the length first, and half of the rest."""
    content = ForkingPickler.dumps(message)
    for part in (struct.pack("!i", len(content)), content[:LONG_HALF], content[LONG_HALF:]):
        os.write(line.fileno(), part)
        time.sleep(0.05)
