import asyncio
from collections.abc import AsyncGenerator

import pytest

from service.stacks.entries import Entry, in_order

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Jobs:
    """Jobs that end when the test says so, and that note what happens to them."""

    def __init__(self, num_jobs: int) -> None:
        self.gates = [asyncio.Event() for _ in range(num_jobs)]
        self.begun: list[int] = []
        self.cancelled: list[int] = []
        self.num_given = 0
        self.is_closed = False

    async def all(self) -> AsyncGenerator:
        try:
            for index in range(len(self.gates)):
                self.num_given += 1
                yield self.one(index)
        finally:
            self.is_closed = True

    async def one(self, index: int) -> Entry[str]:
        self.begun.append(index)
        try:
            await self.gates[index].wait()
        except asyncio.CancelledError:
            self.cancelled.append(index)
            raise
        return Entry(index, None, f"outcome {index}")


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_entries_come_in_the_order_of_the_jobs():
    jobs = Jobs(4)
    for gate in reversed(jobs.gates):
        asyncio.get_running_loop().call_soon(gate.set)

    assert [entry.file async for entry in in_order(jobs.all(), look_ahead=4)] == [0, 1, 2, 3]


async def test_entry_is_given_out_while_later_ones_are_still_made():
    jobs = Jobs(3)
    jobs.gates[0].set()
    entries = in_order(jobs.all(), look_ahead=3)

    assert (await anext(entries)).file == 0
    await entries.aclose()


@pytest.mark.parametrize("look_ahead", [2, 3, 8])
async def test_no_more_jobs_are_in_progress_than_the_look_ahead(look_ahead):
    jobs = Jobs(20)
    entries = in_order(jobs.all(), look_ahead=look_ahead)
    first = asyncio.ensure_future(anext(entries))
    await settle()
    assert len(jobs.begun) <= look_ahead + 1  # one has been taken, and is waited for
    assert jobs.num_given <= look_ahead + 1

    jobs.gates[0].set()
    await first
    await settle()
    assert len(jobs.begun) <= look_ahead + 1
    await entries.aclose()


async def test_leaving_cancels_what_is_in_progress_and_closes_the_jobs():
    jobs = Jobs(5)
    jobs.gates[0].set()
    entries = in_order(jobs.all(), look_ahead=3)
    await anext(entries)
    await settle()
    await entries.aclose()

    assert jobs.is_closed
    assert sorted(jobs.cancelled) == [index for index in jobs.begun if index != 0]


async def test_cancelling_the_reader_cancels_the_jobs():
    jobs = Jobs(5)
    entries = in_order(jobs.all(), look_ahead=3)
    reading = asyncio.ensure_future(anext(entries))
    await settle()
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading

    assert sorted(jobs.cancelled) == jobs.begun
    assert jobs.is_closed


async def test_fault_of_the_jobs_themselves_is_raised_and_not_waited_for():
    async def faulty() -> AsyncGenerator:
        raise RuntimeError("a fault of ours")
        yield

    with pytest.raises(RuntimeError, match="a fault of ours"):
        await anext(in_order(faulty(), look_ahead=2))


async def test_no_jobs_make_no_entries():
    assert [entry async for entry in in_order(Jobs(0).all(), look_ahead=2)] == []
