import asyncio
import gc
import threading
import weakref
from collections.abc import Callable

import pytest

from service.runtime.threads import PictureThreads
from service.runtime.turns import LoopTurns
from service.runtime.workplace import Workplace

pytestmark = pytest.mark.anyio


class Upload:
    """What a call works on."""


@pytest.fixture
def threads():
    threads = PictureThreads(num_threads=1, queue_limit=8)
    yield threads
    threads.close()


@pytest.fixture
def workplace(threads):
    workplace = Workplace(threads=threads, turns=LoopTurns(queue_limit=8), max_pixels=100, timeout_s=30.0)
    yield workplace
    workplace.close()


@pytest.mark.parametrize("place", ["threads", "workplace"])
async def test_what_was_cancelled_is_forgotten_while_another_call_takes_long(place, threads, workplace):
    run: Callable = threads.run if place == "threads" else workplace.make_sense
    gate, has_begun = threading.Event(), threading.Event()

    def first() -> bool:
        has_begun.set()
        return gate.wait(timeout=30)

    running = asyncio.create_task(run(first))
    await asyncio.to_thread(has_begun.wait, 30)
    upload = Upload()
    kept = weakref.ref(upload)
    waiting = asyncio.create_task(run(lambda upload=upload: upload))
    del upload
    await asyncio.sleep(0)
    assert kept() is not None
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    del waiting
    await asyncio.sleep(0)
    gc.collect()

    assert kept() is None
    assert not running.done()
    gate.set()
    assert await running


async def test_calls_go_on_after_one_was_cancelled(threads):
    gate = threading.Event()
    running = asyncio.create_task(threads.run(lambda: gate.wait(timeout=30)))
    waiting = [asyncio.create_task(threads.run(lambda number=number: number)) for number in range(3)]
    await asyncio.sleep(0)
    waiting[1].cancel()
    gate.set()
    assert await running
    assert await waiting[0] == 0
    assert await waiting[2] == 2
    assert waiting[1].cancelled()
    assert threads.num_waiting == 0
