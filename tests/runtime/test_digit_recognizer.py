"""The way from bytes to a reading, with a network of plain numpy."""

import asyncio
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import replace

import cv2
import numpy as np
import pytest

from service.recognition.errors import DeadlineExceeded, QueueFull, UnsupportedImageFormat
from service.recognition.manifest import SEQUENCE_READER, Manifest
from service.recognition.policy import CalibrationRow, CalibrationTable, Decision, Reason
from service.runtime import digit_recognizer
from service.runtime.batching import MicroBatcher
from service.runtime.digit_network import BatchedNetwork
from service.runtime.digit_recognizer import DigitRecognizer
from service.runtime.recount import Recount
from service.runtime.threads import PictureThreads
from service.runtime.turns import LoopTurns
from service.runtime.workplace import Workplace
from tests.pictures import draw_seven, draw_strokes, png
from tests.runtime.fakes import Network, manifest_of, reads, sure_of

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def recognizer(
    network: Network = sure_of(7),  # noqa: B008
    *,
    timeout_s: float = 30.0,
    manifest: Manifest = manifest_of("cnn"),  # noqa: B008
    reader: Network | None = None,
) -> AsyncIterator[DigitRecognizer]:
    threads = PictureThreads(num_threads=2, queue_limit=8)
    with ThreadPoolExecutor(1) as executor:
        batcher = MicroBatcher(network, executor=executor, queue_limit=8)
        turns = LoopTurns(queue_limit=8)
        workplace = Workplace(threads=threads, turns=turns, max_pixels=1_000_000, timeout_s=timeout_s)
        lines = MicroBatcher(reader or reads("7"), executor=executor, queue_limit=8)
        recount = reader and Recount(manifest_of("crnn", kind=SEQUENCE_READER), lines, workplace=workplace)
        yield DigitRecognizer(manifest, BatchedNetwork(manifest, batcher), workplace=workplace, recount=recount)
        assert batcher.num_waiting == 0  # whoever gave up has left the queue
        await batcher.close()
        await lines.close()
    workplace.close()


async def test_reading_says_what_it_is_where_it_is_and_who_says_so():
    async with recognizer() as cnn:
        recognized = await cnn.read(png(draw_seven(140)), max_error=0.01, top_k=2)

    assert recognized.reading.digit == 7
    assert recognized.reading.decision is Decision.ACCEPTED
    assert recognized.reading.alternatives[0].digit == 7
    assert len(recognized.reading.alternatives) == 2
    assert (recognized.picture.width, recognized.picture.height) == (140, 140)
    assert recognized.picture.polarity == "dark_on_light"
    assert recognized.picture.box is not None
    assert (recognized.model, recognized.version, recognized.max_error) == ("cnn", 1, 0.01)
    assert all(duration >= 0 for duration in recognized.stages_ms.values())


async def test_network_sees_the_canvas_and_not_the_picture():
    seen = []

    def network(canvases: np.ndarray) -> np.ndarray:
        seen.append(canvases.copy())
        return sure_of(7)(canvases)

    async with recognizer(network) as cnn:
        await cnn.read(png(draw_seven()), max_error=0.01, top_k=1)

    assert seen[0].shape == (1, 28, 28, 1)
    assert seen[0].max() == 255  # ink is bright
    assert seen[0][0, :3].max() == 0  # paper is 0


async def test_many_inks_are_read_at_once_in_their_order():
    def network(canvases: np.ndarray) -> np.ndarray:
        """Sees the digit that is the width of the ink in columns."""
        num_columns = (canvases.max(axis=(1, 3)) > 0).sum(axis=1)
        return 12.0 * np.eye(10, dtype=np.float32)[num_columns % 10]

    inks = [np.full((20, width), 255, np.uint8) for width in range(1, 10)]
    inks[4:4] = [np.zeros((5, 5), np.uint8), np.zeros((0, 0), np.uint8)]
    async with recognizer(network) as cnn:
        readings = await cnn.read_inks(inks, max_error=0.01, top_k=1)

    assert [reading.digit for reading in readings] == [1, 2, 3, 4, None, None, 5, 6, 7, 8, 9]
    assert [reading.reason for reading in readings[4:6]] == [Reason.BLANK] * 2


@pytest.mark.parametrize("level", [0, 128, 255])
async def test_blank_picture_is_a_rejected_reading_that_never_reaches_the_network(level):
    def network(canvases: np.ndarray) -> np.ndarray:
        raise AssertionError("nothing to read")

    async with recognizer(network) as cnn:
        recognized = await cnn.read(png(np.full((50, 60), level, np.uint8)), max_error=0.01, top_k=3)

    assert recognized.reading.digit is None
    assert recognized.reading.reason is Reason.BLANK
    assert recognized.picture.box is None
    assert list(recognized.stages_ms) == ["decode", "canvas", "queue"]


async def test_what_is_no_picture_is_told_as_that():
    async with recognizer() as cnn:
        with pytest.raises(UnsupportedImageFormat):
            await cnn.read(b"hello", max_error=0.01, top_k=3)


async def test_reading_that_takes_too_long_is_given_up_and_leaves_the_queue():
    gate = threading.Event()

    def network(canvases: np.ndarray) -> np.ndarray:
        assert gate.wait(timeout=30)
        return sure_of(7)(canvases)

    async with recognizer(network, timeout_s=0.02) as cnn:
        reads = (cnn.read(png(draw_seven()), max_error=0.01, top_k=3) for _ in range(2))
        outcomes = await asyncio.gather(*reads, return_exceptions=True)
        gate.set()

    assert [type(outcome) for outcome in outcomes] == [DeadlineExceeded] * 2
    assert "20 ms" in str(outcomes[0])


@pytest.mark.parametrize(("own_s", "asked_s", "told"), [(30.0, 0.02, "20 ms"), (0.02, 30.0, "20 ms")])
async def test_shorter_of_two_time_outs_counts(own_s, asked_s, told):
    gate = threading.Event()

    def network(canvases: np.ndarray) -> np.ndarray:
        assert gate.wait(timeout=30)
        return sure_of(7)(canvases)

    async with recognizer(network, timeout_s=own_s) as cnn:
        with pytest.raises(DeadlineExceeded, match=told):
            await cnn.read(png(draw_seven()), max_error=0.01, top_k=3, timeout_s=asked_s)
        gate.set()


@pytest.mark.parametrize("size_px", [28, 200])
async def test_small_and_large_pictures_are_read_alike(size_px):
    async with recognizer() as cnn:
        recognized = await cnn.read(png(draw_seven(size_px)), max_error=0.01, top_k=1)

    assert recognized.reading.digit == 7
    assert list(recognized.stages_ms) == ["decode", "canvas", "queue", "model", "read"]
    assert min(recognized.stages_ms.values()) >= 0


async def test_too_many_pictures_at_once_are_refused():
    gate, started = threading.Event(), threading.Event()

    def work() -> str:
        started.set()
        assert gate.wait(timeout=30)
        return "done"

    threads = PictureThreads(num_threads=1, queue_limit=1)
    running = asyncio.create_task(threads.run(work))
    await asyncio.to_thread(started.wait, 30)
    waiting = asyncio.create_task(threads.run(work))
    await asyncio.sleep(0)
    with pytest.raises(QueueFull):
        await threads.run(work)

    waiting.cancel()  # leaves the queue, so that there is room again
    await asyncio.gather(waiting, return_exceptions=True)
    await asyncio.sleep(0)
    another = asyncio.create_task(threads.run(lambda: "another"))
    await asyncio.sleep(0)
    gate.set()
    assert await running == "done"
    assert await another == "another"
    threads.close()


async def test_clean_pictures_are_judged_by_their_own_table():
    canvas = np.zeros((28, 28), np.uint8)
    canvas[4:24, 13:16] = 255
    strict = CalibrationTable((CalibrationRow(1.0, 1000, 0, 0.003, 0.1),))
    manifest = replace(manifest_of("cnn"), clean_calibration=strict, clean_temperature=4.0)
    async with recognizer(manifest=manifest) as cnn:
        clean = await cnn.read(png(canvas), max_error=0.01, top_k=1)
        other = await cnn.read(png(draw_seven(140)), max_error=0.01, top_k=1)

    assert (clean.reading.decision, clean.reading.threshold) == (Decision.REVIEW, 1.0)
    assert clean.reading.confidence < other.reading.confidence
    assert (other.reading.decision, other.reading.threshold) == (Decision.ACCEPTED, 0.8)


def nobody(canvases: np.ndarray) -> np.ndarray:
    raise AssertionError("nobody is to be asked")


AT_A_LOSS = sure_of(7, margin=1.0)


async def test_digits_of_a_doubtful_picture_are_counted_by_a_sequence_reader():
    async with recognizer(AT_A_LOSS, reader=reads("12867")) as cnn:
        several = await cnn.read(png(draw_strokes(5)), max_error=0.01, top_k=3)
        one = await cnn.read(png(draw_strokes(1)), max_error=0.01, top_k=3)

    reading = several.reading
    assert (reading.digit, reading.decision, reading.reason) == (None, Decision.REJECTED, Reason.SEVERAL_DIGITS)
    assert reading.threshold == one.reading.threshold
    assert (one.reading.digit, one.reading.reason) == (7, Reason.UNCERTAIN)
    assert list(several.stages_ms) == ["decode", "canvas", "queue", "model", "read"]


@pytest.mark.parametrize(("width", "kept"), [(200, np.ndarray), (1_100, bytes)])
async def test_large_picture_that_is_looked_at_again_waits_as_its_file(monkeypatch, width, kept):
    looked = []

    async def look(self: Workplace, source: bytes | np.ndarray, see: object) -> object:
        looked.append(type(source))
        return await workplaces_look(self, source, see)

    workplaces_look = Workplace.look
    monkeypatch.setattr(Workplace, "look", look)
    monkeypatch.setattr(digit_recognizer, "MOST_KEPT_PIXELS", 100_000)
    async with recognizer(AT_A_LOSS, reader=reads("7")) as cnn:
        await cnn.read(png(cv2.resize(draw_seven(200), (width, 200))), max_error=0.01, top_k=3)
    assert looked == [bytes, kept]


async def test_digits_are_counted_once_where_the_classifier_is_sure_or_sees_nothing():
    async with recognizer(sure_of(7), reader=nobody) as cnn:
        assert (await cnn.read(png(draw_strokes(5)), max_error=0.001, top_k=3)).reading.digit == 7
        blank = await cnn.read(png(np.full((50, 60), 255, np.uint8)), max_error=0.01, top_k=3)
        assert blank.reading.reason is Reason.BLANK


async def test_doubtful_picture_stays_doubtful_where_no_reader_is_loaded():
    async with recognizer(AT_A_LOSS) as cnn:
        recognized = await cnn.read(png(draw_strokes(5)), max_error=0.01, top_k=3)
    assert (recognized.reading.digit, recognized.reading.reason) == (7, Reason.UNCERTAIN)
