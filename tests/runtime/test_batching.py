"""The batcher, with a network of plain numpy whose pace the tests set. No test waits for a clock."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from itertools import pairwise

import numpy as np
import pytest

from service.recognition.errors import NotReady, QueueFull
from service.runtime.batching import MicroBatcher
from service.runtime.buckets import SIZES, bucket_for, buckets_for

pytestmark = pytest.mark.anyio


class GatedNetwork:
    """Answers each canvas with ten times its first value; each batch waits for the gate."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.started = threading.Event()
        self.batches: list[list[int]] = []

    def __call__(self, canvases: np.ndarray) -> np.ndarray:
        self.batches.append([int(canvas.flat[0]) for canvas in canvases])
        self.started.set()
        assert self.gate.wait(timeout=30)
        logits = np.zeros((len(canvases), 10), np.float32)
        logits[:, 0] = canvases[:, 0, 0, 0] * 10.0
        return logits


def canvas(number: int) -> np.ndarray:
    return np.full((28, 28, 1), number, np.uint8)


@asynccontextmanager
async def batcher_for(
    network: Callable[[np.ndarray], np.ndarray], queue_limit: int = 256, num_light: int = 0
) -> AsyncIterator[MicroBatcher]:
    with ThreadPoolExecutor(1) as executor:
        batcher = MicroBatcher(network, executor=executor, queue_limit=queue_limit, num_light=num_light)
        yield batcher
        await batcher.close()


async def busy(batcher: MicroBatcher, network: GatedNetwork) -> asyncio.Task:
    """Submit canvas 1 and come back when the network is at it."""
    first = asyncio.create_task(batcher.submit(canvas(1)))
    await asyncio.to_thread(network.started.wait, 30)
    return first


async def enter(batcher: MicroBatcher, numbers: range) -> list[asyncio.Task]:
    """Submit canvases and come back when all of them wait."""
    tasks = [asyncio.create_task(batcher.submit(canvas(number))) for number in numbers]
    await asyncio.sleep(0)
    assert batcher.num_waiting == len(tasks)
    return tasks


async def test_canvas_that_finds_the_network_idle_starts_alone():
    network = GatedNetwork()
    network.gate.set()
    async with batcher_for(network) as batcher:
        scored = await batcher.submit(canvas(7))

    assert network.batches == [[7]]
    assert scored.logits[0] == 70.0
    assert scored.logits.dtype == np.float32
    assert scored.queue_ms >= 0
    assert scored.model_ms > 0


async def test_canvases_gather_while_the_network_is_busy_and_answers_find_their_askers():
    network = GatedNetwork()
    async with batcher_for(network) as batcher:
        first = await busy(batcher, network)
        others = await enter(batcher, range(2, 9))
        network.gate.set()
        scored = await asyncio.gather(first, *others)

    # Oldest first; seven are padded with a blank canvas to a bucket of eight.
    assert network.batches == [[1], [2, 3, 4, 5, 6, 7, 8, 0]]
    assert [one.logits[0] for one in scored] == [10, 20, 30, 40, 50, 60, 70, 80]


async def test_network_goes_on_while_the_event_loop_is_busy():
    network = GatedNetwork()
    async with batcher_for(network) as batcher:
        first = await busy(batcher, network)
        others = await enter(batcher, range(2, 6))
        network.started.clear()
        network.gate.set()
        # Blocks the loop, as the pictures of other requests do.
        assert network.started.wait(timeout=30)
        assert [len(batch) for batch in network.batches] == [1, 4]
        assert not any(task.done() for task in (first, *others))
        await asyncio.gather(first, *others)


async def test_first_canvas_of_a_burst_does_not_wait_for_the_others_to_be_looked_at():
    network = GatedNetwork()
    async with batcher_for(network) as batcher:
        first = asyncio.create_task(batcher.submit(canvas(1)))
        await asyncio.sleep(0)
        assert network.started.wait(timeout=30)  # without another turn of the loop
        network.gate.set()
        await first


async def test_batch_is_never_larger_than_the_largest_bucket():
    network = GatedNetwork()
    largest = buckets_for((28, 28, 1))[-1]
    async with batcher_for(network) as batcher:
        first = await busy(batcher, network)
        others = await enter(batcher, range(2, 2 + largest + 1))
        network.gate.set()
        await asyncio.gather(first, *others)

    assert [len(batch) for batch in network.batches] == [1, largest, 1]
    assert network.batches[2] == [largest + 2]


async def test_full_queue_refuses_and_says_when_to_come_back():
    network = GatedNetwork()
    async with batcher_for(network, queue_limit=2) as batcher:
        first = await busy(batcher, network)
        others = await enter(batcher, range(2, 4))
        with pytest.raises(QueueFull) as refused:
            await batcher.submit(canvas(9))
        network.gate.set()
        await asyncio.gather(first, *others)
        assert refused.value.retry_after_s >= 0

        # Now that the batcher knows how long a batch takes, it says so.
        network.gate.clear()
        network.started.clear()
        first = await busy(batcher, network)
        others = await enter(batcher, range(2, 4))
        with pytest.raises(QueueFull) as refused:
            await batcher.submit(canvas(9))
        network.gate.set()
        await asyncio.gather(first, *others)
    assert refused.value.retry_after_s > 0


async def test_time_to_come_back_follows_from_the_queue_and_the_pace():
    network = GatedNetwork()
    async with batcher_for(network, queue_limit=3) as batcher:
        batcher._canvas_s = 10.0  # as a slow device would have made it
        first = await busy(batcher, network)
        others = await enter(batcher, range(2, 4))
        batcher.refuse_if_full()
        with pytest.raises(QueueFull, match="3 readings wait already") as refused:
            batcher.refuse_if_full(num_waiting_elsewhere=1)
        network.gate.set()
        await asyncio.gather(first, *others)

    assert refused.value.retry_after_s == 40.0  # two wait, one is on its way, one is running


async def test_batches_are_told_with_their_size():
    network = GatedNetwork()
    sizes: list[int] = []
    with ThreadPoolExecutor(1) as executor:
        batcher = MicroBatcher(network, executor=executor, queue_limit=8, on_batch=sizes.append)
        first = await busy(batcher, network)
        others = await enter(batcher, range(2, 7))
        network.gate.set()
        await asyncio.gather(first, *others)
        await batcher.close()

    assert sizes == [1, 5]  # without the padding


async def test_cancelled_request_leaves_the_queue():
    network = GatedNetwork()
    async with batcher_for(network) as batcher:
        first = await busy(batcher, network)
        leaver, stayer = await enter(batcher, range(2, 4))
        leaver.cancel()
        await asyncio.gather(leaver, return_exceptions=True)
        assert batcher.num_waiting == 1
        network.gate.set()
        await asyncio.gather(first, stayer)

    assert network.batches == [[1], [3]]


async def test_request_that_is_cancelled_in_the_running_batch_does_not_disturb_it():
    network = GatedNetwork()
    async with batcher_for(network) as batcher:
        first = await busy(batcher, network)
        first.cancel()
        (second,) = await enter(batcher, range(2, 3))
        network.gate.set()
        assert (await second).logits[0] == 20
        with pytest.raises(asyncio.CancelledError):
            await first


async def test_failing_batch_fails_its_requests_and_no_others():
    network = GatedNetwork()
    network.gate.set()

    def fail_on_13(canvases: np.ndarray) -> np.ndarray:
        if canvases[0, 0, 0, 0] == 13:
            raise RuntimeError("out of memory")
        return network(canvases)

    async with batcher_for(fail_on_13) as batcher:
        with pytest.raises(RuntimeError, match="out of memory"):
            await batcher.submit(canvas(13))
        assert (await batcher.submit(canvas(2))).logits[0] == 20


async def test_closing_answers_for_all_that_waits_and_lets_the_running_batch_finish():
    network = GatedNetwork()
    async with batcher_for(network) as batcher:
        first = await busy(batcher, network)
        others = await enter(batcher, range(2, 4))
        closing = asyncio.create_task(batcher.close())
        outcomes = await asyncio.gather(*others, return_exceptions=True)
        network.gate.set()
        await closing
        assert (await first).logits[0] == 10
        with pytest.raises(NotReady):
            await batcher.submit(canvas(5))

    assert [type(outcome) for outcome in outcomes] == [NotReady, NotReady]


def line(number: int, width: int) -> np.ndarray:
    return np.full((32, width, 1), number, np.uint8)


async def test_canvases_of_one_width_go_together_and_the_oldest_decides_which_is_next():
    network = GatedNetwork()
    async with batcher_for(network) as batcher:
        first = await busy(batcher, network)
        widths = (64, 128, 64, 28, 128, 64)
        canvases = [line(number, width) for number, width in enumerate(widths, start=2)]
        others = [asyncio.create_task(batcher.submit(one)) for one in canvases]
        await asyncio.sleep(0)
        network.gate.set()
        scored = await asyncio.gather(first, *others)

    assert network.batches == [[1], [2, 4, 7], [3, 6], [5]]
    assert [one.logits[0] for one in scored] == [10, 20, 30, 40, 50, 60, 70]


async def test_batch_of_long_lines_is_small():
    network = GatedNetwork()
    async with batcher_for(network) as batcher:
        first = await busy(batcher, network)
        others = [asyncio.create_task(batcher.submit(line(number, 1024))) for number in range(2, 8)]
        await asyncio.sleep(0)
        network.gate.set()
        await asyncio.gather(first, *others)

    assert network.batches == [[1], [2, 3, 4, 5], [6, 7]]


@pytest.mark.parametrize("queue_limit", [1, 2, 8, 100])
async def test_many_canvases_of_one_caller_leave_room_in_the_queue(queue_limit):
    network = GatedNetwork()
    network.gate.set()
    most = 0

    def watched(canvases: np.ndarray) -> np.ndarray:
        nonlocal most
        most = max(most, batcher.num_waiting)
        return network(canvases)

    async with batcher_for(watched, queue_limit=queue_limit) as batcher:
        scored = await batcher.submit_all([canvas(number) for number in range(20)])

    assert [one.logits[0] for one in scored] == [10 * number for number in range(20)]
    assert most <= max(1, queue_limit // 4)


async def test_caller_whose_canvases_find_the_queue_full_leaves_nothing_behind():
    network = GatedNetwork()
    async with batcher_for(network, queue_limit=8) as batcher:
        first = await busy(batcher, network)
        others = await enter(batcher, range(2, 9))
        with pytest.raises(QueueFull):
            await batcher.submit_all([canvas(9), canvas(10)])
        await asyncio.sleep(0)
        assert batcher.num_waiting == len(others)
        network.gate.set()
        await asyncio.gather(first, *others)


@pytest.mark.parametrize(
    ("shape", "buckets"),
    [
        ((28, 28, 1), SIZES),
        ((32, 64, 1), SIZES),
        ((32, 256, 1), (1, 2, 3, 4, 5, 6, 8, 12, 16)),
        ((32, 1024, 1), (1, 2, 3, 4)),
        ((512, 4096, 1), (1,)),  # one alone is always taken
    ],
)
def test_batches_of_large_canvases_are_smaller(shape, buckets):
    assert buckets_for(shape) == buckets


@pytest.mark.parametrize(
    ("num_canvases", "bucket"),
    [(1, 1), (2, 2), (7, 8), (8, 8), (9, 12), (49, 64), (64, 64)],
)
def test_bucket_is_the_smallest_that_holds_the_batch(num_canvases, bucket):
    assert bucket_for(num_canvases, (28, 28, 1)) == bucket


class ThreadNoter:
    """Answers as `GatedNetwork` does, at once, and notes how many canvases it was asked on which thread."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, bool]] = []

    def __call__(self, canvases: np.ndarray) -> np.ndarray:
        self.asked.append((len(canvases), threading.current_thread() is threading.main_thread()))
        if canvases[0, 0, 0, 0] == 13:
            raise ValueError("13")
        logits = np.zeros((len(canvases), 10), np.float32)
        logits[:, 0] = canvases[:, 0, 0, 0] * 10.0
        return logits


async def test_small_batches_of_a_light_network_are_computed_on_the_loop_and_others_are_not():
    network = ThreadNoter()
    async with batcher_for(network, num_light=4) as batcher:
        alone = await batcher.submit(canvas(5))
        few = await batcher.submit_all([canvas(number) for number in range(1, 4)])
        many = await batcher.submit_all([canvas(number) for number in range(1, 9)])

    assert [scored.logits[0] for scored in (alone, *few)] == [50.0, 10.0, 20.0, 30.0]
    assert [scored.logits[0] for scored in many] == [10.0 * number for number in range(1, 9)]
    assert network.asked == [(1, True), (1, True), (2, True), (1, True), (8, False)]
    assert min(alone.queue_ms, alone.model_ms) >= 0


async def test_loop_looks_at_its_sockets_between_two_light_batches():
    network = ThreadNoter()
    num_asked_before_looks = []
    async with batcher_for(network, num_light=2) as batcher:
        tasks = [asyncio.create_task(batcher.submit(canvas(number))) for number in range(3)]
        for _ in range(6):
            await asyncio.sleep(0)
            num_asked_before_looks.append(len(network.asked))
        await asyncio.gather(*tasks)

    assert num_asked_before_looks[0] == 0
    assert all(later - earlier <= 1 for earlier, later in pairwise(num_asked_before_looks))


async def test_failure_of_a_light_batch_is_the_answer_and_the_next_batch_gets_its_chance():
    async with batcher_for(ThreadNoter(), num_light=4) as batcher:
        with pytest.raises(ValueError, match="13"):
            await batcher.submit(canvas(13))
        assert (await batcher.submit(canvas(2))).logits[0] == 20.0
