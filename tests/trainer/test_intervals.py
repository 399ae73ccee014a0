import pytest

from trainer.intervals import error_upper_bound, wilson_interval


@pytest.mark.parametrize(
    ("num_wrong", "num_samples", "bound"),
    [
        (0, 0, 1.0),  # nothing seen, nothing known
        (0, 1, 0.95),  # 1 - 0.05
        (0, 3000, 1 - 0.05 ** (1 / 3000)),  # "rule of three": about 3 / n
        (1, 10, 0.3942),  # tables of Clopper and Pearson
        (5, 100, 0.1023),
        (10, 10, 1.0),
    ],
)
def test_clopper_pearson(num_wrong, num_samples, bound):
    assert error_upper_bound(num_wrong, num_samples) == pytest.approx(bound, abs=1e-4)


@pytest.mark.parametrize(
    ("num_hits", "num_samples", "interval"),
    [
        (0, 0, (0, 1)),
        (0, 10, (0, 0.2775)),
        (5, 10, (0.2366, 0.7634)),
        (9970, 10_000, (0.99573, 0.99789)),
        (10, 10, (0.7225, 1)),
    ],
)
def test_wilson(num_hits, num_samples, interval):
    assert wilson_interval(num_hits, num_samples) == pytest.approx(interval, abs=1e-4)
