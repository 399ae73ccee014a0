"""The soak of the benchmarks in small: thousands of readings leave nothing behind, neither memory nor files."""

import pytest

from benchmarks.soak import soak
from tests.runtime.tiny_model import make_tiny_model

pytestmark = pytest.mark.slow

NUM_READINGS = 10_000


def test_thousands_of_readings_leave_nothing_behind(tmp_path):
    make_tiny_model(tmp_path / "cnn" / "1")

    found = soak(tmp_path, NUM_READINGS)

    failed, refused = ([stretch[name] for stretch in found["stretches"]] for name in ("num_failed", "num_refused"))
    # Who shares the cores with other tests, as here, may be told that the service is busy; nothing else goes wrong.
    assert failed == refused
    assert sum(refused) < 0.01 * NUM_READINGS
    assert found["rss_growth_mib"] < 20
    assert found["traces"] == {"before": 0, "after": 0}
    assert found["files_opened_for_writing"] == found["files_left"] == found["files_seen_open"] == []
