"""`digits read`, with networks of plain numpy: they see a 7 in everything that has ink."""

import csv
import io
import os
from pathlib import Path

import numpy as np
import pytest

from service.cli import main
from service.commands import online
from service.commands.results import ALL_ACCEPTED, NEEDS_REVIEW, SOMETHING_FAILED
from service.settings import Settings
from tests.api.serving import FakeModels
from tests.fuzz.listening import listening
from tests.pictures import draw_seven, png
from tests.runtime.fakes import sure_of
from tests.stacks.tally_form import TEMPLATE_JSON, blank_page, filled_page, pdf

SEVEN = png(draw_seven(40))
BLANK = png(np.full((40, 40), 255, np.uint8))


def rows_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"), newline="")))


def test_files_and_folders_become_a_table(folder, tmp_path, capsysbinary):
    out = tmp_path / "results.csv"
    assert main(["read", str(folder), "--out", str(out)]) == ALL_ACCEPTED

    rows = rows_of(out)
    names = [str(folder / name) for name in ("a.PNG", "b.png", "below/c.png")]
    assert [row["filename"] for row in rows] == names
    assert {(row["value"], row["decision"], row["status"]) for row in rows} == {("7", "accepted", "200")}
    assert (
        b"3 files, 0 of them read before: 3 accepted, 0 review, 0 rejected, 0 failed." in capsysbinary.readouterr().err
    )


def test_table_goes_to_standard_output_where_no_file_is_named(folder, capsysbinary):
    assert main(["read", str(folder / "a.PNG")]) == ALL_ACCEPTED

    lines = capsysbinary.readouterr().out.split(b"\r\n")
    assert len(lines) == 3
    assert lines[1].startswith(b"0," + str(folder / "a.PNG").encode())


def test_file_that_is_named_is_read_whatever_it_is_called(folder, tmp_path):
    out = tmp_path / "results.csv"
    assert main(["read", str(folder / "notes.txt"), str(folder / ".hidden.png"), "--out", str(out)]) == SOMETHING_FAILED

    first, second = rows_of(out)
    assert (first["status"], first["code"]) == ("415", "unsupported_image_format")
    assert second["value"] == "7"


@pytest.mark.parametrize(
    ("contents", "status"),
    [
        ([SEVEN], ALL_ACCEPTED),
        ([SEVEN, BLANK], NEEDS_REVIEW),
        ([SEVEN, BLANK, b"x"], SOMETHING_FAILED),
    ],
)
def test_exit_status_says_whether_a_person_is_needed(tmp_path, contents, status):
    for index, content in enumerate(contents):
        (tmp_path / f"{index}.png").write_bytes(content)

    for _ in range(2):  # what was read before counts as well
        assert main(["read", str(tmp_path), "--out", str(tmp_path / "results.csv")]) == status


def test_second_run_reads_only_what_is_new(folder, tmp_path, models, capsys):
    out = tmp_path / "results.csv"
    main(["read", str(folder), "--out", str(out)])
    before = out.read_bytes()
    main(["read", str(folder), "--out", str(out)])
    assert out.read_bytes() == before
    assert len(models) == 1  # with nothing to read, no model is loaded

    (folder / "d.png").write_bytes(SEVEN)
    main(["read", str(folder), "--out", str(out)])
    assert out.read_bytes().startswith(before)
    assert [row["filename"] for row in rows_of(out)][-1] == str(folder / "d.png")
    assert "4 files, 3 of them read before: 4 accepted" in capsys.readouterr().err


def test_run_that_was_cut_off_is_gone_on_with(folder, tmp_path):
    out = tmp_path / "results.csv"
    main(["read", str(folder), "--out", str(out)])
    whole = out.read_bytes()
    for cut in range(len(whole) - 60, len(whole), 7):
        out.write_bytes(whole[:cut])
        assert main(["read", str(folder), "--out", str(out)]) == ALL_ACCEPTED
        assert sorted(out.read_bytes().split(b"\r\n")) == sorted(whole.split(b"\r\n"))


def test_trouble_that_may_have_passed_is_tried_again_and_other_trouble_is_not(folder, tmp_path):
    out = tmp_path / "results.csv"
    main(["read", str(folder), "--out", str(out)])
    header, first, second, third, _ = out.read_bytes().split(b"\r\n")
    busy = first.replace(b"7,0.999945,accepted,,200,,", b",,,,429,queue_full,busy")
    broken = second.replace(b"7,0.999945,accepted,,200,,", b",,,,400,undecodable_image,broken")
    assert busy != first
    assert broken != second
    out.write_bytes(b"\r\n".join([header, busy, broken, third, b""]))

    assert main(["read", str(folder), "--out", str(out)]) == SOMETHING_FAILED
    assert out.read_bytes() == b"\r\n".join([header, broken, third, first, b""])


def test_names_that_begin_like_formulas_are_found_again(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("=1.png", "'=2.png", "'a.png"):
        Path(name).write_bytes(SEVEN)
    names = ["=1.png", "'=2.png", "'a.png"]
    main(["read", *names, "--out", "results.csv"])
    before = Path("results.csv").read_bytes()
    main(["read", *names, "--out", "results.csv"])

    assert Path("results.csv").read_bytes() == before
    assert rows_of(Path("results.csv"))[0]["filename"] == "'=1.png"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["read", "nowhere.png"], "nowhere.png is neither a file nor a folder"),
        (["read", "."], "There is nothing to read"),
        (["read", "a.txt", "--model", "vgg"], "There is no model 'vgg'"),
        (["read", "a.txt", "--kind", "sequence", "--allowed", "towns"], "`allowed` is 'towns'; the lists here are"),
        (["read", "a.txt", "--kind", "form", "--template", "tally"], "There is no template 'tally'"),
        (
            ["read", "a.txt", "--kind", "form", "--template", "nope.json"],
            "nope.json cannot be read: No such file or directory.",
        ),
        (
            ["read", "a.txt", "--kind", "form", "--template", "./a.txt"],
            "a.txt holds no template: it is no JSON object.",
        ),
        (
            ["read", "a.txt", "--kind", "form", "--template", "tally.json", "--page", "nope.png"],
            "nope.png cannot be read: No such file or directory.",
        ),
        (["read", "a.txt", "--url", "http://127.0.0.1:9"], "http://127.0.0.1:9 cannot be reached: Connection refused."),
        (["read", "a.txt", "--out", "nope/r.csv"], "nope/r.csv cannot be written: nope is no folder to write to."),
    ],
)
def test_what_cannot_be_done_is_told_in_a_line(tmp_path, monkeypatch, capsys, arguments, told):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DIGITS_TEMPLATES_DIR", str(tmp_path / "templates"))
    monkeypatch.setattr(online, "NUM_TRIES", 1)
    Path("tally.json").write_bytes(TEMPLATE_JSON)
    if arguments[1] != ".":
        Path("a.txt").write_text("x")

    assert main(arguments) == 1
    said = capsys.readouterr()
    assert said.out == ""  # not even the header of a table
    assert said.err.startswith("digits: ")
    assert told in said.err


def test_name_that_is_no_utf8_is_written_so_that_it_is_found_again(tmp_path, capsysbinary, seven):
    (tmp_path / "a.png").write_bytes(seven)
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.png")).write_bytes(seven)
    out = tmp_path / "results.csv"

    assert main(["read", str(tmp_path), "--out", str(out)]) == ALL_ACCEPTED
    assert [row["filename"] for row in rows_of(out)] == [str(tmp_path / name) for name in ("a.png", "caf\\xe9.png")]
    assert main(["read", str(tmp_path), "--out", str(out)]) == ALL_ACCEPTED
    assert b"2 files, 2 of them read before" in capsysbinary.readouterr().err


@pytest.mark.parametrize("kind", ["digit", "form"])
def test_file_that_may_not_be_read_is_told_and_tried_again(folder, tmp_path, monkeypatch, kind):
    (tmp_path / "tally.json").write_bytes(TEMPLATE_JSON)
    out = tmp_path / "results.csv"
    template = ["--template", str(tmp_path / "tally.json")] if kind == "form" else []
    command = ["read", str(folder), "--kind", kind, *template, "--out", str(out)]
    read_bytes = Path.read_bytes

    def refuse(path: Path) -> bytes:  # by hand: the system refuses nothing to root
        if path.name == "b.png":
            raise PermissionError(13, "Permission denied", str(path))
        return read_bytes(path)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "read_bytes", refuse)
        assert main(command) == SOMETHING_FAILED
    told = {row["filename"]: (row["code"], row["detail"]) for row in rows_of(out)}
    assert told[str(folder / "b.png")] == (
        "unreadable_file",
        "The file cannot be read: Permission denied. Mend that, and run the command again.",
    )

    main(command)
    assert "unreadable_file" not in {row["code"] for row in rows_of(out)}
    assert len(rows_of(out)) == 3


@pytest.mark.parametrize(
    ("known", "verdict"),
    [
        ([], ("1", "accepted", "")),
        (["--length", "1", "--pattern", "[1-3]"], ("1", "accepted", "")),
        (["--min-length", "3", "--max-length", "4"], ("", "rejected", "constraint_failed")),
        (["--check", "luhn"], ("", "rejected", "constraint_failed")),
    ],
)
def test_what_is_known_of_a_number_is_told_to_whoever_reads(folder, tmp_path, known, verdict):
    here, there = tmp_path / "here.csv", tmp_path / "there.csv"
    command = ["read", str(folder / "b.png"), "--kind", "sequence", *known, "--out"]
    main([*command, str(here)])
    with listening(FakeModels()) as address:
        main([*command, str(there), "--url", address])

    (row,) = rows_of(here)
    assert (row["value"], row["decision"], row["reason"]) == verdict
    assert here.read_bytes() == there.read_bytes()


@pytest.mark.parametrize(("name", "value"), [("ones", "1"), ("months", "")])
def test_number_is_held_to_a_list(folder, tmp_path, monkeypatch, name, value):
    (tmp_path / "ones.txt").write_text("1\n11\n")
    monkeypatch.setenv("DIGITS_LISTS_DIR", str(tmp_path))
    out = tmp_path / "results.csv"
    main(["read", str(folder / "b.png"), "--kind", "sequence", "--allowed", name, "--out", str(out)])

    assert [row["value"] for row in rows_of(out)] == [value]


def test_forms_are_read_offline_with_a_template_from_files(tmp_path, monkeypatch):
    monkeypatch.setenv("DIGITS_TIMEOUT_MS", "110000")
    (tmp_path / "tally.json").write_bytes(TEMPLATE_JSON)
    (tmp_path / "blank.png").write_bytes(png(blank_page()))
    (tmp_path / "forms.pdf").write_bytes(pdf([filled_page({"a": 1, "b": 2, "total": 3})] * 2))
    out = tmp_path / "results.csv"
    form = ["--kind", "form", "--template", str(tmp_path / "tally.json"), "--page", str(tmp_path / "blank.png")]

    assert main(["read", str(tmp_path / "forms.pdf"), *form, "--out", str(out)]) == NEEDS_REVIEW
    assert [(row["page"], row["field"], row["value"]) for row in rows_of(out)] == [
        (page, field, value) for page in "12" for field, value in (("a", "7"), ("b", "77"), ("total", "777"))
    ]


def test_service_is_asked_where_its_address_is_named(folder, tmp_path, models, monkeypatch):
    monkeypatch.setattr(online, "WINDOW_FILES", 2)
    (folder / "broken.png").write_bytes(b"x")
    here, there = tmp_path / "here.csv", tmp_path / "there.csv"
    with listening(FakeModels(sure_of(7)), Settings(api_key="correct horse")) as address:
        monkeypatch.setenv("DIGITS_API_KEY", "correct horse")
        assert main(["read", str(folder), "--out", str(there), "--url", address]) == SOMETHING_FAILED
        monkeypatch.setenv("DIGITS_API_KEY", "wrong horse")
        assert main(["read", str(folder), "--url", address]) == 1
    main(["read", str(folder), "--out", str(here)])

    assert here.read_bytes() == there.read_bytes()
    assert len(models) == 1
