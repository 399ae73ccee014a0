"""What digits are calibrated on, from a tiny MNIST alone."""

from pathlib import Path

import numpy as np

from trainer.calibrate_digits import see_calibration
from trainer.data.calibration import coarse, load_calibration
from trainer.data.collages import enlarged
from trainer.data.mnist import load_mnist


def test_clean_pictures_are_seen_as_clean_and_all_others_are_not(data_dir: Path):
    mnist = load_mnist(data_dir)
    pictures = load_calibration(mnist, data_dir)
    num_clean, num_digits = len(pictures.clean.labels), len(mnist.splits.calibration)
    seen = see_calibration(pictures)
    assert len(seen.labels) == len(seen.seen.canvases) == num_clean + len(pictures.other.labels)
    assert num_clean > num_digits  # something that is no digit is among the clean ones too
    assert seen.seen.is_clean[num_digits:num_clean].all()
    assert seen.seen.is_clean[num_clean:].mean() < 0.1
    assert (seen.of_digits().labels < 10).all()
    assert len(seen.of_digits().labels) < len(seen.labels)


def test_writers_of_the_fit_are_not_among_them(data_dir: Path):
    mnist = load_mnist(data_dir)
    clean = load_calibration(mnist, data_dir).clean
    rows = mnist.splits.calibration
    np.testing.assert_array_equal(np.stack(clean.pictures[: len(rows)]), mnist.train.canvases[rows, :, :, 0])


def test_coarse_digits_have_few_pixels(data_dir: Path):
    mnist = load_mnist(data_dir)
    rng = np.random.default_rng(0)
    for canvas in mnist.train.canvases[:30]:
        picture = coarse(enlarged(canvas), rng)
        assert 12 <= max(picture.shape) < 18
        assert picture.min() < 100 < picture.max()
