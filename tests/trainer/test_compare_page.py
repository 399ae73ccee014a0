"""The tables say what was measured, and stand between the marks of a page."""

import numpy as np
import pytest

from trainer.compare import Comparison, Entry, Row
from trainer.compare_page import BEGIN, END, comparison_text, write_between_marks
from trainer.errors import TrainerError
from trainer.evaluate import score
from trainer.trained import Training


def row(name, *, published=(), training=None, version=None, bhmsds=False):
    logits = np.eye(10, dtype=np.float32)[[0, 1, 2, 2]]
    four = score("mnist_test", logits, np.array([0, 1, 2, 3]))
    return Row(Entry(name, published), version, 12_345, four, four if bhmsds else None, 5_678.4, training or Training())


def line_of(text, name):
    return [line for line in text.splitlines() if line.startswith(f"| `{name}`")]


def test_rows_hold_counts_interval_and_costs():
    timed = Training(
        ({"time_s": 60.0, "processor_time_s": 100.0}, {"time_s": 30.4, "processor_time_s": 9.0}), ("A, 2 cores",)
    )
    rows = (row("dnn", published=(0.8, 0.7)), row("cnn", training=timed, version=3, bhmsds=True))
    text = comparison_text(Comparison(rows, {"ensemble": "not exported"}, "B, 1 cores", "2026-01-02"))

    reading, cost = line_of(text, "dnn")
    assert reading.startswith("| `dnn` | 80 % / 70 % | 75.00 % (3 of 4) | 30.06 % to 95.44 % | ")
    assert reading.endswith(" | - |")  # bhmsds is not there
    assert cost == "| `dnn` | 12,345 | 5,678 | not recorded | not recorded | not recorded | not recorded |"
    reading, cost = line_of(text, "cnn")
    assert reading.endswith(" | 75.00 % (3 of 4) |")
    assert cost == "| `cnn`, version 3 | 12,345 | 5,678 | 2 | 1 min 49 s | 1 min 30 s | A, 2 cores |"
    assert "Below the published figure: `dnn`." in text
    assert "neither exported nor trained: `ensemble`." in text
    assert "B, 1 cores" in text
    assert "2026-01-02" in text


def test_tables_have_as_many_cells_as_their_heads():
    text = comparison_text(Comparison((row("dnn"),), {}, "B", "2026-01-02"))
    tables = [block for block in text.split("\n\n") if block.startswith("|")]
    for table in tables:
        assert len({line.count("|") for line in table.splitlines()}) == 1
    assert len(tables) == 2
    assert "Every network reaches" in text


def test_only_what_stands_between_the_marks_is_replaced(tmp_path):
    page = tmp_path / "results.md"
    page.write_text(f"# Results\n\n{BEGIN}\nold\n{END}\n\n## More\n")
    for _ in range(2):  # as often as one likes
        write_between_marks(page, "new\n")
        assert page.read_text() == f"# Results\n\n{BEGIN}\nnew\n{END}\n\n## More\n"
    assert [path.name for path in tmp_path.iterdir()] == ["results.md"]


@pytest.mark.parametrize("text", ["", BEGIN, END, f"{END}\n{BEGIN}", f"{BEGIN}{BEGIN}{END}"])
def test_page_without_its_marks_is_left_alone(tmp_path, text):
    page = tmp_path / "results.md"
    page.write_text(text)
    with pytest.raises(TrainerError, match="once each"):
        write_between_marks(page, "new\n")
    assert page.read_text() == text


def test_page_that_is_not_there_is_named(tmp_path):
    with pytest.raises(TrainerError, match=r"results\.md cannot be read"):
        write_between_marks(tmp_path / "results.md", "new\n")
