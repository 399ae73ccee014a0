import numpy as np
import pytest

from service.recognition.canvas import digit_canvas
from tests.trainer.tiny_emnist import BALANCED, write_emnist, write_mapping
from tests.trainer.tiny_mnist import drawn_digits, idx_bytes
from trainer.data.emnist import load_emnist
from trainer.errors import TrainerError


def test_images_are_turned_back_and_placed_as_the_service_places_them(tmp_path):
    emnist = load_emnist("emnist_digits", write_emnist(tmp_path, "digits"))
    images, labels = drawn_digits(10)
    np.testing.assert_array_equal(emnist.train.labels[:10], labels)
    for canvas, image in zip(emnist.train.canvases[:10], images, strict=True):
        np.testing.assert_array_equal(canvas, digit_canvas(image))


def test_its_own_validation_set_is_halved_for_choosing_and_for_calibrating(tmp_path):
    emnist = load_emnist("emnist_digits", write_emnist(tmp_path, "digits", num_train=240, num_test=60))
    splits = emnist.splits
    assert (len(splits.train), len(splits.validation), len(splits.calibration)) == (180, 30, 30)
    together = np.concatenate([splits.train, splits.validation, splits.calibration])
    np.testing.assert_array_equal(together, np.arange(240))
    assert splits.unit == "image"
    assert emnist.name == "emnist_digits"


@pytest.mark.parametrize("inner", ["emnist", "gzip", "emnist/gzip"])
def test_the_files_are_found_where_they_are_unpacked(tmp_path, inner):
    write_emnist(tmp_path / inner, "digits", num_train=30, num_test=10)
    assert len(load_emnist("emnist_digits", tmp_path).test) == 10


def test_the_balanced_part_has_47_classes(tmp_path):
    folder = write_emnist(tmp_path, "balanced", num_classes=47)
    write_mapping(folder, "balanced", BALANCED)
    assert load_emnist("emnist_balanced", folder).train.labels.max() == 46


def test_another_mapping_is_refused(tmp_path):
    folder = write_emnist(tmp_path, "balanced", num_classes=47)
    path = write_mapping(folder, "balanced", BALANCED.replace("A", "a"))
    with pytest.raises(TrainerError, match=f"{path.name} names the classes"):
        load_emnist("emnist_balanced", folder)


def test_a_mapping_that_is_none_is_refused(tmp_path):
    folder = write_emnist(tmp_path, "balanced", num_classes=47)
    (folder / "emnist-balanced-mapping.txt").write_text("zero 48\n")
    with pytest.raises(TrainerError, match="is not a mapping of EMNIST"):
        load_emnist("emnist_balanced", folder)


def test_letters_in_place_of_digits_are_refused(tmp_path):
    with pytest.raises(TrainerError, match="labels up to 46; some from 0 to 9"):
        load_emnist("emnist_digits", write_emnist(tmp_path, "digits", num_classes=47))


def test_files_that_do_not_belong_together_are_refused(tmp_path):
    folder = write_emnist(tmp_path, "digits")
    (folder / "emnist-digits-train-labels-idx1-ubyte").write_bytes(idx_bytes(np.zeros(7, np.uint8)))
    with pytest.raises(TrainerError, match="belong together"):
        load_emnist("emnist_digits", folder)


def test_a_corrupt_file_is_named(tmp_path):
    folder = write_emnist(tmp_path, "digits")
    path = folder / "emnist-digits-test-images-idx3-ubyte.gz"
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(TrainerError, match=f"{path.name} is a damaged gzip file"):
        load_emnist("emnist_digits", folder)


@pytest.mark.parametrize("has_folder", [True, False])
def test_missing_files_are_asked_for(tmp_path, has_folder):
    with pytest.raises(TrainerError, match="Fetch EMNIST from NIST"):
        load_emnist("emnist_digits", tmp_path if has_folder else None)
