from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from trainer.errors import TrainerError
from trainer.reader.own_pictures import load_own_pictures


def write(folder: Path, labels: str, *names: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "labels.csv").write_text(labels, encoding="utf-8")
    for name in names:
        (folder / name).parent.mkdir(exist_ok=True)
        Image.fromarray(np.full((20, 40), 200, np.uint8)).save(folder / name)
    return folder


def test_pictures_are_found_beside_the_labels_or_in_images(tmp_path):
    folder = write(tmp_path / "own", "file,label\na.png,007\nb.png,\n", "a.png", "images/b.png")
    own = load_own_pictures(folder)
    assert own.texts == ["007", ""]
    assert [picture.shape for picture in own.pictures] == [(20, 40), (20, 40)]
    assert own.take([1]).texts == [""]


def test_a_byte_order_mark_of_a_spreadsheet_does_no_harm(tmp_path):
    folder = write(tmp_path / "own", "\ufefffile,label\na.png,12\n", "a.png")
    assert load_own_pictures(folder).texts == ["12"]


@pytest.mark.parametrize(
    ("labels", "complaint"),
    [
        ("file,text\na.png,1\n", "`file` and `label` are needed"),
        ("file,label\n", "names no picture"),
        ("file,label\na.png,12.50\n", "line 2: the label of 'a.png' is '12.50'"),
        ("file,label\na.png,12\na.png,x\n", "line 3"),
        ("file,label\na.png,12\n\n\na.png,x\n", "line 5"),
        ("file,label\na.png," + "1" * 33 + "\n", "at most 32 digits"),
        ("file,label\nc.png,1\n", "c.png does not exist"),
        ("file,label\nlabels.csv,1\n", "labels.csv cannot be read"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, labels, complaint):
    folder = write(tmp_path / "own", labels, "a.png")
    with pytest.raises(TrainerError, match=complaint):
        load_own_pictures(folder)


def test_a_missing_folder_and_missing_labels_are_told_apart(tmp_path):
    with pytest.raises(TrainerError, match="is not a folder"):
        load_own_pictures(tmp_path / "nowhere")
    with pytest.raises(TrainerError, match=r"labels\.csv does not exist"):
        load_own_pictures(tmp_path)


def test_pictures_that_the_labels_do_not_name_are_named(tmp_path):
    folder = write(tmp_path / "own", "file,label\na.png,1\n", "a.png", "images/b.png")
    with pytest.raises(TrainerError, match=r"b\.png has no row in labels\.csv"):
        load_own_pictures(folder)
