"""`digits read`, with networks of plain numpy: they see a 7 in everything that has ink."""

import csv
import io
from pathlib import Path

import numpy as np
import pytest

from service.api.dependencies import Container
from service.cli import main
from service.commands import offline, online
from service.commands.results import ALL_ACCEPTED, NEEDS_REVIEW, SOMETHING_FAILED, Results
from service.settings import Settings
from tests.api.serving import FakeModels
from tests.fuzz.listening import listening
from tests.pictures import draw_seven, png
from tests.runtime.fakes import sure_of
from tests.stacks.tally_form import TEMPLATE_JSON, blank_page, filled_page, pdf

SEVEN = png(draw_seven(40))
BLANK = png(np.full((40, 40), 255, np.uint8))


@pytest.fixture
def folder(tmp_path) -> Path:
    folder = tmp_path / "pictures"
    (folder / "below").mkdir(parents=True)
    for name in ("b.png", "a.PNG", "below/c.png"):
        (folder / name).write_bytes(SEVEN)
    (folder / "notes.txt").write_text("not a picture")
    (folder / ".hidden.png").write_bytes(SEVEN)
    return folder


@pytest.fixture(autouse=True)
def models(monkeypatch) -> list[FakeModels]:
    """The models that commands have loaded."""
    made: list[FakeModels] = []

    def container_for(settings: Settings, **_: object) -> Container:
        made.append(FakeModels())
        return Container(settings, made[-1])

    monkeypatch.setattr(offline, "container_for", container_for)
    return made


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


def test_other_file_is_not_overwritten(folder, tmp_path, capsys):
    out = tmp_path / "letter.txt"
    out.write_text("Dear all,\n")

    assert main(["read", str(folder), "--out", str(out)]) == 1
    assert "holds something else" in capsys.readouterr().err
    assert out.read_text() == "Dear all,\n"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["read", "nowhere.png"], "nowhere.png is neither a file nor a folder"),
        (["read", "."], "There is nothing to read"),
        (["read", "a.txt", "--kind", "form"], "--kind form needs it"),
        (["read", "a.txt", "--template", "tally"], "--template goes with --kind form"),
        (["read", "a.txt", "--max-error", "2"], "--max-error is 2.0; it must be a number above 0 and below 1"),
        (["read", "a.txt", "--model", "vgg"], "There is no model 'vgg'"),
        (["read", "a.txt", "--kind", "form", "--template", "tally"], "There is no template 'tally'"),
        (["read", "a.txt", "--url", "http://127.0.0.1:9"], "cannot be reached"),
        (["template", "draw", "tally"], "There is no template 'tally'"),
        (["template", "store", "tally", "a.txt"], "The template is no JSON"),
    ],
)
def test_what_cannot_be_done_is_told_in_a_line(tmp_path, monkeypatch, capsys, arguments, told):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DIGITS_TEMPLATES_DIR", str(tmp_path / "templates"))
    monkeypatch.setattr(online, "NUM_TRIES", 1)
    if arguments[1] != ".":
        Path("a.txt").write_text("x")

    assert main(arguments) == 1
    error = capsys.readouterr().err
    assert told in error
    assert "Traceback" not in error


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


def test_stored_template_is_drawn_for_the_printer(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DIGITS_TEMPLATES_DIR", str(tmp_path / "templates"))
    Path("tally.json").write_bytes(TEMPLATE_JSON)

    assert main(["template", "store", "tally", "tally.json"]) == 0
    assert main(["template", "draw", "tally"]) == 0
    assert main(["template", "draw", "tally.json", "--out", "other.pdf"]) == 0
    assert Path("tally.pdf").read_bytes() == Path("other.pdf").read_bytes()
    assert Path("tally.pdf").read_bytes().startswith(b"%PDF-")
    assert "print it in its true size" in capsys.readouterr().out


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


def test_document_of_which_one_page_is_to_be_tried_again_is_read_again_whole(tmp_path):
    out = tmp_path / "results.csv"
    table = Results(out, io.BytesIO())
    rows = [("0", "a.pdf", str(page), "", "total", "7", "1", "accepted", "", "200", "", "") for page in (1, 2)]
    failed = ("0", "a.pdf", "3", "", "", "", "", "", "", "504", "deadline_exceeded", "late")
    table.add([*rows, failed])
    table.add([("1", "b.pdf", *rows[0][2:])])
    table.close()

    again = Results(out, io.BytesIO())
    again.close()
    assert again.done == {"b.pdf"}
    assert [row["filename"] for row in rows_of(out)] == ["b.pdf"]
