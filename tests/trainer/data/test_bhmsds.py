import numpy as np
import pytest

from tests.trainer.tiny_mnist import drawn_digits
from trainer.data.bhmsds import load_bhmsds
from trainer.errors import TrainerError


def test_halves_are_disjoint_digits_on_canvases(tmp_path):
    images, labels = drawn_digits(40)
    names = labels.astype(str).astype("<U5")
    names[-1] = "slash"  # symbols are left out
    np.savez(tmp_path / "bhmsds.npz", images=255 - images, labels=names)
    train, held_back = (load_bhmsds(tmp_path, half) for half in ("train", "held_back"))
    # Of each class: rows 0 and 2 in the file's order, and rows 1 and 3; the last 9 has become a symbol.
    assert train.labels.tolist() == [*range(10)] * 2
    assert held_back.labels.tolist() == [*range(10), *range(9)]
    assert train.canvases.shape == (20, 28, 28, 1)
    assert train.canvases[:, 0].max() == 0  # paper around the digit, dark
    # 1, a straight stroke, fills 20 of the canvas's rows
    assert (train.canvases[1].max(axis=1) > 0).sum() == 20


def test_missing_and_foreign_files_are_told(tmp_path):
    with pytest.raises(TrainerError, match="does not exist"):
        load_bhmsds(tmp_path, "train")
    np.savez(tmp_path / "bhmsds.npz", pictures=np.zeros(3))
    with pytest.raises(TrainerError, match="cannot be read"):
        load_bhmsds(tmp_path, "train")
