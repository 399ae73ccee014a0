import pytest

from service.cli import main
from service.commands.options import Options
from service.stacks.parameters import BatchKind

FORM = ["--kind", "form"]
NUMBERS = ["--kind", "sequence"]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (FORM, "--kind form needs it"),
        (["--template", "tally"], "--template goes with --kind form"),
        (["--page", "blank.png"], "--page goes with a --template that is given as .json"),
        ([*FORM, "--template", "tally", "--page", "blank.png"], "--page goes with a --template that is given as .json"),
        ([*FORM, "--template", "tally", "--template", "a.json"], "--template is there several times"),
        (["--max-error", "2"], "--max-error is 2.0; it must be a number above 0 and below 1"),
        (["--max-error", "nan"], "--max-error is nan; it must be a number above 0 and below 1"),
        (["--length", "5", "--min-length", "2"], "--length, --min-length: for numbers only, and --kind is digit"),
        ([*NUMBERS, "--length", "33"], "`length` is 33; it must be a whole number from 0 to 32"),
        ([*NUMBERS, "--min-length", "5", "--max-length", "4"], "no number has both"),
        ([*NUMBERS, "--pattern", "12(3"], "`pattern` is '12(3'; at position"),
        (["--url", "127.0.0.1:8311"], "--url is '127.0.0.1:8311'; it must be http:// or https://"),
    ],
)
def test_wrong_command_line_has_status_2_and_one_line(folder, models, capsys, options, told):
    assert main(["read", str(folder), *options]) == 2

    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("digits: ")
    assert said.err.count("\n") == 1
    assert told in said.err
    assert models == []


def test_options_are_written_down_as_they_would_be_typed():
    known = {"length": 5, "pattern": "[1-9] [0-9]*"}
    numbers = Options(BatchKind.SEQUENCE, "crnn", 0.02, known, (), ())
    forms = Options(BatchKind.FORM, None, None, {}, ("tally", "other"), ())

    assert str(numbers) == "--kind sequence --model crnn --max-error 0.02 --length 5 --pattern '[1-9] [0-9]*'"
    assert str(forms) == "--kind form --template tally --template other"
