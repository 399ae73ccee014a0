"""The lists that numbers can be held to: those that come with the code, and the operator's."""

import pytest

from service.main import container_for
from service.recognition.errors import StartupError
from service.settings import Settings


def lists_of(settings: Settings):
    return container_for(settings, on_ready=lambda: None).lists


def test_lists_that_come_with_the_code():
    lists = lists_of(Settings())

    assert {name: len(one) for name, one in lists.items()} == {"clock_times": 24 * 60, "months": 12}
    assert "12" in lists["months"]
    assert "13" not in lists["months"]
    assert "2359" in lists["clock_times"]
    assert "2400" not in lists["clock_times"]


def test_lists_of_the_operator_stand_beside_them_and_in_their_place(tmp_path):
    (tmp_path / "codes.txt").write_text("00501\n99950\n")
    (tmp_path / "months.txt").write_text("1\n2\n")
    lists = lists_of(Settings(lists_dir=tmp_path))

    assert list(lists) == ["clock_times", "months", "codes"]
    assert "00501" in lists["codes"]
    assert "12" not in lists["months"]


@pytest.mark.parametrize("text", ["12\nno number\n", ""])
def test_list_that_is_none_stops_the_start_and_is_named(tmp_path, text):
    (tmp_path / "codes.txt").write_text(text)
    with pytest.raises(StartupError, match="codes"):
        lists_of(Settings(lists_dir=tmp_path))


def test_missing_folder_stops_the_start(tmp_path):
    with pytest.raises(StartupError, match="nowhere"):
        lists_of(Settings(lists_dir=tmp_path / "nowhere"))
