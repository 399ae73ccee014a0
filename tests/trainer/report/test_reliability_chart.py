import pytest
from matplotlib.figure import Figure

from trainer.confidence import Bin
from trainer.intervals import wilson_interval
from trainer.report.reliability_chart import draw_reliability
from trainer.report.theme import LIGHT


def test_every_bin_shows_its_count_and_its_interval():
    bins = [Bin(3, 0.1, 1 / 3), Bin(9882, 0.999, 0.999)]
    upper, lower = Figure().subplots(2, 1)
    draw_reliability((upper, lower), bins, LIGHT, title="test digits")

    assert [text.get_text() for text in lower.texts] == ["3", "9,882"]
    assert [bar.get_height() for bar in lower.patches] == [3, 9882]
    assert upper.get_title(loc="left") or upper.get_title() == "test digits"
    (container,) = upper.containers
    (segments,) = container.lines[2]
    low, high = segments.get_segments()[0][:, 1]
    assert (low, high) == pytest.approx(wilson_interval(1, 3))


def test_no_readings_are_drawn_as_none():
    upper, lower = Figure().subplots(2, 1)
    draw_reliability((upper, lower), [], LIGHT, title="nothing")
    assert not lower.patches
