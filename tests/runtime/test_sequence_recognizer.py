"""The way from bytes to a number, with a network of plain numpy that sees a symbol in each blot of ink."""

import asyncio
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import replace

import numpy as np
import pytest

from service.recognition.constraint import Constraint
from service.recognition.errors import DeadlineExceeded, QueueFull, UnsupportedImageFormat
from service.recognition.line import find_line
from service.recognition.manifest import SEQUENCE_READER, Manifest
from service.recognition.members import Member, PeerRule, SecondLookRule
from service.recognition.policy import CalibrationRow, CalibrationTable, Decision, Reason
from service.runtime.batching import MicroBatcher
from service.runtime.line_network import LineNetwork
from service.runtime.sequence_recognizer import NumberRequest, SequenceRecognizer
from service.runtime.threads import PictureThreads
from service.runtime.turns import LoopTurns
from service.runtime.workplace import Workplace
from tests.pictures import draw_strokes, png
from tests.runtime.fakes import Network, manifest_of, reads, sure_of

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def recognizer(
    network: Network,
    *,
    timeout_s: float = 30.0,
    counted: list | None = None,
    manifest: Manifest | None = None,
    classifier: Network | None = None,
    peer: Network | None = None,
    threads_of_networks: int = 1,
) -> AsyncIterator[SequenceRecognizer]:
    counted = [] if counted is None else counted
    workplace = Workplace(
        threads=PictureThreads(num_threads=2, queue_limit=8),
        turns=LoopTurns(queue_limit=8),
        max_pixels=25_000_000,
        timeout_s=timeout_s,
    )
    with ThreadPoolExecutor(threads_of_networks) as executor:
        batchers = [
            None if one is None else MicroBatcher(one, executor=executor, queue_limit=8)
            for one in (network, classifier, peer)
        ]
        of_reader, of_classifier, of_peer = batchers
        yield SequenceRecognizer(
            LineNetwork(
                manifest or manifest_of("crnn", kind=SEQUENCE_READER),
                of_reader,
                workplace=workplace,
                classifier=of_classifier,
            ),
            peer=of_peer and LineNetwork(looks_twice(), of_peer, workplace=workplace, classifier=of_classifier),
            workplace=workplace,
            on_read=lambda one: counted.append((one.model, one.reading.decision, list(one.stages_ms))),
        )
        for batcher in batchers:
            if batcher is not None:
                await batcher.close()
    workplace.close()


PLAIN = CalibrationTable(
    (CalibrationRow(threshold=0.99, num_accepted=500, num_wrong=1, error_upper_bound=0.009, coverage=0.5),)
)


def looks_twice(*, weight: float = 1.0) -> Manifest:
    """A record of a reader that takes a second look, and has another table where it cannot."""
    rule = SecondLookRule(Member("cnn", 1, "0" * 64), weight, 1.0, 3.0, PLAIN)
    return replace(manifest_of("crnn", kind=SEQUENCE_READER), second_look=rule)


async def test_number_is_read_with_a_box_for_every_digit():
    picture = draw_strokes(5)
    async with recognizer(reads("12867")) as crnn:
        recognized = await crnn.read(png(picture), max_error=0.01, top_k=2)

    reading = recognized.reading
    assert (reading.text, reading.decision, reading.reason) == ("12867", Decision.ACCEPTED, None)
    assert [digit.digit for digit in reading.digits] == [1, 2, 8, 6, 7]
    for box, left in zip(recognized.boxes, range(60, 210, 30), strict=True):
        assert abs(box.x - left) <= 1
        assert abs(box.x + box.width - (left + 12)) <= 1
        assert abs(box.y - 30) <= 1
        assert abs(box.height - 60) <= 2
    assert (recognized.picture.width, recognized.picture.height) == (240, 120)
    assert recognized.picture.polarity == "dark_on_light"
    assert recognized.picture.box is not None
    assert (recognized.model, recognized.version, recognized.max_error) == ("crnn", 1, 0.01)
    assert list(recognized.stages_ms) == ["decode", "canvas", "queue", "model", "read"]
    assert min(recognized.stages_ms.values()) >= 0


async def test_number_beside_another_line_is_for_a_person():
    one = draw_strokes(5)
    async with recognizer(reads("12867")) as crnn:
        alone = await crnn.read(png(one), max_error=0.01, top_k=2)
        two = await crnn.read(png(np.vstack([one, one])), max_error=0.01, top_k=2)

    assert (alone.reading.decision, alone.reading.reason) == (Decision.ACCEPTED, None)
    assert (two.reading.text, two.reading.decision, two.reading.reason) == ("12867", Decision.REVIEW, Reason.UNCERTAIN)


async def test_network_sees_one_of_the_fixed_canvases():
    seen = []

    def network(canvases: np.ndarray) -> np.ndarray:
        seen.append(canvases.copy())
        return reads("1")(canvases)

    async with recognizer(network) as crnn:
        await crnn.read(png(draw_strokes(1)), max_error=0.01, top_k=1)
        await crnn.read(png(draw_strokes(12)), max_error=0.01, top_k=1)

    assert seen[0].shape == (1, 32, 64, 1)
    assert seen[1].shape[2] > 64
    assert seen[0].max() == 255  # ink is bright
    assert seen[0][0, :, :2].max() == 0  # paper is 0


@pytest.mark.parametrize("level", [0, 128, 255])
async def test_blank_picture_is_a_rejected_reading_that_never_reaches_the_network(level):
    def network(canvases: np.ndarray) -> np.ndarray:
        raise AssertionError("nothing to read")

    counted = []
    async with recognizer(network, counted=counted) as crnn:
        recognized = await crnn.read(png(np.full((50, 60), level, np.uint8)), max_error=0.01, top_k=3)

    assert (recognized.reading.text, recognized.reading.reason) == ("", Reason.BLANK)
    assert recognized.boxes == ()
    assert recognized.picture.box is None
    assert counted == [("crnn", Decision.REJECTED, ["decode", "canvas", "queue"])]


async def test_constraint_is_applied_while_decoding():
    picture = png(draw_strokes(5))
    async with recognizer(reads("12867", or_else="12367")) as crnn:
        free = await crnn.read(picture, max_error=0.5, top_k=3)
        held = await crnn.read(picture, max_error=0.5, top_k=3, constraint=Constraint(pattern="12[0-5]67"))
        failed = await crnn.read(picture, max_error=0.5, top_k=3, constraint=Constraint(length=20))

    assert (free.reading.text, free.reading.changed_reading) == ("12867", False)
    assert (held.reading.text, held.reading.changed_reading) == ("12367", True)
    assert (failed.reading.text, failed.reading.reason) == ("", Reason.CONSTRAINT_FAILED)
    assert failed.boxes == ()


async def test_marks_among_digits_have_no_box():
    async with recognizer(reads("12?4")) as crnn:
        recognized = await crnn.read(png(draw_strokes(4)), max_error=0.01, top_k=3)

    assert recognized.reading.text == "124"
    assert recognized.reading.decision is Decision.REVIEW
    assert len(recognized.boxes) == 3
    assert abs(recognized.boxes[2].x - 150) <= 1


async def test_what_is_no_picture_is_told_as_that():
    async with recognizer(reads("1")) as crnn:
        with pytest.raises(UnsupportedImageFormat):
            await crnn.read(b"hello", max_error=0.01, top_k=3)


async def test_reading_that_takes_too_long_is_given_up_and_leaves_the_queue():
    gate = threading.Event()

    def network(canvases: np.ndarray) -> np.ndarray:
        assert gate.wait(timeout=30)
        return reads("1")(canvases)

    async with recognizer(network, timeout_s=0.02) as crnn:
        outcomes = await asyncio.gather(
            *(crnn.read(png(draw_strokes(1)), max_error=0.01, top_k=3) for _ in range(2)), return_exceptions=True
        )
        assert crnn._network.batcher.num_waiting == 0
        gate.set()

    assert [type(outcome) for outcome in outcomes] == [DeadlineExceeded] * 2


async def test_numbers_that_wait_to_be_made_sense_of_count_towards_the_queue():
    async with recognizer(reads("1")) as crnn:
        gate, started = threading.Event(), threading.Event()

        def slow() -> None:
            started.set()
            assert gate.wait(timeout=30)

        unread = [asyncio.create_task(crnn._workplace.make_sense(slow)) for _ in range(8)]
        await asyncio.to_thread(started.wait, 30)
        with pytest.raises(QueueFull, match="8 readings wait already"):
            crnn.refuse_if_full()
        gate.set()
        await asyncio.gather(*unread)
        crnn.refuse_if_full()


async def test_many_inks_are_read_at_once_in_their_order_with_boxes_in_their_own_pixels():
    inks = [find_line(draw_strokes(num_strokes)).image for num_strokes in (3, 1, 20, 2, 7)]
    inks.insert(2, np.zeros((30, 40), np.uint8))
    inks.append(np.zeros((0, 0), np.uint8))
    requests = [NumberRequest(max_error=0.01) for _ in inks]
    requests[4] = NumberRequest(max_error=0.01, constraint=Constraint(length=9))
    counted = []
    async with recognizer(reads("1234567890"), counted=counted) as crnn:
        located = await crnn.read_inks(inks, requests)

    assert [one.reading.text for one in located] == ["123", "1", "", "12345678901234567890", "", "1234567", ""]
    assert [one.reading.reason for one in located[2:7:2]] == [Reason.BLANK, Reason.CONSTRAINT_FAILED, Reason.BLANK]
    assert [(box.x, box.y, box.width, box.height) for box in located[0].boxes] == [
        (0, 0, 12, 60),
        (30, 0, 12, 60),
        (60, 0, 12, 60),
    ]
    assert counted == []


async def test_picture_twenty_thousand_pixels_wide_gets_an_answer():
    picture = np.full((60, 20_000), 245, np.uint8)
    for left in range(9_000, 9_300, 30):
        picture[10:50, left : left + 10] = 20
    async with recognizer(reads("1234567890")) as crnn:
        recognized = await crnn.read(png(picture), max_error=0.01, top_k=1)

    assert recognized.reading.text == "1234567890"
    assert abs(recognized.boxes[0].x - 9_000) <= 15


async def test_line_of_thirty_two_digits_is_read_whole():
    async with recognizer(reads("1234567890")) as crnn:
        recognized = await crnn.read(png(draw_strokes(32)), max_error=0.01, top_k=1)

    assert recognized.reading.text == "1234567890" * 3 + "12"
    assert len(recognized.boxes) == 32


async def test_second_look_asks_about_every_digit_and_turns_a_doubtful_one():
    asked = []

    def classifier(canvases: np.ndarray) -> np.ndarray:
        asked.append(len(canvases))
        return sure_of(3)(canvases)

    async with recognizer(reads("888", or_else="838"), manifest=looks_twice(), classifier=classifier) as crnn:
        recognized = await crnn.read(png(draw_strokes(3)), max_error=0.01, top_k=3)

    assert recognized.reading.text == "838"
    assert len(recognized.boxes) == 3
    assert sum(asked) == 3
    assert list(recognized.stages_ms) == ["decode", "canvas", "queue", "model", "read"]
    assert min(recognized.stages_ms.values()) >= 0


async def test_reader_without_its_classifier_reads_plainly_by_the_table_for_that():
    picture = png(draw_strokes(3))
    async with recognizer(reads("888", or_else="838"), manifest=looks_twice()) as crnn:
        alone = await crnn.read(picture, max_error=0.01, top_k=3)
    async with recognizer(reads("888", or_else="838"), manifest=looks_twice(), classifier=sure_of(3)) as crnn:
        together = await crnn.read(picture, max_error=0.01, top_k=3)

    assert (alone.reading.text, alone.reading.threshold) == ("888", 0.99)
    assert (together.reading.text, together.reading.threshold) == ("838", 0.8)
    assert alone.reading.alternatives[1].text == "838"


async def test_clean_lines_are_judged_by_their_own_table():
    noise = np.random.default_rng(1).normal(0, 6, draw_strokes(3).shape)
    scanned = np.clip(draw_strokes(3) + noise, 0, 255).astype(np.uint8)
    lenient = CalibrationTable((CalibrationRow(0.6, 1000, 0, 0.003, 0.9),))
    manifest = replace(manifest_of("crnn", kind=SEQUENCE_READER), clean_calibration=lenient)
    async with recognizer(reads("838"), manifest=manifest) as crnn:
        clean = await crnn.read(png(draw_strokes(3)), max_error=0.01, top_k=1)
        other = await crnn.read(png(scanned), max_error=0.01, top_k=1)

    assert (clean.reading.text, clean.reading.threshold) == ("838", 0.6)
    assert (other.reading.text, other.reading.threshold) == ("838", 0.8)


async def test_reader_that_takes_no_second_look_asks_no_classifier():
    def classifier(canvases: np.ndarray) -> np.ndarray:
        raise AssertionError("nobody is to be asked")

    async with recognizer(reads("12"), classifier=classifier) as crnn:
        assert (await crnn.read(png(draw_strokes(2)), max_error=0.01, top_k=1)).reading.text == "12"


async def test_second_look_does_not_depend_on_company():
    def classifier(canvases: np.ndarray) -> np.ndarray:
        """Sees a 3 in what is heavy, and is at a loss otherwise."""
        logits = np.zeros((len(canvases), 12), np.float32)
        logits[canvases.reshape(len(canvases), -1).mean(axis=1) > 20, 3] = 12.0
        return logits

    inks = [find_line(draw_strokes(num_strokes)).image for num_strokes in (3, 1, 20, 2, 7)]
    requests = [NumberRequest(max_error=0.01) for _ in inks]
    async with recognizer(reads("888", or_else="838"), manifest=looks_twice(), classifier=classifier) as crnn:
        crowd = await crnn.read_inks(inks, requests)
        alone = [(await crnn.read_inks([ink], requests[:1]))[0] for ink in inks]

    assert crowd == alone


async def test_second_look_of_many_numbers_finds_room_however_full_the_queue_is():
    """Twenty digits of each of six numbers are far more than the eight that may wait."""
    picture = png(draw_strokes(20))
    async with recognizer(reads("8", or_else="3"), manifest=looks_twice(), classifier=sure_of(3)) as crnn:
        recognized = await asyncio.gather(*(crnn.read(picture, max_error=0.01, top_k=1) for _ in range(6)))

    assert {one.reading.text for one in recognized} == {"3" * 20}


async def test_blank_ink_takes_no_second_look():
    def classifier(canvases: np.ndarray) -> np.ndarray:
        raise AssertionError("nothing to look at")

    inks = [np.zeros((30, 40), np.uint8), np.zeros((0, 0), np.uint8)]
    async with recognizer(reads("8"), manifest=looks_twice(), classifier=classifier) as crnn:
        located = await crnn.read_inks(inks, [NumberRequest(max_error=0.01)] * 2)

    assert [one.reading.reason for one in located] == [Reason.BLANK] * 2


def asks_a_peer(*, reads_slanted: bool = False) -> Manifest:
    """A record of a reader that looks twice, sees hard lines from three sides and asks a peer."""
    rule = PeerRule(Member("crnn_peer", 1, "0" * 64), 0.97, reads_slanted)
    return replace(looks_twice(), peer=rule, slants=(-0.2, 0.2))


def says_nothing(canvases: np.ndarray) -> np.ndarray:
    """A classifier that is at a loss."""
    return np.zeros((len(canvases), 12), np.float32)


def nobody(canvases: np.ndarray) -> np.ndarray:
    raise AssertionError("nobody is to be asked")


async def test_peer_is_asked_about_a_doubtful_number_and_both_count_alike():
    readers = {"manifest": asks_a_peer(), "classifier": says_nothing, "peer": reads("838")}
    async with recognizer(reads("888", or_else="838"), **readers) as crnn:
        recognized = await crnn.read(png(draw_strokes(3)), max_error=0.01, top_k=3)

    assert recognized.reading.text == "838"
    assert [one.text for one in recognized.reading.alternatives][:2] == ["838", "888"]
    assert recognized.reading.confidence == pytest.approx((0.27 + 1) / 2, abs=0.01)
    assert recognized.reading.threshold == 0.8
    assert len(recognized.boxes) == 3
    assert list(recognized.stages_ms) == ["decode", "canvas", "queue", "model", "read"]
    assert min(recognized.stages_ms.values()) >= 0


async def test_peer_is_not_asked_where_the_reader_is_sure():
    readers = {"manifest": asks_a_peer(), "classifier": says_nothing, "peer": nobody}
    async with recognizer(reads("838"), **readers) as crnn:
        assert (await crnn.read(png(draw_strokes(3)), max_error=0.01, top_k=1)).reading.text == "838"
        assert (await crnn.read(png(np.full((50, 60), 255, np.uint8)), max_error=0.01, top_k=1)).reading.text == ""


async def test_peer_is_not_asked_by_a_reader_whose_manifest_names_none():
    readers = {"manifest": looks_twice(), "classifier": says_nothing, "peer": nobody}
    async with recognizer(reads("888", or_else="838"), **readers) as crnn:
        assert (await crnn.read(png(draw_strokes(3)), max_error=0.01, top_k=1)).reading.text == "888"


async def test_peer_that_reads_no_slanted_views_is_not_asked_about_lines_that_have_them():
    readers = {"manifest": asks_a_peer(), "classifier": says_nothing, "peer": nobody}
    picture = draw_strokes(3)
    async with recognizer(reads("888", or_else="838"), **readers) as crnn:
        photographed = await crnn.read(png(scanned(picture)), max_error=0.01, top_k=1)
        (of_a_field,) = await crnn.read_inks([find_line(picture).image], [NumberRequest(max_error=0.01)])

    assert (photographed.reading.text, of_a_field.reading.text) == ("888", "888")


def counted(network: Network, canvases_seen: list[int]) -> Network:
    """The network, whose calls are noted."""

    def counting(canvases: np.ndarray) -> np.ndarray:
        canvases_seen.append(len(canvases))
        return network(canvases)

    return counting


async def test_slanted_views_of_a_hard_line_are_the_peers_and_each_view_counts_alike():
    of_reader: list[int] = []
    of_peer: list[int] = []
    manifest = asks_a_peer(reads_slanted=True)
    readers = {"manifest": manifest, "classifier": says_nothing, "peer": counted(reads("838"), of_peer)}
    async with recognizer(counted(reads("888"), of_reader), **readers) as crnn:
        recognized = await crnn.read(png(scanned(draw_strokes(3))), max_error=0.01, top_k=3)

    assert (sum(of_reader), sum(of_peer)) == (1, 2)
    assert recognized.reading.text == "838"
    assert recognized.reading.confidence == pytest.approx(2 / 3, abs=0.01)
    assert len(recognized.boxes) == 3
    assert min(recognized.stages_ms.values()) >= 0


async def test_clean_line_is_the_readers_until_it_is_in_doubt():
    of_peer: list[int] = []
    manifest = asks_a_peer(reads_slanted=True)
    readers = {"manifest": manifest, "classifier": says_nothing, "peer": counted(reads("838"), of_peer)}
    picture = png(draw_strokes(3))
    async with recognizer(reads("888"), **readers) as crnn:
        assert (await crnn.read(picture, max_error=0.01, top_k=1)).reading.text == "888"
        assert of_peer == []
    async with recognizer(reads("888", or_else="838"), **readers) as crnn:
        assert (await crnn.read(picture, max_error=0.01, top_k=1)).reading.text == "838"
        assert of_peer == [1]


async def test_lines_of_all_kinds_are_read_together_as_they_are_alone():
    inks = [find_line(one).image for one in (draw_strokes(3), draw_strokes(7))]
    inks.insert(1, np.zeros((0, 0), np.uint8))
    requests = [NumberRequest(max_error=0.01) for _ in inks]
    readers = {"manifest": asks_a_peer(reads_slanted=True), "classifier": says_nothing, "peer": reads("1234567")}
    async with recognizer(reads("8", or_else="3"), **readers) as crnn:
        crowd = await crnn.read_inks(inks, requests)
        alone = [(await crnn.read_inks([ink], requests[:1]))[0] for ink in inks]

    assert [one.reading.text for one in crowd] == ["123", "", "1234567"]
    assert crowd == alone


async def test_reader_on_its_own_reads_slanted_views_itself():
    of_reader: list[int] = []
    manifest = asks_a_peer(reads_slanted=True)
    async with recognizer(counted(reads("888"), of_reader), manifest=manifest) as crnn:
        recognized = await crnn.read(png(scanned(draw_strokes(3))), max_error=0.01, top_k=1)

    assert (recognized.reading.text, recognized.reading.threshold) == ("888", 0.99)
    assert sum(of_reader) == 3


async def test_peer_has_room_however_full_its_queue_is():
    gate = threading.Event()

    def peer(canvases: np.ndarray) -> np.ndarray:
        assert gate.wait(timeout=30)
        return reads("838")(canvases)

    picture = png(draw_strokes(3))
    readers = {"manifest": asks_a_peer(), "classifier": says_nothing, "peer": peer}
    async with recognizer(reads("888", or_else="838"), threads_of_networks=2, **readers) as crnn:
        tasks = []
        for _ in range(4):
            tasks += [asyncio.create_task(crnn.read(picture, max_error=0.01, top_k=1)) for _ in range(3)]
            while crnn._peer.batcher.num_waiting < len(tasks) - 1:
                await asyncio.sleep(0.001)
        gate.set()
        recognized = await asyncio.gather(*tasks)

    assert {one.reading.text for one in recognized} == {"838"}


def scanned(picture: np.ndarray) -> np.ndarray:
    """The picture with a scanner's noise, so that its line is not clean."""
    noise = np.random.default_rng(1).normal(0, 6, picture.shape)
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


def leaning(text: str, *, or_else: str) -> Network:
    """Reads one text in what leans to the left, and another one in all else."""

    def network(canvases: np.ndarray) -> np.ndarray:
        return np.concatenate([reads(text if _leans(one) else or_else)(one[np.newaxis]) for one in canvases])

    return network


def _leans(canvas: np.ndarray) -> bool:
    columns = [np.flatnonzero(canvas[row, :, 0] > 100).mean() for row in (6, 25)]
    return columns[1] - columns[0] < -1


async def test_line_that_is_not_clean_is_read_from_all_its_views_and_a_clean_one_from_one():
    manifest = replace(manifest_of("crnn", kind=SEQUENCE_READER), slants=(-0.2, 0.2))
    seen = []

    def network(canvases: np.ndarray) -> np.ndarray:
        seen.append(len(canvases))
        return leaning("838", or_else="888")(canvases)

    async with recognizer(network, manifest=manifest) as crnn:
        other = await crnn.read(png(scanned(draw_strokes(3))), max_error=0.01, top_k=2)
        num_seen = sum(seen)
        clean = await crnn.read(png(draw_strokes(3)), max_error=0.01, top_k=2)

    assert num_seen == 3
    assert sum(seen) == 4
    assert [one.text for one in other.reading.alternatives] == ["888", "838"]
    assert other.reading.confidence == pytest.approx(2 / 3, abs=0.01)
    assert clean.reading.confidence == pytest.approx(1, abs=0.01)
    assert [box.x for box in other.boxes] == pytest.approx([box.x for box in clean.boxes], abs=1)


async def test_second_look_is_taken_at_the_digits_of_every_view():
    asked = []

    def classifier(canvases: np.ndarray) -> np.ndarray:
        asked.append(len(canvases))
        return sure_of(3)(canvases)

    manifest = replace(looks_twice(), slants=(-0.2, 0.2))
    async with recognizer(reads("888", or_else="838"), manifest=manifest, classifier=classifier) as crnn:
        recognized = await crnn.read(png(scanned(draw_strokes(3))), max_error=0.01, top_k=2)

    assert recognized.reading.text == "838"
    assert sum(asked) == 9


async def test_views_of_many_inks_stay_with_their_ink():
    manifest = replace(manifest_of("crnn", kind=SEQUENCE_READER), slants=(-0.2, 0.2))
    inks = [find_line(draw_strokes(num_strokes)).image for num_strokes in (3, 1, 7)]
    inks.insert(1, np.zeros((30, 40), np.uint8))
    requests = [NumberRequest(max_error=0.01) for _ in inks]
    async with recognizer(leaning("2222222", or_else="1234567"), manifest=manifest) as crnn:
        located = await crnn.read_inks(inks, requests)

    assert [one.reading.text for one in located] == ["123", "", "1", "1234567"]
    assert [one.reading.alternatives[1].text for one in located if one.reading.text] == ["222", "2", "2222222"]
