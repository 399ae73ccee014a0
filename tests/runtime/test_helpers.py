"""Whom a sequence reader asks: exactly the models that it was measured with, or nobody."""

from dataclasses import replace

import pytest

from service.recognition.errors import InvalidModel
from service.recognition.manifest import SEQUENCE_READER, Manifest
from service.recognition.members import Member, PeerRule, SecondLookRule
from service.recognition.policy import CalibrationTable
from service.runtime.helpers import Helpers, helpers_of
from service.runtime.loading import LoadedModel, load_model
from tests.runtime.fakes import manifest_of

OTHERS = [{"version": 2}, {"name": "dnn"}, {"manifest_sha256": "0" * 64}]
ALONE = manifest_of("crnn", kind=SEQUENCE_READER)


@pytest.fixture(scope="module")
def classifier(tiny_model) -> LoadedModel:
    return load_model(tiny_model)


@pytest.fixture(scope="module")
def peer(tiny_reader) -> LoadedModel:
    return load_model(tiny_reader)


def asks(classifier: LoadedModel, peer: LoadedModel | None = None, *, of_classifier=(), of_peer=()) -> Manifest:
    """The record of a reader that asks these, or others that differ a little from them."""
    rule = SecondLookRule(replace(member(classifier), **dict(of_classifier)), 1.0, 1.0, 1.0, CalibrationTable(()))
    to_peer = None if peer is None else PeerRule(replace(member(peer), **dict(of_peer)), 0.9)
    return replace(ALONE, second_look=rule, peer=to_peer)


def member(model: LoadedModel) -> Member:
    return Member(model.manifest.name, model.manifest.version, model.manifest_sha256)


def test_reader_that_names_nobody_asks_nobody(classifier, peer):
    assert helpers_of(ALONE, [classifier, peer]) == Helpers()


def test_helpers_are_those_that_the_reader_was_measured_with(classifier, peer):
    assert helpers_of(asks(classifier), [classifier, peer]) == Helpers(classifier)
    assert helpers_of(asks(classifier, peer), [classifier, peer]) == Helpers(classifier, peer)


def test_peer_takes_its_own_second_look(classifier, peer):
    looks_twice = replace(peer, manifest=asks(classifier))
    assert helpers_of(asks(classifier, looks_twice), [classifier, looks_twice]) == Helpers(
        classifier, looks_twice, classifier
    )


@pytest.mark.parametrize("change", OTHERS, ids=str)
def test_reader_without_its_classifier_is_on_its_own(classifier, peer, caplog, change):
    assert helpers_of(asks(classifier, peer, of_classifier=change), [classifier, peer]) == Helpers()
    assert "reader on its own" in caplog.text


@pytest.mark.parametrize("change", OTHERS, ids=str)
def test_reader_without_its_peer_is_on_its_own_too_for_no_table_is_measured_with_half_of_its_helpers(
    classifier, peer, caplog, change
):
    assert helpers_of(asks(classifier, peer, of_peer=change), [classifier, peer]) == Helpers()
    assert "reader on its own" in caplog.text
    assert "recalibrate crnn" in str(caplog.records[-1].__dict__)


def test_reader_whose_peer_cannot_look_twice_is_on_its_own(classifier, peer, caplog):
    cannot = replace(peer, manifest=asks(classifier, of_classifier={"version": 7}))
    assert helpers_of(asks(classifier, cannot), [classifier, cannot]) == Helpers()
    assert "reader on its own" in caplog.text


def test_helpers_of_another_kind_are_refused(classifier, peer):
    with pytest.raises(InvalidModel, match="as a digit_classifier, which is a sequence_reader"):
        helpers_of(asks(peer), [classifier, peer])
    with pytest.raises(InvalidModel, match="as a sequence_reader, which is a digit_classifier"):
        helpers_of(asks(classifier, classifier), [classifier, peer])
