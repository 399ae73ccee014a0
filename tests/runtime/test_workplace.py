import asyncio
import threading

import numpy as np
import pytest

from service.recognition.errors import DeadlineExceeded, NotReady, TooLarge
from service.runtime.threads import PictureThreads
from service.runtime.turns import LoopTurns
from service.runtime.workplace import Workplace
from tests.pictures import draw_seven, png

pytestmark = pytest.mark.anyio


@pytest.fixture
def workplace():
    workplace = Workplace(
        threads=PictureThreads(num_threads=1, queue_limit=8),
        turns=LoopTurns(queue_limit=8),
        max_pixels=100_000,
        timeout_s=30.0,
    )
    yield workplace
    workplace.close()


@pytest.mark.parametrize("as_file", [True, False])
@pytest.mark.parametrize(("size_px", "is_here"), [(60, True), (200, False)])
async def test_small_pictures_are_looked_at_on_the_event_loop_and_others_off_it(workplace, size_px, is_here, as_file):
    picture = draw_seven(size_px)
    looked = await workplace.look(
        png(picture) if as_file else picture, lambda gray: (gray, threading.current_thread() is threading.main_thread())
    )

    assert looked.seen[1] is is_here
    np.testing.assert_array_equal(looked.seen[0], picture)
    assert list(looked.stages_ms) == ["decode", "canvas", "queue"]
    assert min(looked.stages_ms.values()) >= 0


async def test_picture_over_the_limit_is_refused(workplace):
    with pytest.raises(TooLarge):
        await workplace.look(png(np.zeros((400, 400), np.uint8)), lambda gray: gray)


async def test_sense_is_made_off_the_event_loop_and_not_behind_pictures(workplace):
    gate = threading.Event()
    looking = asyncio.create_task(workplace.look(draw_seven(200), lambda gray: gate.wait(timeout=30)))
    await asyncio.sleep(0)

    assert await workplace.make_sense(threading.current_thread) is not threading.main_thread()
    assert not looking.done()
    gate.set()
    assert (await looking).seen


async def test_numbers_that_wait_to_be_made_sense_of_are_counted_and_leave_when_cancelled(workplace):
    gate, started, called = threading.Event(), threading.Event(), []

    def first() -> None:
        started.set()
        assert gate.wait(timeout=30)

    making = asyncio.create_task(workplace.make_sense(first))
    await asyncio.to_thread(started.wait, 30)
    waiting = asyncio.create_task(workplace.make_sense(lambda: called.append("second")))
    await asyncio.sleep(0)
    assert workplace.num_unread == 2
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert workplace.num_unread == 1
    gate.set()
    await making
    assert workplace.num_unread == 0
    assert called == []


async def test_work_that_takes_too_long_is_cancelled(workplace):
    cancelled = asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.sleep(30)
        finally:
            cancelled.set()

    with pytest.raises(DeadlineExceeded, match="10 ms"):
        await workplace.in_time(work(), 0.01)
    assert cancelled.is_set()


async def test_closed_workplace_refuses(workplace):
    workplace.close()
    with pytest.raises(NotReady):
        await workplace.make_sense(lambda: None)
    with pytest.raises(NotReady):
        await workplace.look(draw_seven(200), lambda gray: gray)
