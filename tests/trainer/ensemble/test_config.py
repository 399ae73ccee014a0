"""What may be called an ensemble, and what a cascade."""

import json
from dataclasses import replace

import pytest

from trainer.config import load_config
from trainer.ensemble.config import CascadeConfig, EnsembleConfig


def test_members_are_the_lead_and_the_others(tiny_ensemble):
    assert [member.name for member in tiny_ensemble.members] == ["dnn", "dnn-1", "mlp-2", "dnn-3", "mlp-4"]
    record = json.loads(json.dumps(tiny_ensemble.to_dict()))
    assert record["name"] == "ensemble"
    assert [member["seed"] for member in record["others"]] == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda others: others[:3], "has 4 members"),
        (lambda others: [replace(one, architecture="dnn") for one in others], "All members"),
        (lambda others: [*others[:3], replace(others[3], name="dnn")], "one name"),
        (lambda others: [*others[:3], replace(others[1], name="twin")], "one architecture and one seed"),
        (lambda others: [*others[:3], replace(others[3], fit_on=("train", "validation"))], "different data"),
        (lambda others: [*others[:3], replace(others[3], data=("mnist", "printed"))], "different data"),
    ],
    ids=["too few", "one architecture", "one name", "twins", "other splits", "other sources"],
)
def test_what_is_no_ensemble_is_refused(tiny_ensemble, change, told):
    with pytest.raises(ValueError, match=told):
        EnsembleConfig(name="ensemble", lead=tiny_ensemble.lead, others=tuple(change(tiny_ensemble.others)))


@pytest.mark.parametrize("work_budget", [1.0, 0.5])
def test_cascade_needs_work_to_give_away(work_budget):
    with pytest.raises(ValueError, match="must be above 1"):
        CascadeConfig(name="auto", small="cnn", large="ensemble", work_budget=work_budget)


def test_shipped_cascade_stands_on_the_shipped_ensemble_and_its_lead():
    auto, ensemble = load_config("auto"), load_config("ensemble")
    assert (auto.small, auto.large) == (ensemble.lead.name, ensemble.name)
    assert auto.work_budget < 1.5
    assert ensemble.lead == load_config("cnn")
