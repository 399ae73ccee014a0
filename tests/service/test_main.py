"""The parts of a process, put together."""

import asyncio
import multiprocessing

import pytest

from service import main
from service.main import container_for
from service.settings import Settings
from service.workers.line import Line
from service.workers.messages import CanRead, make_line


async def test_worker_tells_its_parent_when_a_model_fails_and_when_it_has_recovered(tiny_models_dir):
    parent, end = make_line(multiprocessing.get_context("spawn"))
    line = Line(end)
    # 0: TensorFlow has been started by other tests, and takes no other number any more.
    settings = Settings(models_dir=tiny_models_dir, canary_s=1e-3, intra_op_threads=0)
    container = container_for(settings, on_ready=lambda: None, line=line)
    assert container.crew is line
    await container.models.load()
    golden = container.models._canary._probes[0].logits

    async def told() -> object:
        async with asyncio.timeout(30):
            while not parent.poll():
                await asyncio.sleep(0)
        return parent.recv()

    golden += 1.0  # as if the device were wrong
    assert await told() == CanRead(False)
    golden -= 1.0
    assert await told() == CanRead(True)
    await container.models.close()
    for one in (parent, end):
        one.close()


@pytest.mark.parametrize(
    ("workers", "num_cores", "has_spare_core"), [(1, 2.0, True), (1, 1.0, False), (2, 2.0, False), (4, 16.0, True)]
)
def test_networks_are_told_whether_event_loops_leave_them_a_core(monkeypatch, workers, num_cores, has_spare_core):
    monkeypatch.setattr(main, "num_cores_here", lambda: num_cores)

    assert main._runtime_options(Settings(workers=workers)).has_spare_core is has_spare_core
