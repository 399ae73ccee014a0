import numpy as np
import pytest
from PIL import Image

from service.recognition.canvas import digit_canvas
from service.recognition.ink import find_ink
from tests.trainer.finetune.own_folders import folder_per_digit, picture, save, with_table
from trainer.errors import TrainerError
from trainer.finetune.digits import load_own_digits

TWO = "file,label\n3-0.png,3\n5-0.png,5\n"


def test_a_folder_for_each_digit_gives_labels(tmp_path):
    own = load_own_digits(folder_per_digit(tmp_path / "own", "38", num_each=2))
    assert own.digits.labels.tolist() == [3, 3, 8, 8]
    assert own.writers is None


def test_canvases_are_those_of_the_service(tmp_path):
    own = load_own_digits(folder_per_digit(tmp_path / "own", "38", num_each=1))
    for row, digit in enumerate((3, 8)):
        expected = digit_canvas(find_ink(picture(digit, seed=0)).image)
        np.testing.assert_array_equal(own.digits.canvases[row], expected)


def test_every_format_of_the_service_is_read(tmp_path):
    for name in ("3/a.jpg", "3/b.webp", "5/c.bmp", "5/d.tif"):
        save(tmp_path / "own" / name, int(name[0]), seed=1)
    assert load_own_digits(tmp_path / "own").digits.labels.tolist() == [3, 3, 5, 5]


def test_a_table_gives_labels_and_writers(tmp_path):
    own = load_own_digits(with_table(tmp_path / "own", "file,label,writer\n3-0.png,3,ann\n5-0.png,5,bob\n"))
    assert own.digits.labels.tolist() == [3, 5]
    assert own.writers == ["ann", "bob"]
    assert own.take(np.array([False, True])).writers == ["bob"]


def test_a_table_without_writers_names_none(tmp_path):
    assert load_own_digits(with_table(tmp_path / "own", TWO)).writers is None


def test_hidden_files_of_file_managers_are_left_alone(tmp_path):
    folder = folder_per_digit(tmp_path / "own", "38", num_each=1)
    (folder / ".DS_Store").write_bytes(b"x")
    (folder / "3" / ".thumbnail").write_bytes(b"x")
    assert len(load_own_digits(folder)) == 2


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(TrainerError, match=r"nowhere is not a folder.*0 to 9.*labels\.csv"):
        load_own_digits(tmp_path / "nowhere")


def test_an_empty_folder_says_what_it_should_hold(tmp_path):
    with pytest.raises(TrainerError, match="it is empty"):
        load_own_digits(tmp_path)


def test_folders_without_a_picture_are_refused(tmp_path):
    (tmp_path / "3").mkdir()
    with pytest.raises(TrainerError, match="hold no picture"):
        load_own_digits(tmp_path)


def test_unlabeled_pictures_are_named(tmp_path):
    folder = folder_per_digit(tmp_path / "own", "38")
    save(folder / "loose.png", 3, seed=0)
    with pytest.raises(TrainerError, match=r"loose\.png has no label"):
        load_own_digits(folder)


def test_a_folder_that_names_no_digit_is_named(tmp_path):
    folder = folder_per_digit(tmp_path / "own", "38")
    save(folder / "seven" / "a.png", 7, seed=0)
    with pytest.raises(TrainerError, match="seven names no digit"):
        load_own_digits(folder)


def test_one_digit_alone_is_not_learned_from(tmp_path):
    with pytest.raises(TrainerError, match=r"All 5 pictures .* show a 7"):
        load_own_digits(folder_per_digit(tmp_path / "own", "7"))


def test_all_pictures_that_cannot_be_read_are_named_at_once(tmp_path):
    folder = folder_per_digit(tmp_path / "own", "38")
    (folder / "3" / "torn.png").write_bytes((folder / "3" / "0.png").read_bytes()[:60])
    (folder / "8" / "notes.txt").write_text("bought on Monday")
    with pytest.raises(TrainerError, match=r"torn\.png cannot be read: .*notes\.txt cannot be read: "):
        load_own_digits(folder)


def test_of_many_unreadable_pictures_a_few_are_named_and_the_others_counted(tmp_path):
    folder = folder_per_digit(tmp_path / "own", "38", num_each=1)
    for number in range(8):
        (folder / "3" / f"torn-{number}.png").write_bytes(b"\x89PNG")
    with pytest.raises(TrainerError, match=r"torn-4\.png.* And 3 more\.$"):
        load_own_digits(folder)


def test_blank_pictures_are_named(tmp_path):
    folder = folder_per_digit(tmp_path / "own", "38", num_each=1)
    Image.fromarray(np.full((40, 40), 250, np.uint8)).save(folder / "8" / "blank.png")
    with pytest.raises(TrainerError, match=r"blank\.png shows no ink"):
        load_own_digits(folder)


def test_one_picture_with_two_labels_is_a_contradiction(tmp_path):
    folder = folder_per_digit(tmp_path / "own", "38", num_each=1)
    (folder / "8" / "again.png").write_bytes((folder / "3" / "0.png").read_bytes())
    with pytest.raises(TrainerError, match="the same picture, but one is labeled 3 and the other 8"):
        load_own_digits(folder)


@pytest.mark.parametrize(
    ("table", "complaint"),
    [
        ("file,text\n3-0.png,3\n", "`file` and `label` are needed"),
        ("file,label\n", "names no picture"),
        ("file,label\n3-0.png,3\n5-0.png,\n", "line 3: the label of '5-0.png' is ''"),
        ("file,label\n\n3-0.png,3\n\n5-0.png,\n", "line 5: the label of '5-0.png' is ''"),
        ("file;label\n3-0.png;3\n", "Is it separated by semicolons"),
        ("file,label\n3-0.png,33\n", "has to be one digit"),
        ("file,label\n3-0.png,x\n", "line 2"),
        ("file,label\n3-0.png,3\ngone.jpg,4\n", r"gone\.jpg does not exist"),
        ("file,label,writer\n3-0.png,3,ann\n5-0.png,5,\n", r"none for 5-0\.png"),
    ],
)
def test_what_is_wrong_in_a_table_is_named(tmp_path, table, complaint):
    with pytest.raises(TrainerError, match=complaint):
        load_own_digits(with_table(tmp_path / "own", table))


@pytest.mark.parametrize("place", ["", "images"])
def test_pictures_that_the_table_does_not_name_are_named(tmp_path, place):
    folder = with_table(tmp_path / "own", TWO)
    save(folder / place / "7-0.PNG", 7, seed=0)
    (folder / "notes.txt").write_text("bought on Monday")
    (folder / ".hidden.png").write_bytes(b"x")
    with pytest.raises(TrainerError, match=r"7-0\.PNG has no row in labels\.csv. Add one, or move it away\.$"):
        load_own_digits(folder)
