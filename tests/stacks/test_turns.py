import asyncio
import math

import pytest

from service.recognition.errors import DeadlineExceeded, QueueFull
from service.stacks.turns import MAX_STACKS, Deadline, StackTurns

pytestmark = pytest.mark.anyio

NO_DEADLINE = Deadline(math.inf, math.inf)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Counter:
    """Counts how many readings are on their way at a time."""

    def __init__(self) -> None:
        self.now = self.most = 0

    async def read(self, remaining_s: float) -> None:
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(0)
        self.now -= 1


@pytest.mark.parametrize(
    ("queue_limit", "is_small", "most"),
    [
        (8, True, 4),  # half of the queue
        (1, True, 1),
        (100_000, True, 128),
        (8, False, 3),  # as many as there are threads
    ],
)
async def test_stacks_take_only_their_share(queue_limit, is_small, most):
    turns = StackTurns(queue_limit=queue_limit, num_threads=3)
    counter = Counter()
    await asyncio.gather(*[turns.run(counter.read, NO_DEADLINE, is_small=is_small, patience_s=1.0) for _ in range(300)])
    assert counter.most == most


async def test_reading_is_told_what_time_the_stack_has_left():
    turns = StackTurns(queue_limit=8, num_threads=1)
    told: list[float] = []

    async def read(remaining_s: float) -> None:
        told.append(remaining_s)

    await turns.run(read, Deadline.after(5.0), is_small=True, patience_s=1.0)
    assert 4.0 < told[0] <= 5.0


async def test_nothing_is_read_when_the_time_of_the_stack_is_over():
    turns = StackTurns(queue_limit=8, num_threads=1)

    async def read(remaining_s: float) -> None:
        raise AssertionError("it is too late")

    with pytest.raises(DeadlineExceeded, match="took longer than 0 ms"):
        await turns.run(read, Deadline.after(0.0), is_small=True, patience_s=1.0)


async def test_turn_is_given_back_when_a_reading_fails():
    turns = StackTurns(queue_limit=2, num_threads=1)

    async def fail(remaining_s: float) -> None:
        raise QueueFull("full", retry_after_s=60.0)

    for _ in range(3):
        with pytest.raises(QueueFull):
            await turns.run(fail, NO_DEADLINE, is_small=True, patience_s=0.0)


async def test_only_so_many_stacks_are_read_side_by_side():
    turns = StackTurns(queue_limit=8, num_threads=1)
    stacks = [turns.stack() for _ in range(MAX_STACKS)]
    for stack in stacks:
        stack.__enter__()
    with pytest.raises(QueueFull, match="32 stacks"):
        turns.refuse_if_full()
    stacks[0].__exit__(None, None, None)
    turns.refuse_if_full()
