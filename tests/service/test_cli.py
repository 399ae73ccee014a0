import pytest

from service.cli import main
from service.settings import SECRETS, Settings, accepted_by, variable_of


def test_help_names_every_variable(capsys):
    with pytest.raises(SystemExit) as left:
        main(["--help"])

    assert left.value.code == 0
    shown = capsys.readouterr().out
    assert all(variable_of(name) in shown for name in Settings.model_fields)


@pytest.mark.parametrize("name", Settings.model_fields)
def test_help_shows_every_default_and_no_secret(monkeypatch, capsys, name):
    monkeypatch.setenv("DIGITS_API_KEY", "correct horse")
    default = Settings.model_fields[name].default
    shown = "none" if default is None else str(default)
    with pytest.raises(SystemExit):
        main(["--help"])

    out = capsys.readouterr().out
    assert f"  {variable_of(name)}  ({accepted_by(name)}; default: {shown})\n" in out
    assert name not in SECRETS or shown == "none"
    assert "correct horse" not in out


def test_unknown_command_is_refused(capsys):
    with pytest.raises(SystemExit) as left:
        main(["train"])

    assert left.value.code == 2
    assert "serve" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["serve"]])
def test_start_that_fails_has_status_1_and_one_line(monkeypatch, capsys, arguments):
    monkeypatch.setenv("DIGITS_PORT", "abc")

    assert main(arguments) == 1
    assert capsys.readouterr().err == "digits: DIGITS_PORT is 'abc'; it must be a whole number from 0 to 65535.\n"
