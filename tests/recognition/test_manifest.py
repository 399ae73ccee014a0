"""The record of a model folder, written and read again."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from service.recognition.errors import InvalidModel
from service.recognition.manifest import MANIFEST_FILE, Manifest, load_manifest
from service.recognition.policy import CalibrationRow, CalibrationTable
from tests.runtime.fakes import manifest_of

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
