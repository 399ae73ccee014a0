import asyncio

import pytest

from service.recognition.errors import QueueFull
from service.runtime.turns import LoopTurns

pytestmark = pytest.mark.anyio


class Clock:
    """Stands still unless it is moved."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def work(clock: Clock, done: list[int], number: int, *, takes_s: float = 1.0):
    """A call that takes some of the clock's time and notes its number."""

    def call() -> int:
        clock.now += takes_s
        done.append(number)
        return number

    return call


async def test_short_work_is_done_at_once():
    turns = LoopTurns(queue_limit=1)
    run = turns.run(lambda: 7)
    with pytest.raises(StopIteration) as stopped:  # without the event loop having been asked for anything
        run.send(None)
    assert stopped.value.value == 7


async def test_when_the_slice_is_used_up_the_rest_waits_and_goes_oldest_first(clock):
    turns = LoopTurns(queue_limit=8, slice_s=2.0, clock=clock)
    done: list[int] = []
    calls = [asyncio.create_task(turns.run(work(clock, done, number))) for number in range(5)]

    seen = []
    for _ in range(4):
        await asyncio.sleep(0)
        seen.append(list(done))
    assert seen == [[0, 1], [0, 1, 2, 3], [0, 1, 2, 3, 4], [0, 1, 2, 3, 4]]
    assert await asyncio.gather(*calls) == [0, 1, 2, 3, 4]
    assert turns.num_waiting == 0


async def test_full_queue_refuses(clock):
    turns = LoopTurns(queue_limit=1, slice_s=1.0, clock=clock)
    done: list[int] = []
    calls = (turns.run(work(clock, done, number)) for number in range(3))
    outcomes = await asyncio.gather(*calls, return_exceptions=True)

    assert outcomes[:2] == [0, 1]
    assert isinstance(outcomes[2], QueueFull)


async def test_who_gives_up_leaves_the_queue(clock):
    turns = LoopTurns(queue_limit=8, slice_s=1.0, clock=clock)
    done: list[int] = []

    async def leave() -> None:
        leaver.cancel()

    first = asyncio.create_task(turns.run(work(clock, done, 0)))
    leaver = asyncio.create_task(turns.run(work(clock, done, 1)))
    stayer = asyncio.create_task(turns.run(work(clock, done, 2)))
    leaving = asyncio.create_task(leave())  # in the same round, so before the next turn
    await asyncio.gather(first, leaver, stayer, leaving, return_exceptions=True)

    assert done == [0, 2]
    assert turns.num_waiting == 0


async def test_failure_is_that_of_the_one_who_asked(clock):
    turns = LoopTurns(queue_limit=8, slice_s=1.0, clock=clock)
    done: list[int] = []

    def fail() -> None:
        raise ValueError("broken picture")

    with pytest.raises(ValueError, match="broken picture"):
        await turns.run(fail)
    calls = (turns.run(call) for call in (work(clock, done, 0), fail, work(clock, done, 1)))
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    assert outcomes[::2] == [0, 1]
    assert isinstance(outcomes[1], ValueError)


async def test_who_would_wait_too_long_is_refused(clock):
    turns = LoopTurns(queue_limit=8, slice_s=0.01, clock=clock)
    turns.refuse_if_late()  # nobody waits
    done: list[int] = []
    calls = [asyncio.create_task(turns.run(work(clock, done, number, takes_s=0.01))) for number in range(6)]
    await asyncio.sleep(0)
    turns.refuse_if_late()  # five do, and how long that takes is not known yet
    clock.now += 0.08  # with something else
    await asyncio.sleep(0)
    with pytest.raises(QueueFull, match="3 pictures wait, which takes 270 ms"):
        turns.refuse_if_late()
    await asyncio.gather(*calls)
    turns.refuse_if_late()


async def test_loop_that_has_nothing_else_to_do_is_not_late(clock):
    turns = LoopTurns(queue_limit=256, slice_s=0.005, clock=clock)
    done: list[int] = []
    calls = [asyncio.create_task(turns.run(work(clock, done, number, takes_s=0.0005))) for number in range(256)]
    while not all(call.done() for call in calls):
        await asyncio.sleep(0)
        turns.refuse_if_late()
