import numpy as np
import pytest

from trainer.data.lines.penned import SEGMENT_SHAPES, SHAPES, load_penned


@pytest.fixture(scope="module")
def penned():
    return load_penned(num_hands=12, per_digit=2, seed=4)


def test_every_hand_draws_every_digit_as_often_as_asked(penned):
    digits, hands = penned
    assert digits.canvases.shape == (12 * 10 * 2, 28, 28, 1)
    for hand in range(12):
        assert np.bincount(digits.labels[hands == hand]).tolist() == [2] * 10


def test_the_ink_fills_the_box_that_mnist_fills(penned):
    digits, _ = penned
    for canvas in digits.canvases[..., 0]:
        rows, columns = np.nonzero(canvas >= 64)
        longest = max(np.ptp(rows), np.ptp(columns)) + 1
        assert 17 <= longest <= 22
        assert canvas.max() >= 120
        assert min(rows.min(), columns.min()) >= 2


def test_a_hand_draws_its_digit_a_little_otherwise_each_time(penned):
    digits, hands = penned
    for hand in range(12):
        first, second = digits.canvases[(hands == hand) & (digits.labels == 5)].astype(int)
        difference = np.abs(first - second).mean()
        assert 0 < difference < 60


def test_the_same_seed_draws_the_same(penned):
    again, _ = load_penned(num_hands=12, per_digit=2, seed=4)
    assert np.array_equal(again.canvases, penned[0].canvases)
    other, _ = load_penned(num_hands=12, per_digit=2, seed=5)
    assert not np.array_equal(other.canvases, penned[0].canvases)


def test_every_digit_has_shapes_within_a_box_one_high():
    for digit in range(10):
        for shape in (*SHAPES[digit], SEGMENT_SHAPES[digit]):
            points = np.array([point for stroke in shape for point in stroke])
            assert points.min() >= 0
            assert points.max() <= 1
            assert np.ptp(points[:, 1]) >= 0.85
