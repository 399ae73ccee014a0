"""A small and a large network of plain numpy behind real batchers."""

import asyncio
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import replace

import numpy as np
import pytest

from service.recognition.errors import QueueFull
from service.recognition.members import Member
from service.runtime.batching import MicroBatcher
from service.runtime.cascade import Cascade
from service.runtime.digit_network import BatchedNetwork, Opinion
from tests.runtime.fakes import Network, cascade_of, manifest_of, sure_of

pytestmark = pytest.mark.anyio

EASY, HARD = np.full((28, 28, 1), 10, np.uint8), np.full((28, 28, 1), 200, np.uint8)
RULE = cascade_of(Member("cnn", 1, ""), Member("ensemble", 3, ""), sure_from=0.9, clean_sure_from=0.99999).cascade


def small(canvases: np.ndarray) -> np.ndarray:
    """Reads 3 in everything; sure of it where the canvas is dark, at a loss where it is bright."""
    return sure_of(3)(canvases) * (canvases[:, 0, 0] < 100)


class Recording:
    """A network that sees an 8 in everything, and remembers what it was given."""

    def __init__(self) -> None:
        self.canvases: list[np.ndarray] = []

    def __call__(self, canvases: np.ndarray) -> np.ndarray:
        self.canvases += [canvas for canvas in canvases if canvas.any()]  # what fills a batch up is blank
        return sure_of(8)(canvases)


@asynccontextmanager
async def cascade(large: Network, answers: list[str] | None = None, *, queue_limit: int = 64) -> AsyncIterator[Cascade]:
    with ThreadPoolExecutor(1) as executor:
        batchers = [MicroBatcher(network, executor=executor, queue_limit=queue_limit) for network in (small, large)]
        manifests = [manifest_of("cnn"), replace(manifest_of("ensemble", 3), temperature=2.0)]
        networks = [BatchedNetwork(one, batcher) for one, batcher in zip(manifests, batchers, strict=True)]
        yield Cascade(*networks, RULE, on_answer=[].append if answers is None else answers.append)
        for batcher in batchers:
            await batcher.close()


async def test_sure_verdict_of_the_small_network_stands():
    large, answers = Recording(), []
    async with cascade(large, answers) as both:
        opinion = await both.score(EASY, is_clean=False)

    assert (opinion.model, opinion.version, opinion.temperature) == ("cnn", 1, 1.0)
    assert opinion.logits.argmax() == 3
    assert large.canvases == []
    assert answers == ["cnn"]


async def test_unsure_verdict_is_the_large_networks():
    large, answers = Recording(), []
    async with cascade(large, answers) as both:
        opinion = await both.score(HARD, is_clean=False)

    assert (opinion.model, opinion.version, opinion.temperature) == ("ensemble", 3, 2.0)
    assert opinion.logits.argmax() == 8
    np.testing.assert_array_equal(large.canvases, [HARD])
    assert answers == ["ensemble"]


async def test_clean_pictures_have_a_threshold_of_their_own():
    async with cascade(Recording()) as both:
        clean, other = [await both.score(EASY, is_clean=is_clean) for is_clean in (True, False)]

    # Of ten digits one has a margin of 12: its probability, 0.99994, lies between the two thresholds.
    assert (clean.model, other.model) == ("ensemble", "cnn")


class Fixed:
    """A network that has the same opinion of everything."""

    def __init__(self, opinion: Opinion) -> None:
        self._opinion = opinion

    def refuse_if_full(self, num_waiting_elsewhere: int = 0) -> None:
        pass

    async def score(self, canvas: np.ndarray, *, is_clean: bool) -> Opinion:
        return self._opinion

    async def score_all(self, canvases: list[np.ndarray], *, is_clean: bool) -> list[Opinion]:
        return [self._opinion] * len(canvases)


async def test_times_of_both_networks_are_added():
    unsure = Opinion(np.zeros(10, np.float32), 1.0, "cnn", 1, queue_ms=1.0, model_ms=2.0)
    both = Cascade(Fixed(unsure), Fixed(replace(unsure, model="ensemble", queue_ms=30.0, model_ms=40.0)), RULE)
    for opinion in (await both.score(HARD, is_clean=False), *await both.score_all([HARD, HARD], is_clean=False)):
        assert (opinion.model, opinion.queue_ms, opinion.model_ms) == ("ensemble", 31.0, 42.0)


async def test_answer_depends_on_the_canvas_and_not_on_those_beside_it():
    canvases = [HARD if number % 3 == 0 else EASY for number in range(40)]
    large, answers = Recording(), []
    async with cascade(large, answers) as both:
        alone = [await both.score(canvas, is_clean=False) for canvas in canvases]
        num_alone = len(large.canvases)
        crowd = await asyncio.gather(*(both.score(canvas, is_clean=False) for canvas in canvases))
        stack = await both.score_all(canvases, is_clean=False)

    expected = ["ensemble" if number % 3 == 0 else "cnn" for number in range(40)]
    for opinions in (alone, crowd, stack):
        assert [opinion.model for opinion in opinions] == expected
        for one, other in zip(alone, opinions, strict=True):
            np.testing.assert_allclose(one.logits, other.logits, atol=1e-5)
    assert num_alone == 14
    assert len(large.canvases) == 3 * 14
    assert answers.count("ensemble") == 3 * 14
    assert answers.count("cnn") == 3 * 26


async def test_no_canvases_have_no_opinions():
    async with cascade(Recording()) as both:
        assert await both.score_all([], is_clean=False) == []


async def test_full_queue_of_the_large_network_refuses_rather_than_answer_otherwise():
    started, gate = threading.Event(), threading.Event()

    def stuck(canvases: np.ndarray) -> np.ndarray:
        started.set()
        assert gate.wait(timeout=30)
        return sure_of(8)(canvases)

    async with cascade(stuck, queue_limit=1) as both:
        running = asyncio.create_task(both._large.score(HARD, is_clean=False))
        await asyncio.to_thread(started.wait, 30)
        waiting = asyncio.create_task(both._large.score(HARD, is_clean=False))
        await asyncio.sleep(0)
        with pytest.raises(QueueFull):
            both.refuse_if_full()
        with pytest.raises(QueueFull):
            await both._large.score(HARD, is_clean=False)
        gate.set()
        assert [one.model for one in await asyncio.gather(running, waiting)] == ["ensemble"] * 2
        both.refuse_if_full()
