"""The soak of the benchmarks in small: thousands of readings leave nothing behind, neither memory nor files."""

import pytest

from benchmarks.soak import soak
from tests.runtime.tiny_model import make_tiny_model

pytestmark = pytest.mark.slow

NUM_READINGS = 10_000


def test_thousands_of_readings_leave_nothing_behind(tmp_path):
    make_tiny_model(tmp_path / "cnn" / "1")

    found = soak(tmp_path, NUM_READINGS)

    assert [stretch["num_failed"] for stretch in found["stretches"]] == [0] * len(found["stretches"])
    assert found["rss_growth_mib"] < 20
    assert found["traces"] == {"before": 0, "after": 0}
    assert found["files_opened_for_writing"] == found["files_left"] == found["files_seen_open"] == []
