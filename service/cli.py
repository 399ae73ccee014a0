"""The command `digits`."""

import argparse
import sys
from collections.abc import Sequence

from service.commands import read, template
from service.commands.errors import CommandError, WrongUsage
from service.main import serve
from service.recognition.errors import DigitsError
from service.settings import Settings, accepted_by, variable_of

FAILED = 1
WRONG_USAGE = 2  # as argparse has it
INTERRUPTED = 130  # as shells have it: 128 and the number of the signal


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; without a subcommand it serves.

    Returns:
        The exit status: 0, 1 where something failed, 2 where the command line is wrong; `digits read` has others too.
    """
    parser = argparse.ArgumentParser(
        prog="digits",
        description="Reads handwritten digits, numbers and forms from pictures, over HTTP or from files.",
        epilog=_settings_help(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=_serve)
    commands = parser.add_subparsers(metavar="COMMAND")
    commands.add_parser("serve", help="start the service (default)")
    read.add_parser(commands)
    template.add_parser(commands)
    parsed = parser.parse_args(arguments)
    try:
        status: int = parsed.run(parsed)
    except (CommandError, DigitsError, OSError) as error:
        print(f"digits: {error}", file=sys.stderr)
        return WRONG_USAGE if isinstance(error, WrongUsage) else FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    return status


def _serve(_: argparse.Namespace) -> int:
    try:
        serve(announce=_announce)
    except KeyboardInterrupt:  # Ctrl-C, after the server has shut down in good order
        return 0
    return 0


def _announce(address: str, num_workers: int) -> None:
    print(f"Ready. The page: {address}/   The interface: {address}/docs   Workers: {num_workers}", flush=True)


def _settings_help() -> str:
    lines = [
        f"  {variable_of(name)}  ({accepted_by(name)}; default: {_shown_default(field.default)})\n"
        f"      {field.description}"
        for name, field in Settings.model_fields.items()
    ]
    return "environment variables:\n" + "\n".join(lines)


def _shown_default(default: object) -> str:
    return "none" if default is None else str(default)
