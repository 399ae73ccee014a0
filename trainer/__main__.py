"""The command line: `python -m trainer train|gate|evaluate|export CONFIG --data DIR`, `finetune MODEL --images DIR`.

Each command is a module of `trainer/commands` with `HELP`, `add_arguments` and `run`. What it computes with, it imports
inside `run`: a misspelled name is answered before Keras has loaded.
"""

import argparse
import importlib
import io
import os
import sys
from typing import Protocol

from trainer.errors import TrainerError
from trainer.full_disk import is_disk_full

COMMANDS = (
    "train",
    "gate",
    "evaluate",
    "export",
    "finetune",
    "recalibrate",
    "compare",
    "report",
    "tune",
    "compress",
)


# What a command that was stopped does not do again.
_GOES_ON = {"train": "after the last finished epoch", "tune": "after the last finished trial"}


class Command(Protocol):
    """A module of `trainer/commands`.

    Attributes:
        HELP: what it does, for the list of commands.
    """

    HELP: str

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Say what it takes."""

    def run(self, options: argparse.Namespace) -> None:
        """Do it; `TrainerError` where its user can mend what went wrong."""


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the exit code is 1 where the user can mend what went wrong."""
    commands: dict[str, Command] = {name: importlib.import_module(f"trainer.commands.{name}") for name in COMMANDS}
    options = _parser(commands).parse_args(arguments)
    # Read by TensorFlow when it is imported; whoever wants to see more has set it already.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    # Line by line also into a file, so that a log of a long training can be followed.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)
    try:
        commands[options.command].run(options)
    except TrainerError as error:
        print(f"trainer: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        goes_on = _GOES_ON.get(options.command)
        print(
            "trainer: stopped." + (f" Run the same command again to go on {goes_on}." if goes_on else ""),
            file=sys.stderr,
        )
        return 130
    except Exception as error:
        if not is_disk_full(error):
            raise
        print(
            f"trainer: the disk is full ({error}). Nothing half-written is ever used. Make room and run the same "
            "command again: a training goes on after its last finished epoch, an export begins anew.",
            file=sys.stderr,
        )
        return 1
    return 0


def _parser(commands: dict[str, Command]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m trainer", description="Trains the models of the service.")
    subparsers = parser.add_subparsers(dest="command", required=True)
    for name, command in commands.items():
        command.add_arguments(subparsers.add_parser(name, help=command.HELP, description=command.HELP))
    return parser


if __name__ == "__main__":
    sys.exit(main())
