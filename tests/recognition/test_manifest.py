"""The record of a model folder, written and read again."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from service.recognition.errors import InvalidModel
from service.recognition.manifest import (
    MANIFEST_FILE,
    SEQUENCE_READER,
    Manifest,
    load_manifest,
    manifest_sha256,
)
from service.recognition.members import Member, PeerRule, SecondLookRule
from service.recognition.policy import CalibrationRow, CalibrationTable
from tests.runtime.fakes import cascade_of, manifest_of

CLEAN = CalibrationTable((CalibrationRow(0.6, 500, 0, 0.006, 1.0),))


def written(folder: Path, manifest: Manifest, **changes: object) -> Path:
    """The folder of a manifest, some of whose fields are changed in the file."""
    place = folder / manifest.name / str(manifest.version)
    place.mkdir(parents=True)
    record = {**json.loads(manifest.to_json()), **changes}
    (place / MANIFEST_FILE).write_text(json.dumps(record))
    return place


def test_manifest_is_read_as_it_was_written(tmp_path):
    manifest = replace(manifest_of("cnn"), clean_temperature=0.9, clean_calibration=CLEAN)
    assert load_manifest(written(tmp_path, manifest)) == manifest


def test_clean_pictures_are_judged_by_their_own_table():
    manifest = replace(manifest_of("cnn"), clean_temperature=0.9, clean_calibration=CLEAN)
    assert (manifest.temperature_of(is_clean=True), manifest.calibration_of(is_clean=True)) == (0.9, CLEAN)
    assert manifest.temperature_of(is_clean=False) == manifest.temperature
    assert manifest.calibration_of(is_clean=False) is manifest.calibration


def test_manifest_without_a_table_for_clean_pictures_has_one_for_all(tmp_path):
    place = written(tmp_path, manifest_of("cnn"))
    record = json.loads((place / MANIFEST_FILE).read_text())
    del record["clean_calibration"], record["clean_temperature"]  # as an older exporter wrote it
    (place / MANIFEST_FILE).write_text(json.dumps(record))
    manifest = load_manifest(place)
    assert manifest.calibration_of(is_clean=True) == manifest.calibration
    assert manifest.temperature_of(is_clean=True) == manifest.temperature


@pytest.mark.parametrize("name", ["temperature", "clean_temperature"])
def test_temperature_is_positive(tmp_path, name):
    with pytest.raises(InvalidModel, match="positive"):
        load_manifest(written(tmp_path, manifest_of("cnn"), **{name: 0}))


MEMBERS = Member("cnn", 2, "a" * 64), Member("ensemble", 1, "b" * 64)


def test_manifest_of_a_cascade_is_read_as_it_was_written(tmp_path):
    manifest = cascade_of(*MEMBERS, sure_from=0.7, clean_sure_from=0.95)
    assert load_manifest(written(tmp_path, manifest)) == manifest
    assert (manifest.cascade.sure_from_of(is_clean=False), manifest.cascade.sure_from_of(is_clean=True)) == (0.7, 0.95)


@pytest.mark.parametrize(
    ("manifest", "changes", "told"),
    [
        (cascade_of(*MEMBERS), {"cascade": None}, "has `cascade`"),
        (manifest_of("cnn"), {"cascade": {}}, "nothing else has"),
        (cascade_of(*MEMBERS, sure_from=1.5), {}, "threshold of `cascade` is 1.5"),
    ],
)
def test_cascade_and_nothing_else_has_members_and_thresholds(tmp_path, manifest, changes, told):
    with pytest.raises(InvalidModel, match=told):
        load_manifest(written(tmp_path, manifest, **changes))


def test_manifest_is_known_by_its_bytes(tmp_path):
    place = written(tmp_path, manifest_of("cnn"))
    before = manifest_sha256(place)
    (place / MANIFEST_FILE).write_text((place / MANIFEST_FILE).read_text() + "\n")
    assert manifest_sha256(place) != before


READER = replace(
    manifest_of("crnn", kind=SEQUENCE_READER),
    second_look=SecondLookRule(MEMBERS[0], 0.75, 1.3, 1.1, CLEAN),
    slants=(-0.15, 0.15),
)


def test_manifest_of_a_reader_that_looks_twice_is_read_as_it_was_written(tmp_path):
    assert load_manifest(written(tmp_path, READER)) == READER


def test_reader_of_an_older_exporter_asks_nobody_and_sees_every_line_once(tmp_path):
    place = written(tmp_path, manifest_of("crnn", kind=SEQUENCE_READER))
    record = json.loads((place / MANIFEST_FILE).read_text())
    del record["second_look"], record["peer"], record["slants"]
    (place / MANIFEST_FILE).write_text(json.dumps(record))
    found = load_manifest(place)
    assert (found.second_look, found.peer, found.slants) == (None, None, ())


@pytest.mark.parametrize("slants", [[0.1, 1.5], [0.1] * 5, [float("nan")], ["steep"], 0.1])
def test_slants_that_make_no_sense_are_refused(tmp_path, slants):
    with pytest.raises(InvalidModel, match="cannot be read as a manifest"):
        load_manifest(written(tmp_path, READER, slants=slants))


def test_digit_classifier_has_no_slants(tmp_path):
    with pytest.raises(InvalidModel, match="only a sequence_reader has `slants`"):
        load_manifest(written(tmp_path, manifest_of("cnn"), slants=[0.1]))


@pytest.mark.parametrize("field", [("weight", -0.5), ("classifier_temperature", 0.0), ("plain_temperature", -1.0)])
def test_second_look_that_makes_no_sense_is_refused(tmp_path, field):
    record = json.loads(READER.to_json())["second_look"] | dict([field])
    with pytest.raises(InvalidModel, match="second_look"):
        load_manifest(written(tmp_path, READER, second_look=record))


WITH_PEER = replace(READER, peer=PeerRule(MEMBERS[1], 0.97, reads_slanted=True))


def test_manifest_of_a_reader_that_asks_a_peer_is_read_as_it_was_written(tmp_path):
    assert load_manifest(written(tmp_path, WITH_PEER)) == WITH_PEER


@pytest.mark.parametrize("sure_from", [-0.1, 1.5, float("nan"), "often"])
def test_peer_asked_at_a_confidence_that_is_none_is_refused(tmp_path, sure_from):
    record = json.loads(WITH_PEER.to_json())["peer"] | {"sure_from": sure_from}
    with pytest.raises(InvalidModel, match="cannot be read as a manifest"):
        load_manifest(written(tmp_path, WITH_PEER, peer=record))


def test_peer_of_an_older_exporter_reads_no_slanted_views(tmp_path):
    record = json.loads(WITH_PEER.to_json())["peer"]
    del record["reads_slanted"]
    found = load_manifest(written(tmp_path, WITH_PEER, peer=record))
    assert found.peer == replace(WITH_PEER.peer, reads_slanted=False)


def test_peer_that_may_or_may_not_read_slanted_views_is_refused(tmp_path):
    record = json.loads(WITH_PEER.to_json())["peer"] | {"reads_slanted": "sometimes"}
    with pytest.raises(InvalidModel, match="reads_slanted"):
        load_manifest(written(tmp_path, WITH_PEER, peer=record))


def test_reader_without_a_table_of_its_own_has_no_peer(tmp_path):
    with pytest.raises(InvalidModel, match="has a `peer`"):
        load_manifest(written(tmp_path, replace(WITH_PEER, second_look=None)))


def test_digit_classifier_takes_no_second_look(tmp_path):
    record = json.loads(READER.to_json())["second_look"]
    with pytest.raises(InvalidModel, match="only a sequence_reader has"):
        load_manifest(written(tmp_path, manifest_of("cnn"), second_look=record))
