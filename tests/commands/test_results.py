import io
from pathlib import Path

import pytest

from service.cli import main
from service.commands.errors import WrongTable
from service.commands.results import ALL_ACCEPTED, Results
from tests.commands.test_read import rows_of

READ = ("0", "a.pdf", "1", "", "total", "7", "1", "accepted", "", "200", "", "")


def results(path: Path, options: str = "--kind digit") -> Results:
    return Results(path, io.BytesIO(), options=options)


def test_document_of_which_one_page_is_to_be_tried_again_is_read_again_whole(tmp_path):
    out = tmp_path / "results.csv"
    table = results(out)
    failed = ("0", "a.pdf", "2", "", "", "", "", "", "", "504", "deadline_exceeded", "late")
    table.add([READ, failed])
    table.add([("1", "b.pdf", *READ[2:])])
    table.close()

    again = results(out)
    assert again.done == {"b.pdf"}
    assert len(rows_of(out)) == 3  # until there is something to put in their place
    again.begin()
    again.close()
    assert [row["filename"] for row in rows_of(out)] == ["b.pdf"]


def test_run_that_is_refused_leaves_no_trace(folder, tmp_path, capsys):
    assert main(["read", str(folder), "--model", "vgg", "--out", str(tmp_path / "results.csv")]) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["pictures"]


@pytest.mark.parametrize("content", [b"Dear all,\n", b"\n", b"x" * 200_000])
def test_other_file_is_not_overwritten(folder, tmp_path, capsys, content):
    out = tmp_path / "letter.txt"
    out.write_bytes(content)

    assert main(["read", str(folder), "--out", str(out)]) == 1
    assert "holds something else" in capsys.readouterr().err
    assert out.read_bytes() == content


def test_folder_is_no_table(folder, capsys):
    assert main(["read", str(folder), "--out", str(folder)]) == 1
    assert f"{folder} is there already and is no file" in capsys.readouterr().err


def test_table_that_was_made_with_other_options_is_not_gone_on_with(folder, tmp_path, capsys):
    out = tmp_path / "results.csv"
    command = ["read", str(folder), "--out", str(out)]
    assert main([*command, "--max-error", "0.02"]) == ALL_ACCEPTED
    before = out.read_bytes()

    assert main([*command, "--kind", "sequence"]) == 1
    assert (
        f"{out} was made with --kind digit --max-error 0.02, as {out}.options says; now it would be --kind sequence."
        in capsys.readouterr().err
    )
    assert out.read_bytes() == before
    assert main(["read", "--max-error", "0.02", "--kind", "digit", str(folder), "--out", str(out)]) == ALL_ACCEPTED


def test_table_of_an_earlier_version_is_gone_on_with(tmp_path):
    out = tmp_path / "results.csv"
    table = results(out, "--kind form --template tally")
    table.add([READ])
    table.close()
    (tmp_path / "results.csv.options").unlink()

    for options in ("--kind digit", "--kind form --template tally"):  # nobody knows which is right
        again = results(out, options)
        again.begin()
        again.close()
        assert again.done == {"a.pdf"}


def test_note_of_a_table_that_has_gone_or_holds_nothing_yet_does_not_matter(tmp_path):
    out = tmp_path / "results.csv"
    for options in ("--kind digit", "--kind form", "--kind sequence"):
        table = results(out, options)
        table.begin()
        table.close()
        if options == "--kind form":
            out.unlink()
    table = results(out, "--kind sequence")
    table.add([READ])
    table.close()

    with pytest.raises(WrongTable, match="was made with --kind sequence, as"):
        results(out, "--kind form")
