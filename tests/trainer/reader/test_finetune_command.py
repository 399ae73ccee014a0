"""What teaching a reader a person's own hand refuses before it starts, and what is held back."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from trainer.configs import crnn
from trainer.data.lines.style import HARD
from trainer.errors import TrainerError
from trainer.reader import commands
from trainer.reader.commands import folds, rehearsal_batches
from trainer.reader.finetune import FinetuneOptions
from trainer.reader.finetune_command import finetune_model


def write(folder: Path, levels: list[int]) -> Path:
    """One picture of each level, evenly gray."""
    folder.mkdir()
    for row, level in enumerate(levels):
        Image.fromarray(np.full((20, 40), level, np.uint8)).save(folder / f"{row}.png")
    rows = "".join(f"{row}.png,{row}\n" for row in range(len(levels)))
    (folder / "labels.csv").write_text("file,label\n" + rows, encoding="utf-8")
    return folder


@pytest.mark.parametrize("all_folds", [False, True])
@pytest.mark.parametrize(
    ("levels", "complaint"),
    [
        ([*range(12)], "9 pictures to learn from.*at least 10"),
        ([7] * 40, "0 pictures to learn from"),
        ([1, 2, 3, 4] * 20, "many are the same; at least 5 different"),
    ],
    ids=["twelve", "one picture many times", "four pictures many times"],
)
def test_too_few_pictures_are_refused_before_anything_else(tmp_path, levels, complaint, all_folds):
    images = write(tmp_path / "own", levels)
    nowhere = tmp_path / "nowhere"
    with pytest.raises(TrainerError, match=complaint):
        finetune_model(
            "crnn", images, nowhere, models_dir=nowhere, all_folds=all_folds, options=FinetuneOptions(num_epochs=1)
        )


def test_thirteen_pictures_are_enough(tmp_path):
    nowhere = tmp_path / "nowhere"
    images = write(tmp_path / "own", [*range(13)])
    with pytest.raises(TrainerError, match="nowhere"):  # the pictures pass; the models are missing
        finetune_model("crnn", images, nowhere, models_dir=nowhere, all_folds=False, options=FinetuneOptions())


def test_the_same_picture_twice_comes_into_one_fold():
    pictures = [np.full((2, 3), level, np.uint8) for level in [*range(20), *range(20)]]
    parts = folds(pictures, 5)
    assert sorted(row for part in parts for row in part) == list(range(40))
    for part in parts:
        assert {row % 20 for row in part if row < 20} == {row % 20 for row in part if row >= 20}


def test_rehearsal_composes_one_epoch_of_hard_numbers(monkeypatch):
    made = []

    class Noted:
        def __init__(self, config, data_dir):
            made.append(config)

        def epoch(self, epoch):
            return [epoch]

        def close(self):
            made.append("closed")

    monkeypatch.setattr(commands, "LineBatches", Noted)
    assert rehearsal_batches(crnn.CONFIG, Path(), num_numbers=64) == [0]
    config, closed = made
    assert (config.num_epochs, config.numbers_per_epoch, config.first_style) == (1, 64, HARD)
    assert closed == "closed"
