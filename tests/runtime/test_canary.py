"""A device that hangs, fails or miscalculates is found, and so is its recovery."""

import asyncio
import threading

import numpy as np
import pytest

from service.recognition.errors import QueueFull
from service.runtime.batching import MicroBatcher
from service.runtime.canary import Canary, Probe
from service.runtime.device_thread import DeviceThread
from tests.runtime.fakes import sure_of

pytestmark = pytest.mark.anyio

CANVAS = np.full((28, 28, 1), 9, np.uint8)
EXPECTED = sure_of(7)(CANVAS[np.newaxis])[0]


class Device:
    """Right unless told otherwise."""

    def __init__(self) -> None:
        self.works = threading.Event()
        self.works.set()
        self.error: Exception | None = None
        self.offset = 0.0

    def __call__(self, canvases: np.ndarray) -> np.ndarray:
        assert self.works.wait(timeout=30)
        if self.error:
            raise self.error
        return sure_of(7)(canvases) + np.float32(self.offset)


class Watched:
    """A canary over one model, and what it reported."""

    def __init__(self, device: Device, *, limit_s: float = 30.0, queue_limit: int = 8, every_s: float = 0.0) -> None:
        self.thread = DeviceThread()
        self.batcher = MicroBatcher(device, executor=self.thread, queue_limit=queue_limit)
        self.num_failures = 0
        probe = Probe("cnn", self.batcher, CANVAS, EXPECTED)
        self.canary = Canary([probe], every_s=every_s, limit_s=limit_s, on_failure=self.count)

    def count(self) -> None:
        self.num_failures += 1

    async def __aenter__(self) -> "Watched":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.batcher.close()
        self.thread.shutdown()


async def test_device_that_is_right_has_no_fault():
    async with Watched(Device()) as watched:
        await watched.canary.check()
        assert watched.canary.fault is None
        assert watched.num_failures == 0


@pytest.mark.parametrize(
    ("break_it", "told"),
    [
        (lambda device: setattr(device, "offset", 0.001), "cnn is wrong: a logit is 0.001 off"),
        (lambda device: setattr(device, "offset", np.nan), "cnn is wrong"),
        (lambda device: setattr(device, "error", RuntimeError("secret")), "cnn failed: RuntimeError."),
    ],
)
async def test_wrong_or_failing_device_is_a_fault_until_it_recovers(break_it, told, caplog):
    device = Device()
    async with Watched(device) as watched:
        break_it(device)
        await watched.canary.check()
        assert watched.canary.fault is not None
        assert watched.canary.fault.startswith(told)
        device.offset, device.error = 0.0, None
        await watched.canary.check()
        assert watched.canary.fault is None
        assert watched.num_failures == 1

    assert [record.getMessage() for record in caplog.records] == ["canary failed", "canary recovered"]


async def test_device_that_hangs_is_a_fault_until_it_answers_again():
    device = Device()
    async with Watched(device, limit_s=0.02) as watched:
        device.works.clear()
        await watched.canary.check()
        await watched.canary.check()
        assert watched.canary.fault == "cnn has not answered within 0.02 s."
        assert watched.batcher.num_waiting == 0  # what nobody waits for any more has left the queue
        device.works.set()
        while watched.canary.fault:
            await watched.canary.check()
        assert watched.num_failures >= 2


async def test_full_queue_is_no_fault_and_the_canary_waits_in_its_turn():
    device = Device()
    async with Watched(device, queue_limit=1) as watched:
        device.works.clear()
        readings = [asyncio.create_task(watched.batcher.submit(CANVAS))]
        await asyncio.sleep(0)
        while watched.batcher.num_waiting:
            await asyncio.sleep(0)
        readings.append(asyncio.create_task(watched.batcher.submit(CANVAS)))
        await asyncio.sleep(0)
        with pytest.raises(QueueFull):
            watched.batcher.refuse_if_full()
        checking = asyncio.create_task(watched.canary.check())
        while watched.batcher.num_waiting != 2:
            await asyncio.sleep(0)
        device.works.set()
        await asyncio.gather(checking, *readings)
        assert watched.canary.fault is None


async def test_it_sings_until_it_is_cancelled():
    device = Device()
    async with Watched(device) as watched:
        device.offset = 1.0
        singing = asyncio.create_task(watched.canary.sing())
        while watched.num_failures < 3:
            await asyncio.sleep(0)
        singing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await singing
