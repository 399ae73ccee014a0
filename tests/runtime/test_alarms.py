import asyncio

import pytest

from service.runtime.alarms import Alarms

pytestmark = pytest.mark.anyio


async def never() -> None:
    await asyncio.get_running_loop().create_future()


async def test_work_that_is_done_in_time_is_not_disturbed():
    async def work() -> int:
        await asyncio.sleep(0)
        return 7

    assert await Alarms(30.0).within(work()) == 7


async def test_work_that_takes_longer_is_cancelled():
    with pytest.raises(TimeoutError):
        await Alarms(0.01).within(never())

    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0  # so the caller may go on


async def test_cancelling_from_elsewhere_is_no_time_out():
    task = asyncio.create_task(Alarms(30.0).within(never()))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_error_of_the_work_is_the_error():
    async def work() -> None:
        raise KeyError("of its own")

    with pytest.raises(KeyError, match="of its own"):
        await Alarms(30.0).within(work())


async def test_alarms_ring_in_order_and_each_at_its_time():
    alarms, rung, done = Alarms(0.02), [], asyncio.Event()
    loop = asyncio.get_running_loop()
    began = loop.time()
    for number in range(3):
        alarms.set(lambda number=number: rung.append((number, loop.time() - began)))
        await asyncio.sleep(0.01)
    alarms.set(done.set)
    await done.wait()

    assert [number for number, _ in rung] == [0, 1, 2]
    assert [after_s >= 0.018 + 0.01 * number for number, after_s in rung] == [True] * 3


async def test_alarm_that_was_unset_does_not_ring_and_the_next_does():
    alarms, rung, done = Alarms(0.01), [], asyncio.Event()
    alarms.unset(alarms.set(lambda: rung.append("unset")))
    alarms.set(done.set)
    await done.wait()

    assert rung == []


async def test_alarm_rings_after_all_others_were_unset_and_time_has_gone_by():
    alarms, done = Alarms(0.01), asyncio.Event()
    alarms.unset(alarms.set(done.clear))
    await asyncio.sleep(0.03)  # the timer has found nothing
    alarms.set(done.set)

    await asyncio.wait_for(done.wait(), 5.0)
