"""Pictures through the service's own code, in batches."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from service.recognition.manifest import (
    MANIFEST_FILE,
    SEQUENCE_READER,
    CascadeMember,
    SecondLookRule,
    manifest_sha256,
)
from tests.pictures import draw_strokes
from tests.runtime.fakes import manifest_of, reads, sure_of
from tests.runtime.tiny_model import make_tiny_model
from trainer.errors import TrainerError
from trainer.reader.evaluate import look_at, read_all
from trainer.reader.numbers import Numbers
from trainer.reader.readings import SLANTS, newest_classifier, second_reader_of, see_line

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


def test_classifier_is_the_newest_of_its_name_and_may_be_missing(tmp_path):
    assert newest_classifier(tmp_path) is None
    for version in ("2", "10"):
        make_tiny_model(tmp_path / "cnn" / version)
    found = newest_classifier(tmp_path)
    assert found is not None
    assert found.manifest.version == 10

    (tmp_path / "cnn" / "10" / "golden.npz").unlink()
    with pytest.raises(TrainerError, match=r"golden\.npz"):
        newest_classifier(tmp_path)


def reader_folder(models_dir: Path, member: CascadeMember | None) -> Path:
    """The manifest of a reader that takes its second look with a classifier, or takes none."""
    manifest = manifest_of("crnn", kind=SEQUENCE_READER)
    rule = None if member is None else SecondLookRule(member, 0.75, 1.0, 1.0, manifest.calibration)
    folder = models_dir / "crnn" / "1"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MANIFEST_FILE).write_text(replace(manifest, second_look=rule).to_json())
    return folder


def test_exported_reader_looks_twice_as_its_manifest_says(tmp_path):
    cnn = make_tiny_model(tmp_path / "cnn" / "1")
    member = CascadeMember("cnn", 1, manifest_sha256(cnn))

    second = second_reader_of(reader_folder(tmp_path, member), tmp_path)
    assert second is not None
    assert (second.weight, second.member) == (0.75, member)
    assert second_reader_of(reader_folder(tmp_path, replace(member, version=2)), tmp_path) is None
    assert second_reader_of(reader_folder(tmp_path, None), tmp_path) is None
