import pytest

from trainer.report.error_bars import reach


def test_bars_reach_to_the_bounds_and_are_never_negative():
    below, above = reach([0.5, 1.0], [(0.25, 0.875), (0.9, 1.0 - 1e-12)])
    assert below == pytest.approx([0.25, 0.1])
    assert above == [0.375, 0.0]
