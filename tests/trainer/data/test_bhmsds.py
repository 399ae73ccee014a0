from functools import partial

import numpy as np
import pytest

from tests.trainer.tiny_mnist import drawn_digits
from trainer.data.bhmsds import load_bhmsds
from trainer.data.lines.marks import load_letters
from trainer.data.not_digits import trained_pictures
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


@pytest.mark.parametrize(
    "load", [partial(load_bhmsds, half="train"), load_letters, partial(trained_pictures, part="fit")]
)
def test_archives_that_were_cut_off_are_told(tmp_path, load):
    (tmp_path / "not_digits").mkdir()
    for path in (tmp_path / "bhmsds.npz", tmp_path / "not_digits" / "letters.npz"):
        np.savez(path, images=np.zeros((9, 28, 28), np.uint8), labels=np.array(["0"] * 9))
        path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(TrainerError, match="cannot be read as an archive"):
        load(tmp_path)
