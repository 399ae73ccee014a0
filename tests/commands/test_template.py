from pathlib import Path

import pytest

from service.cli import main
from tests.stacks.tally_form import TEMPLATE_JSON


@pytest.fixture(autouse=True)
def workplace(tmp_path, monkeypatch) -> Path:
    """The folder that commands are typed in."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DIGITS_TEMPLATES_DIR", str(tmp_path / "templates"))
    (tmp_path / "tally.json").write_bytes(TEMPLATE_JSON)
    (tmp_path / "a.txt").write_text("x")
    return tmp_path


def test_stored_template_is_drawn_for_the_printer(capsys):
    assert main(["template", "store", "tally", "tally.json"]) == 0
    assert main(["template", "draw", "tally"]) == 0
    assert main(["template", "draw", "tally.json", "--out", "other.pdf"]) == 0
    assert Path("tally.pdf").read_bytes() == Path("other.pdf").read_bytes()
    assert Path("tally.pdf").read_bytes().startswith(b"%PDF-")
    assert "print it in its true size" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["draw", "tally"], "There is no template 'tally'"),
        (["draw", "nope.json"], "nope.json cannot be read: No such file or directory."),
        (["draw", "tally.json", "--out", "nope/a.pdf"], "nope/a.pdf cannot be written: No such file or directory."),
        (["store", "tally", "a.txt"], "The template is no JSON"),
        (["store", "tally", "nope.json"], "nope.json cannot be read: No such file or directory."),
        (["store", "tally", "tally.json", "nope.pdf"], "nope.pdf cannot be read: No such file or directory."),
    ],
)
def test_what_cannot_be_done_is_told_in_a_line(capsys, arguments, told):
    assert main(["template", *arguments]) == 1

    error = capsys.readouterr().err
    assert error.startswith(f"digits: {told}")
    assert error.count("\n") == 1


@pytest.mark.parametrize("arguments", [["store", "tally", "tally.json"], ["draw", "tally"]])
def test_variable_that_names_the_folder_is_told_where_it_is_not_set(monkeypatch, capsys, arguments):
    monkeypatch.delenv("DIGITS_TEMPLATES_DIR")

    assert main(["template", *arguments]) == 1
    assert "Set DIGITS_TEMPLATES_DIR to the folder" in capsys.readouterr().err
