"""Whom an exported reader asks, found among the models of a folder."""

from dataclasses import replace
from pathlib import Path

import pytest

from service.recognition.manifest import MANIFEST_FILE, SEQUENCE_READER, manifest_sha256
from service.recognition.members import Member, PeerRule, SecondLookRule
from tests.runtime.fakes import manifest_of
from tests.runtime.tiny_model import make_tiny_model, make_tiny_reader
from trainer.errors import TrainerError
from trainer.reader.helpers import helpers_of, newest_classifier, newest_peer


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


def reader_folder(models_dir: Path, member: Member | None, peer: PeerRule | None = None) -> Path:
    """The manifest of a reader that takes its second look with a classifier, or takes none, and may ask a peer."""
    manifest = manifest_of("crnn", kind=SEQUENCE_READER)
    rule = None if member is None else SecondLookRule(member, 0.75, 1.0, 1.0, manifest.calibration)
    folder = models_dir / "crnn" / "1"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MANIFEST_FILE).write_text(replace(manifest, second_look=rule, peer=peer).to_json())
    return folder


@pytest.fixture
def cnn(tmp_path: Path) -> Member:
    return Member("cnn", 1, manifest_sha256(make_tiny_model(tmp_path / "cnn" / "1")))


@pytest.fixture
def crnn_peer(tmp_path: Path, cnn: Member) -> Member:
    rule = SecondLookRule(cnn, 0.5, 1.0, 1.0, manifest_of("crnn").calibration)
    folder = make_tiny_reader(tmp_path / "crnn_peer" / "1", second_look=rule)
    return Member("crnn_peer", 1, manifest_sha256(folder))


def test_exported_reader_looks_twice_as_its_manifest_says(tmp_path, cnn):
    second, peer = helpers_of(reader_folder(tmp_path, cnn), tmp_path)
    assert second is not None
    assert (second.weight, second.member, peer) == (0.75, cnn, None)
    assert helpers_of(reader_folder(tmp_path, replace(cnn, version=2)), tmp_path) == (None, None)
    assert helpers_of(reader_folder(tmp_path, None), tmp_path) == (None, None)


def test_exported_reader_asks_its_peer_as_its_manifest_says(tmp_path, cnn, crnn_peer):
    rule = PeerRule(crnn_peer, 0.95, reads_slanted=False)
    second, peer = helpers_of(reader_folder(tmp_path, cnn, rule), tmp_path)
    assert second is not None
    assert peer is not None
    assert peer.rule == rule
    assert peer.second is not None
    assert (peer.second.weight, peer.second.member) == (0.5, cnn)


def test_exported_reader_whose_peer_is_another_one_now_asks_nobody(tmp_path, cnn, crnn_peer):
    rule = PeerRule(replace(crnn_peer, manifest_sha256="0" * 64), 0.95)
    assert helpers_of(reader_folder(tmp_path, cnn, rule), tmp_path) == (None, None)


def test_peer_is_the_newest_of_its_name_and_may_be_missing(tmp_path, crnn_peer):
    assert newest_peer(None, tmp_path) is None
    assert newest_peer("nobody", tmp_path) is None
    found = newest_peer("crnn_peer", tmp_path)
    assert found is not None
    assert found.rule == PeerRule(crnn_peer, 1.0, reads_slanted=True)


def test_peer_that_was_measured_with_an_older_classifier_is_to_be_measured_first(tmp_path, crnn_peer):
    make_tiny_model(tmp_path / "cnn" / "2")
    with pytest.raises(TrainerError, match="python -m trainer recalibrate crnn_peer"):
        newest_peer("crnn_peer", tmp_path)
