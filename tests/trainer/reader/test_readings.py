"""Pictures through the service's own code, in batches."""

from types import SimpleNamespace

import numpy as np

from service.recognition.ctc import greedy_label
from service.recognition.probability import softmax
from tests.pictures import draw_strokes
from tests.runtime.fakes import manifest_of, reads, sure_of
from trainer.reader.evaluate import look_at, read_all
from trainer.reader.helpers import Peer, SecondLook
from trainer.reader.numbers import Numbers
from trainer.reader.readings import SLANTS, see_line

BLANK = np.full((60, 80), 250, np.uint8)


def network(function):
    return SimpleNamespace(logits=function)


def test_line_is_found_and_placed_and_a_blank_is_none():
    canvas = see_line(draw_strokes(3))

    assert canvas is not None
    assert canvas.shape[0] == 32
    assert canvas.any()
    assert see_line(BLANK) is None


def test_line_that_is_not_clean_is_seen_in_several_views_by_both_networks():
    grain = np.random.default_rng(3).integers(0, 12, (120, 180)).astype(np.uint8)
    pictures = [draw_strokes(3), draw_strokes(3) - grain]
    classifier = SimpleNamespace(manifest=manifest_of("cnn"), manifest_sha256="", network=network(sure_of(3)))
    seen = look_at(network(reads("888")), "drawn", Numbers(pictures, ["838", "838"], []), classifier)

    assert seen.is_clean == [True, False]
    assert [len(views) for views in seen.frames] == [1, 1 + len(SLANTS)]
    assert [len(views) for views in seen.answers] == [1, 1 + len(SLANTS)]
    assert [reading.text for reading in read_all(seen)] == ["888", "888"]


def test_set_is_looked_at_twice_in_its_order():
    pictures = [draw_strokes(3), BLANK, draw_strokes(1), draw_strokes(12)]
    numbers = Numbers(pictures, ["838", "", "8", "838" * 4], [])
    classifier = SimpleNamespace(manifest=manifest_of("cnn"), manifest_sha256="", network=network(sure_of(3)))
    seen = look_at(network(reads("888", or_else="838")), "drawn", numbers, classifier)

    assert [reading.text for reading in read_all(seen)] == ["888", "", "8", "888" * 4]
    assert [reading.text for reading in read_all(seen, weight=1.0)] == ["838", "", "8", "838" * 4]
    assert [[len(one.logits) for one in answers] for answers in seen.answers] == [[3], [], [1], [12]]


def test_set_that_nobody_else_was_asked_about_is_read_plainly():
    seen = look_at(network(reads("888", or_else="838")), "drawn", Numbers([draw_strokes(3)], ["838"], []))

    assert [reading.text for reading in read_all(seen, weight=1.0)] == ["888"]


def test_peer_looks_at_its_share_with_its_own_second_look():
    grain = np.random.default_rng(3).integers(0, 12, (120, 180)).astype(np.uint8)
    pictures = [draw_strokes(3), BLANK, draw_strokes(3) - grain]
    classifier = SimpleNamespace(manifest=manifest_of("cnn"), manifest_sha256="", network=network(sure_of(3)))
    reader = SimpleNamespace(manifest=manifest_of("crnn_peer"), manifest_sha256="", network=network(reads("888")))
    numbers = Numbers(pictures, ["838", "", "838"], [])
    for second, expected in ((None, "888"), (SecondLook(classifier, 50.0), "333")):
        seen = look_at(network(reads("777")), "drawn", numbers, peer=Peer(reader, second))

        assert [len(views) for views in seen.peer_frames] == [1, 0, len(SLANTS)]
        assert {greedy_label(softmax(view)) for views in seen.peer_frames for view in views} == {expected}


def test_peer_of_an_older_reader_looks_at_clean_lines_alone():
    grain = np.random.default_rng(3).integers(0, 12, (120, 180)).astype(np.uint8)
    numbers = Numbers([draw_strokes(3), draw_strokes(3) - grain], ["838", "838"], [])
    reader = SimpleNamespace(manifest=manifest_of("crnn_peer"), manifest_sha256="", network=network(reads("888")))
    seen = look_at(network(reads("777")), "drawn", numbers, peer=Peer(reader, None, reads_slanted=False))

    assert [len(views) for views in seen.peer_frames] == [1, 0]


def test_slanted_views_are_read_by_the_peer_and_clean_lines_in_doubt_alone():
    grain = np.random.default_rng(3).integers(0, 12, (120, 180)).astype(np.uint8)
    numbers = Numbers([draw_strokes(3), draw_strokes(3) - grain], ["838", "838"], [])
    reader = SimpleNamespace(manifest=manifest_of("crnn_peer"), manifest_sha256="", network=network(reads("838")))
    seen = look_at(network(reads("888")), "drawn", numbers, peer=Peer(reader, None))

    assert [reading.text for reading in read_all(seen, sure_from=0.9)] == ["888", "838"]
    assert [reading.text for reading in read_all(seen.before_doubt())] == ["888", "838"]
    assert [reading.text for reading in read_all(seen.without_peer())] == ["888", "888"]
