from dataclasses import replace

import pytest

from service.recognition.canvas import PREPROCESSING_ID
from service.recognition.line_canvas import LINE_PREPROCESSING_ID, LINE_WIDTHS_PX
from service.recognition.members import Member, PeerRule, SecondLookRule
from tests.api.serving import FakeModels, check_problem, serving
from tests.runtime.fakes import cascade_of

pytestmark = pytest.mark.anyio


async def test_card_says_everything_but_the_weights(client):
    card = (await client.get("/models/cnn")).json()

    assert card == {
        "name": "cnn",
        "version": 1,
        "kind": "digit_classifier",
        "device": "cpu",
        "input": {"dtype": "uint8", "shape": [28, 28, 1], "widths": [], "preprocessing_id": PREPROCESSING_ID},
        "alphabet": "0123456789",
        "num_parameters": 7850,
        "temperature": 1.0,
        "calibration": [
            {"threshold": 0.3, "num_accepted": 1000, "num_wrong": 50, "error_upper_bound": 0.06, "coverage": 1.0},
            {"threshold": 0.8, "num_accepted": 800, "num_wrong": 1, "error_upper_bound": 0.006, "coverage": 0.8},
        ],
        "clean_temperature": None,
        "clean_calibration": None,
        "metrics": [
            {"name": "accuracy", "dataset": "made_up", "value": 0.9, "num_samples": 100, "interval": [0.82, 0.95]}
        ],
        "provenance": {"config": "tiny", "seed": 1},
        "files": {"saved_model.pb": "0" * 64},
        "cascade": None,
        "second_look": None,
        "peer": None,
        "slants": [],
    }


async def test_card_of_a_sequence_reader_names_its_widths(client):
    card = (await client.get("/models/crnn")).json()

    assert card["kind"] == "sequence_reader"
    assert card["input"] == {
        "dtype": "uint8",
        "shape": [32, None, 1],
        "widths": list(LINE_WIDTHS_PX),
        "preprocessing_id": LINE_PREPROCESSING_ID,
    }
    assert card["alphabet"] == "_0123456789?"


async def test_card_of_a_sequence_reader_says_who_looks_again():
    models = FakeModels()
    async with serving(models) as client:
        reader = next(one for one in models.manifests() if one.name == "crnn")
        rule = SecondLookRule(Member("cnn", 3, "a" * 64), 0.75, 1.2, 1.4, reader.calibration)
        peer = PeerRule(Member("crnn_peer", 2, "b" * 64), 0.97, reads_slanted=True)
        models.manifests = lambda: [replace(reader, second_look=rule, peer=peer)]
        card = (await client.get("/models/crnn")).json()

    assert card["second_look"] == {"classifier": {"name": "cnn", "version": 3}, "weight": 0.75}
    peer_card = {"reader": {"name": "crnn_peer", "version": 2}, "sure_from": 0.97, "reads_slanted": True}
    assert card["peer"] == peer_card


async def test_list_says_where_no_sequence_reader_is_loaded():
    models = FakeModels()
    manifests = models.manifests
    models.manifests = lambda: [manifest for manifest in manifests() if manifest.name != "crnn"]
    async with serving(models) as client:
        assert (await client.get("/models")).json()["default_sequence_reader"] is None


async def test_list_holds_the_cards_and_says_which_is_the_default(client):
    listed = (await client.get("/models")).json()

    assert listed["default"] == "cnn"
    assert listed["default_sequence_reader"] == "crnn"
    assert [card["name"] for card in listed["models"]] == ["cnn", "crnn", "dnn"]
    assert listed["models"][0] == (await client.get("/models/cnn")).json()


async def test_cascade_is_the_default_and_names_its_members():
    cascade = cascade_of(Member("cnn", 2, "a" * 64), Member("ensemble", 1, "b" * 64), sure_from=0.7)
    async with serving(FakeModels(cascades=[cascade])) as client:
        assert (await client.get("/models")).json()["default"] == "auto"
        card = (await client.get("/models/auto")).json()
        ready = (await client.get("/health/ready")).json()

    assert card["kind"] == "digit_cascade"
    assert card["cascade"] == {
        "small": {"name": "cnn", "version": 2},
        "large": {"name": "ensemble", "version": 1},
        "sure_from": 0.7,
        "clean_sure_from": 0.9,
    }
    assert {"name": "auto", "version": 1, "device": "cpu"} in ready["models"]


async def test_unknown_model_is_not_found(client):
    assert "cnn, crnn, dnn" in check_problem(await client.get("/models/vgg"), 404, "model_not_found")["detail"]
