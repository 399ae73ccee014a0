"""The weight of the second look, and what is calibrated through it, on frames and answers made up."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from service.recognition.ctc import Span, label_log_probs
from service.recognition.members import Member, PeerRule, SecondLookRule
from service.recognition.probability import softmax
from service.recognition.second_look import FirstLook
from tests.recognition.lattices import logits_of
from tests.runtime.fakes import manifest_of
from trainer.reader import calibrate
from trainer.reader.calibrate import (
    SURE_FROM,
    CalibratedReader,
    calibrate_reader,
    chosen_second_look,
    chosen_sure_from,
    fit_frame_temperature,
)
from trainer.reader.evaluate import Seen, read_all, score
from trainer.reader.export import _second_look
from trainer.reader.helpers import Peer
from trainer.reader.judged import Judged, JudgedTwice
from trainer.reader.numbers import Numbers
from trainer.reader.readings import Answered

CLASSIFIER = SimpleNamespace(manifest=manifest_of("cnn", 2), manifest_sha256="a" * 64)


def one(text: str, *, seen_as: str, answered: str, sure: float = 8.0) -> tuple[np.ndarray, Answered]:
    """Frames that show `seen_as`, with `text` behind it as a close second, and a classifier that says `answered`."""
    frames = logits_of("_" + "_".join(seen_as) + "_", sure=10.0)
    spans = []
    for place, digit in enumerate(text):
        frames[2 * place + 1, int(digit) + 1] = max(frames[2 * place + 1, int(digit) + 1], 9.0)
        spans.append(Span(2 * place, 2 * place + 1))
    logits = np.zeros((len(answered), 12), np.float32)
    logits[np.arange(len(answered)), [int(digit) for digit in answered]] = sure
    return frames, Answered(FirstLook(tuple(spans), (), (1.0,) * len(spans)), list(logits), 1.0)


def seen(*shown: tuple[str, str, str], is_clean: bool = False, peer_sees: str | None = None) -> Seen:
    """A set of (text, what the reader sees, what the classifier answers); a peer sees the same in all of them."""
    made = [one(text, seen_as=by_reader, answered=by_classifier) for text, by_reader, by_classifier in shown]
    texts = [text for text, _, _ in shown]
    frames, answers = map(list, zip(*made, strict=True))
    numbers = Numbers([np.zeros((1, 1), np.uint8)] * len(texts), texts, [])
    of_peer = [] if peer_sees is None else [logits_of("_" + "_".join(peer_sees) + "_", sure=30.0)]
    return Seen(
        "made up",
        numbers,
        [[one] for one in frames],
        [[one] for one in answers],
        [is_clean] * len(texts),
        [of_peer] * len(texts),
    )


def test_second_look_is_taken_where_it_helps_and_as_lightly_as_does():
    second = chosen_second_look([seen(("17", "77", "17"), ("42", "42", "42"))], CLASSIFIER)

    assert second is not None
    assert second.weight == 0.25
    assert (second.member.name, second.member.version, second.member.manifest_sha256) == ("cnn", 2, "a" * 64)


def test_second_look_that_does_harm_is_not_taken():
    assert chosen_second_look([seen(("17", "17", "77"), ("42", "42", "99"))], CLASSIFIER) is None


def test_readings_and_scores_are_those_after_the_second_look():
    part = seen(("17", "77", "17"))

    assert [reading.text for reading in read_all(part)] == ["77"]
    assert [reading.text for reading in read_all(part, weight=1.0)] == ["17"]
    assert score("made up", read_all(part, weight=1.0), part.numbers.texts).num_right == 1


def test_numbers_without_ink_or_answers_stay_as_they_were():
    part = seen(("17", "77", "17"), ("42", "42", "42"))
    part = replace(part, frames=[[], part.frames[1]], answers=[[], []])

    assert part.frames_with(1.0) == [[], part.frames[1]]


def test_peer_is_asked_about_what_the_reader_is_not_sure_of_and_counts_as_much():
    part = seen(("17", "77", "17"), peer_sees="17", is_clean=True)
    (alone,) = read_all(part.without_peer())
    (asked,) = read_all(part, sure_from=alone.confidence + 0.01)
    (not_asked,) = read_all(part, sure_from=alone.confidence - 0.01)

    assert (alone.text, asked.text, not_asked.text) == ("77", "17", "77")
    assert not_asked == alone
    assert asked.alternatives[0].confidence > 0.5


def test_reader_without_ink_asks_nobody():
    part = replace(seen(("17", "77", "17"), peer_sees="17"), frames=[[]], answers=[[]], peer_frames=[[]])
    assert [reading.text for reading in read_all(part)] == [""]


def judged(confidences: list[float], is_right: list[bool]) -> Judged:
    return Judged(np.array(confidences), np.zeros(len(is_right), bool), np.array(is_right))


def test_peer_is_asked_no_oftener_than_it_helps():
    # The peer mends what is read at 0.93, and brings nothing to what is surer.
    own = judged([0.93] * 50 + [0.999] * 950, [False] * 50 + [True] * 950)
    asked = judged([0.999] * 1000, [True] * 1000)
    twice = JudgedTwice(own, asked, np.ones(1000, bool))

    assert chosen_sure_from(twice) == 0.95
    assert twice.settled(0.95).is_right.all()
    assert twice.settled(0.9).is_right.sum() == 950


def test_peer_is_asked_where_more_can_be_accepted_though_no_more_is_right():
    is_right = [False] * 30 + [True] * 970
    twice = JudgedTwice(
        judged([0.985] * 1000, is_right), judged([0.3] * 30 + [0.985] * 970, is_right), np.ones(1000, bool)
    )

    assert chosen_sure_from(twice) == 0.99


def test_numbers_with_marks_are_in_no_table():
    marked = Judged(np.array([0.99] * 20), np.array([True] * 10 + [False] * 10), np.array([False] * 10 + [True] * 10))
    lowest = marked.table().rows[0]

    assert (lowest.num_accepted, lowest.num_wrong) == (10, 0)


def fake_parts(monkeypatch, **parts: Seen) -> None:
    """Have the calibration measured on these, by the name of their style."""

    named = [replace(part, name=style) for style, part in parts.items()]
    monkeypatch.setattr(calibrate, "calibration_parts", lambda *_: named)


@pytest.fixture
def calibrated(monkeypatch) -> CalibratedReader:
    numbers = [("17", "77", "17"), ("42", "42", "42")] * 40
    wrong = [("17", "42", "42")] * 10
    fake_parts(
        monkeypatch,
        clean=seen(*numbers, is_clean=True),
        hard=seen(*numbers, *wrong),
        stacked=seen(*numbers, *wrong[:1], is_clean=True),
    )
    return calibrate_reader(None, None, None, CLASSIFIER)


def test_reader_is_calibrated_with_its_second_look_and_without(calibrated):
    assert calibrated.num_readings == 251
    lowest, plain_lowest = calibrated.served.table.rows[0], calibrated.plain.table.rows[0]
    # Clean lines, all of which are right, do not thin out the errors on others.
    assert (lowest.num_accepted, lowest.num_wrong) == (90, 10)
    # Without it every second number is misread, and the temperature keeps those below every threshold.
    assert (plain_lowest.num_accepted, plain_lowest.num_wrong) == (40, 0)
    assert calibrated.served.temperature < calibrated.plain.temperature


def test_clean_lines_have_a_table_of_their_own_that_hard_pages_have_no_part_in(calibrated):
    lowest = calibrated.clean_table.rows[0]

    assert (lowest.num_accepted, lowest.num_wrong) == (161, 1)


def test_manifest_says_how_the_second_look_is_taken_and_what_holds_without(calibrated):
    rule = _second_look(calibrated)

    assert isinstance(rule, SecondLookRule)
    assert rule.weight == calibrated.second.weight
    assert rule.classifier == calibrated.second.member
    assert rule.classifier_temperature == CLASSIFIER.manifest.temperature
    assert (rule.plain_temperature, rule.plain_calibration) == (calibrated.plain.temperature, calibrated.plain.table)


def test_without_a_classifier_there_is_no_second_look(monkeypatch):
    right = seen(*[("42", "42", "42")] * 20)
    fake_parts(monkeypatch, clean=right, hard=right, stacked=replace(right, is_clean=[True] * 20))
    calibrated = calibrate_reader(None, None, None)

    assert calibrated.second is None
    assert calibrated.served == calibrated.plain
    assert _second_look(calibrated) is None


PEER = Peer(SimpleNamespace(manifest=manifest_of("crnn_peer", 3), manifest_sha256="b" * 64), None)


def test_reader_with_a_peer_is_calibrated_as_it_asks(monkeypatch):
    doubtful = seen(*[("17", "77", "77")] * 40, peer_sees="17", is_clean=True)
    helped = seen(("17", "77", "17"), peer_sees="17", is_clean=True)
    fake_parts(monkeypatch, clean=doubtful, hard=seen(*[("42", "42", "42")] * 40), stacked=helped)
    calibrated = calibrate_reader(None, None, None, CLASSIFIER, PEER)

    assert calibrated.peer is not None
    assert calibrated.peer.rule == PeerRule(Member("crnn_peer", 3, "b" * 64), calibrated.peer.sure_from, True)
    assert calibrated.peer.sure_from in SURE_FROM
    # The clean numbers are right by the peer alone; of them, and of it, the tables of other lines know nothing.
    lowest = [table.rows[0] for table in (calibrated.served.table, calibrated.plain.table, calibrated.clean_table)]
    assert [(row.num_accepted, row.num_wrong) for row in lowest] == [(40, 0), (40, 0), (41, 0)]


def test_table_of_hard_lines_is_of_what_the_peer_says_to_their_slanted_views(monkeypatch):
    clean = seen(*[("17", "77", "17")] * 40, is_clean=True)
    once = seen(*[("42", "42", "42")] * 40, peer_sees="99")
    hard = replace(
        once,
        frames=[views * 3 for views in once.frames],
        answers=[views * 3 for views in once.answers],
        peer_frames=[views * 2 for views in once.peer_frames],
    )
    fake_parts(monkeypatch, clean=clean, hard=hard, stacked=clean)
    calibrated = calibrate_reader(None, None, None, CLASSIFIER, PEER)

    with_peer, without = calibrated.served.table.rows[0], calibrated.plain.table.rows[0]
    assert with_peer.num_wrong == with_peer.num_accepted
    assert (without.num_accepted, without.num_wrong) == (40, 0)


def test_reader_that_takes_no_second_look_asks_no_peer(monkeypatch):
    right = seen(*[("42", "42", "42")] * 20, peer_sees="99")
    fake_parts(monkeypatch, clean=right, hard=right, stacked=replace(right, is_clean=[True] * 20))
    calibrated = calibrate_reader(None, None, None, None, PEER)

    assert calibrated.peer is None
    assert calibrated.served == calibrated.plain
    assert calibrated.clean_table.rows[0].num_wrong == 0


def shown_digits(num_numbers: int, *, share_right: float) -> tuple[list[np.ndarray], list[str], list[bool]]:
    """Frames that show one digit for certain, what they show, and whether that is what was written."""
    rng = np.random.default_rng(1)
    digits = rng.integers(0, 10, num_numbers)
    is_right = (rng.random(num_numbers) < share_right).tolist()
    return [logits_of(f"_{digit}_", sure=20.0) for digit in digits], [str(digit) for digit in digits], is_right


def test_frames_that_are_too_sure_get_a_temperature_under_which_they_are_as_sure_as_right():
    frames, texts, is_right = shown_digits(60, share_right=0.7)
    temperature = fit_frame_temperature([[one] for one in frames], texts, is_right)

    assert temperature > 2.0
    prob = np.exp(label_log_probs(softmax(frames[0], temperature=temperature), [texts[0]])[0])
    assert prob == pytest.approx(np.mean(is_right), abs=0.03)
    assert temperature == pytest.approx(
        fit_frame_temperature([[one] for one in frames[::-1]], texts[::-1], is_right[::-1])
    )


def test_views_that_disagree_need_less_of_a_temperature_than_one_that_errs():
    frames, texts, is_right = shown_digits(60, share_right=0.7)
    # A second view says otherwise wherever the first one errs.
    others = [
        one if right else logits_of(f"_{(int(text) + 1) % 10}_", sure=20.0)
        for one, text, right in zip(frames, texts, is_right, strict=True)
    ]
    alone = fit_frame_temperature([[one] for one in frames], texts, is_right)
    together = fit_frame_temperature([list(views) for views in zip(frames, others, strict=True)], texts, is_right)

    assert together < alone
