import numpy as np

from tests.trainer.report.test_measured import measured_of
from tests.trainer.tiny_mnist import drawn_digits
from trainer.data.digits import Digits
from trainer.report.pictures import examples, sample_readings, wrong_readings


def drawn(num_digits):
    canvases, labels = drawn_digits(num_digits)
    return Digits(canvases[..., np.newaxis], labels.astype(np.int64))


def test_one_of_each_is_a_row_and_ten_of_each_are_ten():
    digits = drawn(200)
    one, ten = (examples(digits, num_each=num_each, title="x") for num_each in (1, 10))
    assert (one.num_rows, one.num_columns) == (1, 10)
    assert (ten.num_rows, ten.num_columns) == (10, 10)
    np.testing.assert_array_equal(ten.canvases[10], digits.canvases[1])  # the second row begins with the first 1


def test_rows_are_as_long_as_the_rarest_digit_allows():
    assert examples(drawn(35), num_each=10, title="x").num_columns == 3


def test_sample_readings_say_what_was_read_and_mark_what_is_wrong():
    tiles = sample_readings(measured_of([1, 2, 3], [1, 2, 5], [0.999999, 0.5, 0.9]), num_samples=9, seed=0)
    assert sorted(tiles.captions) == ["1  > 99.99 %", "2  50.00 %", "5  90.00 %"]  # no one is wholly sure
    assert [caption for caption, is_wrong in zip(tiles.captions, tiles.is_wrong, strict=True) if is_wrong] == [
        "5  90.00 %"
    ]


def test_wrong_readings_name_label_reading_and_confidence():
    tiles = wrong_readings(measured_of([1, 2, 3], [1, 7, 5], [0.9, 0.5, 0.8]), at_most=5)
    assert tiles.captions == ["3 as 5  80.0 %", "2 as 7  50.0 %"]
    assert wrong_readings(measured_of([1, 2], [7, 7]), at_most=1).captions == ["1 as 7  91.0 %"]
