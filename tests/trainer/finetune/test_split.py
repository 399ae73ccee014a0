import numpy as np
import pytest

from trainer.data.digits import Digits
from trainer.finetune.digits import OwnDigits
from trainer.finetune.split import hold_back
from trainer.readings import Seen


def own(labels, *, hashes=None, writers=None):
    labels = np.array(labels, dtype=np.int64)
    canvases = np.zeros((len(labels), 28, 28, 1), np.uint8)
    hashes = hashes or [f"{row:04x}" for row in np.random.default_rng(0).permutation(len(labels))]
    return OwnDigits(Digits(canvases, labels), Seen(canvases, np.ones(len(labels), bool)), hashes, writers)


def test_a_fifth_of_each_digit_is_held_back():
    labels = [3] * 20 + [8] * 10 + [5] * 2
    is_held_back, unit = hold_back(own(labels))
    assert unit == "picture"
    assert np.bincount(np.array(labels)[is_held_back], minlength=9)[[3, 8, 5]].tolist() == [4, 2, 1]


def test_a_single_picture_of_a_digit_is_learned_from():
    is_held_back, _ = hold_back(own([3, 8, 8, 8, 8, 8]))
    assert not is_held_back[0]
    assert is_held_back.sum() == 1


def test_the_order_of_the_files_does_not_matter():
    whole = own([3] * 10 + [8] * 10)
    is_held_back, _ = hold_back(whole)
    held_back = {whole.hashes[row] for row in np.flatnonzero(is_held_back)}
    backwards = own([8] * 10 + [3] * 10, hashes=list(whole.hashes[::-1]))
    again, _ = hold_back(backwards)
    assert {backwards.hashes[row] for row in np.flatnonzero(again)} == held_back


def test_more_pictures_move_few_of_those_that_were_there():
    hashes = [f"{number:08x}" for number in np.random.default_rng(1).integers(0, 2**32, 110)]
    few, many = own([3] * 100, hashes=hashes[:100]), own([3] * 110, hashes=hashes)
    before, after = (hold_back(one)[0][:100] for one in (few, many))
    assert np.count_nonzero(before != after) <= 4


def test_the_same_picture_twice_stands_on_one_side():
    is_held_back, _ = hold_back(own([3] * 8, hashes=["a", "b", "c", "d"] * 2))
    assert is_held_back[:4].tolist() == is_held_back[4:].tolist()
    assert is_held_back.sum() == 2


def test_of_several_writers_whole_ones_are_held_back():
    writers = [f"writer {number // 10}" for number in range(100)]
    is_held_back, unit = hold_back(own([3, 8] * 50, writers=writers))
    assert unit == "writer"
    assert is_held_back.sum() == 20
    held_back = {writers[row] for row in np.flatnonzero(is_held_back)}
    assert held_back.isdisjoint(writers[row] for row in np.flatnonzero(~is_held_back))


@pytest.mark.parametrize("many", [f"writer {number}" for number in range(8)])
def test_a_writer_of_most_pictures_is_learned_from_wherever_the_hash_puts_him(many):
    writers = [many] * 360 + ["guest"] * 40
    is_held_back, unit = hold_back(own([3, 8] * 200, writers=writers))
    assert unit == "writer"
    assert {writers[row] for row in np.flatnonzero(is_held_back)} == {"guest"}


def test_writers_of_unequal_size_give_at_most_a_third():
    rng = np.random.default_rng(5)
    for _ in range(40):
        sizes = rng.integers(1, 200, rng.integers(3, 8))
        names = [f"{number}" for number in rng.permutation(1000)[: len(sizes)]]
        writers = [name for name, size in zip(names, sizes, strict=True) for _ in range(size)]
        is_held_back, _ = hold_back(own([3] * len(writers), writers=writers))
        assert 0 < is_held_back.mean() <= 0.35


def test_two_writers_of_as_many_pictures_are_split_by_picture():
    writers = ["ann"] * 10 + ["bob"] * 10
    is_held_back, unit = hold_back(own([3, 8] * 10, writers=writers))
    assert unit == "picture"
    assert is_held_back.sum() == 4


def test_a_single_writer_is_split_by_picture():
    is_held_back, unit = hold_back(own([3, 8] * 5, writers=["ann"] * 10))
    assert unit == "picture"
    assert is_held_back.sum() == 2
