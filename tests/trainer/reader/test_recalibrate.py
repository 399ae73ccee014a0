"""`python -m trainer recalibrate`: the same network as a new version, measured beside the models that there are now."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from service.recognition.manifest import load_manifest
from service.recognition.members import Member, PeerRule
from service.recognition.policy import CalibrationRow, CalibrationTable
from service.runtime.loading import load_model
from tests.runtime.tiny_model import make_tiny_model, make_tiny_reader
from trainer.__main__ import main
from trainer.reader import commands
from trainer.reader.calibrate import CalibratedReader, Calibration
from trainer.reader.evaluate import NumberScore
from trainer.reader.helpers import SecondLook

TABLE = CalibrationTable((CalibrationRow(0.9, 400, 1, 0.008, 0.8),))
FROM = {
    "config": {"name": "crnn"},
    "data": [{"name": "own", "licence": "own", "part": "all"}],
    "splits": {"of": "own", "sha256": "1"},
    "training": [{"first_epoch": 1, "commit": "a"}],
    "first_weights": "them",
}


@pytest.fixture
def models(tmp_path: Path) -> Path:
    make_tiny_model(tmp_path / "cnn" / "2")
    make_tiny_reader(tmp_path / "crnn_peer" / "1")
    make_tiny_reader(tmp_path / "crnn" / "3", provenance=FROM)
    return tmp_path


@pytest.fixture
def recalibrated(models: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, list[object]]:
    """The folder that the command wrote, and whom it found to ask."""
    asked: list[object] = []

    def calibrate(model, mnist, data_dir, classifier, peer):
        asked.extend([classifier.manifest.version, peer.reader.manifest.name])
        found = Calibration(1.3, TABLE)
        second = SecondLook(classifier, 0.5)
        return CalibratedReader(found, found, TABLE, second, replace(peer, sure_from=0.95), "made up", 7)

    mnist = SimpleNamespace(splits=SimpleNamespace(unit="writer", sha256="0"))
    monkeypatch.setattr(commands, "load_mnist", lambda _: mnist)
    monkeypatch.setattr(commands, "calibrate_reader", calibrate)
    monkeypatch.setattr(commands, "measure_reader", lambda *_, **__: [NumberScore("made_up", 10, 9)])
    assert main(["recalibrate", "crnn", "--data", str(models), "--models", str(models)]) == 0
    return models / "crnn" / "4", asked


def test_network_stays_and_what_is_measured_is_new(recalibrated, models):
    folder, asked = recalibrated
    assert asked == [2, "crnn_peer"]
    before, after = load_model(models / "crnn" / "3"), load_model(folder)
    assert np.array_equal(
        before.network.logits(before.golden[0].canvases), after.network.logits(before.golden[0].canvases)
    )
    manifest = after.manifest
    assert (manifest.version, manifest.temperature) == (4, 1.3)
    assert (manifest.calibration, manifest.clean_calibration) == (TABLE, TABLE)
    assert [(one.dataset, one.value) for one in manifest.metrics] == [("made_up", 0.9)]
    assert manifest.second_look is not None
    assert manifest.second_look.classifier.version == 2
    assert manifest.peer == PeerRule(Member("crnn_peer", 1, manifest.peer.reader.manifest_sha256), 0.95, True)


def test_manifest_says_where_the_network_is_from(recalibrated):
    provenance = load_manifest(recalibrated[0]).provenance
    assert all(provenance[key] == FROM[key] for key in ("data", "splits", "training"))
    assert provenance["first_weights"] == "them"
    assert provenance["recalibrated_from"] == 3


def test_card_says_whom_the_reader_asks(recalibrated):
    card = (recalibrated[0] / "card.md").read_text(encoding="utf-8")
    assert "Where its confidence in a clean line is below 0.95, it asks `crnn_peer`, version 1" in card
    assert "The slanted views of all other lines are read by that one." in card


def test_what_reads_no_numbers_is_refused(models, capsys):
    assert main(["recalibrate", "cnn", "--data", str(models), "--models", str(models)]) == 1
    assert "cnn is a digit_classifier; this is for readers of numbers" in capsys.readouterr().err


def test_models_are_named_where_there_is_none_of_that_name(models, capsys):
    assert main(["recalibrate", "crnn_mine", "--data", str(models), "--models", str(models)]) == 1
    assert "holds no model 'crnn_mine', but cnn, crnn, crnn_peer" in capsys.readouterr().err


def test_reader_that_was_taught_a_hand_asks_no_peer(models):
    make_tiny_reader(models / "crnn" / "4", provenance={**FROM, "finetuned_from": 3})
    assert commands.config_of(models / "crnn" / "3").peer == "crnn_peer"
    assert commands.config_of(models / "crnn" / "4").peer is None
