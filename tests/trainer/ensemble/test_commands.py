"""What the command line answers."""

import pytest

from trainer.__main__ import main


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["train", "auto"], "'auto' has no weights of its own"),
        (["gate", "ensemble"], "'ensemble' is no config of a digit classifier"),
        (["export", "auto"], "no model"),
        (["evaluate", "ensemble"], "does not exist. Finish the training first"),
        (["train", "cnn_distilled"], "no model"),
    ],
)
def test_what_cannot_be_done_is_said_with_what_to_do(arguments, told, data_dir, tmp_path, capsys):
    folders = ["--data", str(data_dir), "--output", str(tmp_path / "runs")]
    if arguments[0] != "gate":
        folders += ["--models", str(tmp_path / "models")]
    assert main([*arguments, *folders]) == 1
    assert told in capsys.readouterr().err
