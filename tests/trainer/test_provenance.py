"""What a run notes of its training, and what a manifest makes of it."""

import subprocess

import pytest

from trainer import provenance
from trainer.data.mnist import load_mnist
from trainer.errors import TrainerError
from trainer.provenance import (
    describe_sitting,
    describe_splits,
    describe_training,
    git_commit,
    is_tree_clean,
    require_splits_of,
)
from trainer.runs import Run, read_sittings

SPLITS = {"of": "mnist train", "unit": "writer", "sha256": "0", "fitted_on": ["train"]}


def sitting(first_epoch: int, commit: str = "a", splits: dict = SPLITS) -> dict:
    return {
        "first_epoch": first_epoch,
        "commit": commit,
        "is_tree_clean": True,
        "backend": "tensorflow",
        "splits": splits,
    }


@pytest.mark.parametrize(
    ("noted", "kept"),
    [
        ([sitting(1)], [sitting(1)]),
        ([sitting(1), sitting(4)], [sitting(1)]),  # stopped, and gone on with as before
        ([sitting(1), sitting(4, "b")], [sitting(1), sitting(4, "b")]),
        ([sitting(1), sitting(1, "b")], [sitting(1, "b")]),  # the first one finished no epoch
        ([sitting(1), sitting(4, "b"), sitting(4)], [sitting(1)]),
    ],
)
def test_a_run_remembers_what_it_was_trained_with_from_which_epoch_on(noted, kept, tmp_path, tiny_config):
    run = Run(tmp_path, tiny_config)
    run.open()
    for one in noted:
        run.note_sitting(one)
    assert read_sittings(run.folder) == kept


def test_a_sitting_has_code_backend_and_splits(monkeypatch):
    monkeypatch.setattr(provenance, "git_commit", lambda: "abc")
    monkeypatch.setattr(provenance, "is_tree_clean", lambda: False)
    monkeypatch.setattr(provenance.keras.backend, "backend", lambda: "jax")
    assert describe_sitting(SPLITS, first_epoch=3) == {
        "first_epoch": 3,
        "commit": "abc",
        "is_tree_clean": False,
        "backend": "jax",
        "splits": SPLITS,
    }


def test_splits_are_counted_and_hashed(data_dir):
    mnist = load_mnist(data_dir)
    described = describe_splits(mnist, ("train", "validation"))
    assert described["sha256"] == mnist.splits.sha256
    assert (described["of"], described["unit"], described["fitted_on"]) == (
        "mnist train",
        "writer",
        ["train", "validation"],
    )
    assert described["num_train"] + described["num_validation"] + described["num_calibration"] == len(mnist.train)


def test_a_manifest_has_the_splits_of_the_training():
    later = {**SPLITS, "sha256": "1"}
    sittings = [sitting(1), sitting(4, splits=later)]
    assert describe_training(sittings) == {"splits": later, "training": sittings}


def test_of_a_run_that_noted_nothing_a_manifest_says_nothing(tmp_path):
    assert describe_training(read_sittings(tmp_path)) == {}


def test_a_run_that_was_trained_on_other_splits_is_refused(data_dir):
    mnist = load_mnist(data_dir)
    same = describe_splits(mnist, ("train",))
    require_splits_of([], mnist)
    require_splits_of([sitting(1, splits=same)], mnist)
    for noted in ([sitting(1)], [sitting(1), sitting(4, splits=same)], [sitting(1, splits=same), sitting(4)]):
        with pytest.raises(TrainerError, match="split otherwise"):
            require_splits_of(noted, mnist)


def test_outside_a_checkout_nothing_is_known_of_the_code(monkeypatch):
    def no_checkout(*_, **__):
        raise subprocess.CalledProcessError(128, "git")

    monkeypatch.setattr(subprocess, "run", no_checkout)
    assert (git_commit(), is_tree_clean()) == (None, None)


@pytest.mark.parametrize(("printed", "is_clean"), [("", True), (" M trainer/runs.py\n", False), ("?? new.py\n", False)])
def test_a_tree_is_clean_where_nothing_differs_from_its_commit(printed, is_clean, monkeypatch):
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], 0, stdout=printed))
    assert is_tree_clean() is is_clean
